import { assertEquals, assertThrows } from "@std/assert";
import type { Fd } from "../../src/core/fd.ts";
import { native } from "../../src/core/native.ts";
import { sealedFile } from "../../src/core/sealed_file.ts";
import { claim } from "../claim.ts";

function contents(fd: Fd): Uint8Array {
  const bytes = new Uint8Array(1000);
  return bytes.subarray(0, native.ipcx_read(fd.number, bytes, bytes.length));
}

claim("a sealed file is read from its beginning, whatever is in it", () => {
  for (const bytes of [new Uint8Array(), new Uint8Array([0, 255, 10, 0])]) {
    for (const use of ["data", "program"] as const) {
      using fd = sealedFile("name", bytes, use);
      assertEquals(contents(fd), bytes);
    }
  }
});

claim("nobody can write to it, make it longer or shorter, and only a program can be run", () => {
  for (const use of ["data", "program"] as const) {
    using fd = sealedFile("name", new TextEncoder().encode("#!/bin/sh\n"), use);
    const path = `/proc/self/fd/${fd.number}`;
    assertThrows(() => Deno.writeTextFileSync(path, "x", { append: true }));
    assertThrows(() => Deno.truncateSync(path, 0));
    assertThrows(() => Deno.truncateSync(path, 100));
    assertEquals((Deno.statSync(path).mode! & 0o111) !== 0, use === "program");
    assertEquals(Deno.readTextFileSync(path), "#!/bin/sh\n");
  }
});

claim("it is called by its name in /proc", () => {
  using fd = sealedFile("payload", new Uint8Array(), "data");
  assertEquals(Deno.readLinkSync(`/proc/self/fd/${fd.number}`), "/memfd:payload (deleted)");
});
