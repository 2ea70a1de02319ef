import { assert, assertEquals, assertThrows } from "@std/assert";
import { DirectoryEntry, leadsTo } from "../../src/core/directory_entry.ts";
import { SystemError } from "../../src/core/errors.ts";
import { claim, OwnDirectory } from "../claim.ts";

const ENOENT = -2;
const EEXIST = -17;

function names(path: string): string[] {
  return Array.from(Deno.readDirSync(path), ({ name }) => name).sort();
}

claim("an entry stays in its directory, whatever becomes of the path to it", () => {
  using directory = new OwnDirectory();
  Deno.mkdirSync(directory.file("one"));
  Deno.writeTextFileSync(directory.file("one/file"), "");
  using entry = DirectoryEntry.at(directory.file("one/file"));
  using held = entry.open()!;
  Deno.renameSync(directory.file("one"), directory.file("other"));
  Deno.mkdirSync(directory.file("one"));
  Deno.writeTextFileSync(directory.file("one/file"), "");
  assert(entry.names(held.identity));
  assert(leadsTo(directory.file("other/file"), held.identity));
  assert(!leadsTo(directory.file("one/file"), held.identity));
  entry.remove();
  assertEquals([names(directory.file("one")), names(directory.file("other"))], [["file"], []]);
  assert(!entry.names(held.identity));
  assertEquals(entry.open(), undefined);
});

claim("a file is held as what it is, and a link is not followed", () => {
  using directory = new OwnDirectory();
  Deno.writeTextFileSync(directory.file("file"), "", { mode: 0o640 });
  Deno.symlinkSync("file", directory.file("link"));
  for (const [name, mode, links] of [["file", 0o640, 1], ["link", 0o777, 1]] as const) {
    using entry = DirectoryEntry.at(directory.file(name));
    using held = entry.open()!;
    assertEquals([held.isSocket, held.uid, held.mode, held.links], [false, Deno.uid(), mode, links]);
    const { dev, ino } = Deno.lstatSync(directory.file(name));
    assertEquals(held.identity, { dev, ino: ino! });
  }
});

claim("a name is given only where there is none", () => {
  using directory = new OwnDirectory();
  for (const name of ["file", "taken"]) Deno.writeTextFileSync(directory.file(name), name);
  Deno.symlinkSync("nowhere", directory.file("dangling"));
  using entry = DirectoryEntry.at(directory.file("file"));
  for (const name of ["taken", "dangling", "file"]) assertEquals(entry.moveTo(name), EEXIST);
  using moved = entry.moveTo("free") as DirectoryEntry;
  assertEquals(entry.moveTo("other"), ENOENT);
  assertEquals(names(directory.path), ["dangling", "free", "taken"]);
  moved.remove();
  assertEquals(Deno.readTextFileSync(directory.file("taken")), "taken");
});

claim("a directory that is not there is an error", () => {
  using directory = new OwnDirectory();
  Deno.writeTextFileSync(directory.file("file"), "");
  for (const [path, code] of [["none/file", "ENOENT"], ["file/file", "ENOTDIR"]]) {
    const error = assertThrows(() => DirectoryEntry.at(directory.file(path)), SystemError);
    assertEquals([error.code, error.syscall], [code, "open"]);
  }
});
