import { assertEquals } from "@std/assert";
import { pack } from "../../deploy/npm/package.ts";
import { claim, OwnDirectory } from "../claim.ts";

claim("what is packed for npm is the same whatever the umask was", async () => {
  using directory = new OwnDirectory();
  const packed: Uint8Array[] = [];
  for (const rights of [0o700, 0o755]) {
    const folder = directory.file(`${rights}`);
    for (const path of ["", "/bin"]) {
      Deno.mkdirSync(folder + path);
      Deno.chmodSync(folder + path, rights);
    }
    for (const [name, mode] of [["bin/ipcx", rights], ["LICENSE", rights & 0o666]] as const) {
      Deno.writeTextFileSync(`${folder}/${name}`, name);
      Deno.chmodSync(`${folder}/${name}`, mode);
    }
    await pack(folder, `${folder}.tgz`);
    packed.push(Deno.readFileSync(`${folder}.tgz`));
  }
  assertEquals(packed[0], packed[1]);
});
