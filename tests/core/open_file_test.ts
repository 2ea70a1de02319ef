import { assert, assertEquals, assertThrows } from "@std/assert";
import { check, SystemError } from "../../src/core/errors.ts";
import type { Fd } from "../../src/core/fd.ts";
import { native } from "../../src/core/native.ts";
import { openFile } from "../../src/core/open_file.ts";
import { claim, OwnDirectory } from "../claim.ts";
import { isCloseOnExec } from "./open_descriptors.ts";

function write(fd: Fd, text: string): number {
  const bytes = new TextEncoder().encode(text);
  return native.ipcx_write(fd.number, bytes, bytes.length);
}

function read(fd: Fd): string {
  const bytes = new Uint8Array(100);
  const count = check(native.ipcx_try_read(fd.number, bytes, bytes.length), "read");
  return new TextDecoder().decode(bytes.subarray(0, count));
}

claim("a file is read, written anew, continued, or both read and written", () => {
  using directory = new OwnDirectory();
  const path = directory.file("a file");
  for (
    const [access, text, content] of [
      ["write", "first", "first"],
      ["append", " second", "first second"],
      ["update", "FIRST", "FIRST second"],
      ["write", "new", "new"],
    ] as const
  ) {
    using file = openFile(path, access);
    assertEquals([write(file, text), Deno.readTextFileSync(path)], [0, content]);
    assert(isCloseOnExec(file.number));
    if (access === "update") assertEquals(read(file), " second");
    else assertThrows(() => read(file));
  }
  using file = openFile(path);
  assertEquals(read(file), "new");
  assert(write(file, "x") < 0);
});

claim("a file that is to be written to is made, one to be read is not", () => {
  using directory = new OwnDirectory();
  for (const access of ["write", "append", "update"] as const) {
    openFile(directory.file(access), access).close();
    assertEquals(Deno.statSync(directory.file(access)).size, 0);
  }
  const error = assertThrows(() => openFile(directory.file("none")), SystemError, directory.file("none"));
  assertEquals([error.code, error.syscall], ["ENOENT", "open"]);
  assertThrows(() => openFile(`${directory.file("write")}\0`), TypeError, "a path has no NUL in it");
});
