import { makeArchive } from "./portable/archive.ts";
import { compileLauncher, readLibraries, TARGETS } from "./portable/ingredients.ts";
import { layOut } from "./portable/layout.ts";

const ROOT = new URL("..", import.meta.url).pathname;
Deno.mkdirSync(`${ROOT}dist`, { recursive: true });
const launcherPath = await Deno.makeTempFile();
compileLauncher(launcherPath);
const archive = await makeArchive(Deno.readFileSync(`${ROOT}ffi/ipcx-waiter`));
const { loader, libraries } = readLibraries(TARGETS[0]);
const pieces = layOut({
  launcher: Deno.readFileSync(launcherPath),
  runtime: Deno.readFileSync(Deno.execPath()),
  loader,
  libraries: [...libraries, Deno.readFileSync(`${ROOT}ffi/libipcx.so`)],
  program: archive.bytes,
  boot: archive.boot,
});
const output = `${ROOT}dist/ipcx`;
{
  using file = Deno.openSync(`${output}.part`, { write: true, create: true, truncate: true, mode: 0o755 });
  for (const [at, bytes] of pieces) {
    file.seekSync(at, Deno.SeekMode.Start);
    for (let done = 0; done < bytes.length;) done += file.writeSync(bytes.subarray(done));
  }
}
Deno.renameSync(`${output}.part`, output);
