import { assert, assertEquals } from "@std/assert";
import { accessOf } from "../../src/core/fd_description.ts";
import { spawn } from "../../src/spawn/spawn.ts";
import { claim, OwnDirectory, ownName } from "../claim.ts";
import { beam, contents, sent } from "./beaming.ts";
import { withOpen } from "./spawning.ts";

const FRAMED = { framed: true };
const PACKETS = { type: "seqpacket" } as const;

claim("a message has the text of --data", async () => {
  for (const text of ["hi", "ä\n\u{1f600}", "-", "\\x00"]) {
    const [message, ...others] = await sent([`--data=${text}`]);
    assertEquals([message.text, message.fds, others], [text, [], []]);
  }
});

claim("with frames and with packets it may be empty; without, that is refused", async () => {
  assertEquals((await sent(["--framed", "--data", ""], FRAMED)).map(({ text }) => text), [""]);
  assertEquals((await sent(["--type", "seqpacket", "--data", ""], PACKETS)).map(({ text }) => text), [""]);
  for (const option of [["--data", ""], ["--data", "", "--file", "/dev/null"], ["--data-file", "/dev/null"]]) {
    const { status, err } = await beam(["send", ownName(), ...option]);
    assertEquals(status, 1);
    assert(err.startsWith("ipcx beam: a stream carries no empty message, with or without a descriptor: send a"), err);
  }
});

claim("--data-file sends the bytes of a file, - those of standard input", async () => {
  using directory = new OwnDirectory();
  const bytes = new Uint8Array([0, 255, 10, 200, 0]);
  Deno.writeFileSync(directory.file("bytes"), bytes);
  assertEquals((await sent(["--data-file", directory.file("bytes")]))[0].data, bytes);
  assertEquals((await sent(["--data-file", "-"], {}, { input: bytes }))[0].data, bytes);
  for (const unreadable of [directory.file("none"), directory.path]) {
    const { status, err } = await beam(["send", ownName(), "--data-file", unreadable]);
    assertEquals(status, 1);
    assert(err.includes(unreadable), err);
  }
});

claim("a message above --max-bytes, or above what the wire carries, is refused before anybody is asked", async () => {
  using directory = new OwnDirectory();
  const file = directory.file("large");
  Deno.writeFileSync(file, new Uint8Array(4097));
  assertEquals((await sent(["--max-bytes", "4097", "--data-file", file], { maxBytes: 4097 }))[0].data.length, 4097);
  assertEquals((await sent(["--framed", "--data-file", file], FRAMED))[0].data.length, 4097);
  const { status, err } = await beam(["send", ownName(), "--data-file", file]);
  assertEquals([status, err], [1, `ipcx beam: ${file} has more than the 4096 bytes of a message (--max-bytes)\n`]);
  const input = await beam(["send", ownName(), "--data-file", "-", "--max-bytes", "3"], { input: "four" });
  assertEquals(input.err, "ipcx beam: standard input has more than the 3 bytes of a message (--max-bytes)\n");
  const text = await beam(["send", ownName(), "--data", "four", "--max-bytes", "3"]);
  assertEquals([text.status, text.err], [
    1,
    "ipcx beam: --data has more than the 3 bytes of a message (--max-bytes)\n",
  ]);
});

claim("a large payload arrives whole, through frames and through packets", async () => {
  using directory = new OwnDirectory();
  const bytes = new Uint8Array(3_000_000).map((_, at) => at * 7);
  Deno.writeFileSync(directory.file("large"), bytes);
  for (const [option, how] of [[["--framed"], FRAMED], [["--type", "seqpacket"], PACKETS]] as const) {
    const [message] = await sent([...option, "--data-file", directory.file("large")], how);
    assertEquals(message.data, bytes);
  }
});

claim("--fd sends a descriptor that ipcx was started with, standard input too", async () => {
  using directory = new OwnDirectory();
  Deno.writeTextFileSync(directory.file("a"), "one");
  const [message] = await sent(["--data", "x", "--fd", "7"], {}, { through: withOpen({ 7: directory.file("a") }) });
  assertEquals(message.fds.map(contents), ["one"]);
  message[Symbol.dispose]();
  const [other] = await sent(["--data", "x", "--fd", "0"], {}, { input: "from the pipe" });
  assertEquals(other.fds.map(contents), ["from the pipe"]);
  other[Symbol.dispose]();
  const { status, err } = await beam(["send", ownName(), "--data", "x", "--fd", "77"]);
  assertEquals([status, err], [1, "ipcx beam: fcntl fd:77: Bad file descriptor (EBADF)\n"]);
});

claim("--file opens a file; --file-mode says what its receiver can do with it", async () => {
  using directory = new OwnDirectory();
  const file = directory.file("f");
  for (
    const [mode, access, before, after] of [
      [[], "read", "old", "old"],
      [["--file-mode", "read"], "read", "old", "old"],
      [["--file-mode", "write"], "write", "old", "new"],
      [["--file-mode", "write"], "write", undefined, "new"],
      [["--file-mode", "append"], "write", "old", "oldnew"],
      [["--file-mode", "append"], "write", undefined, "new"],
      [["--file-mode", "read-write"], "both", "older", "newer"],
      [["--file-mode", "read-write"], "both", undefined, "new"],
    ] as const
  ) {
    if (before === undefined) Deno.removeSync(file);
    else Deno.writeTextFileSync(file, before);
    const [message] = await sent(["--data", "x", "--file", file, ...mode]);
    const [fd] = message.fds;
    assertEquals(accessOf(fd), access, `${mode}`);
    const child = spawn({ command: "printf", args: ["new"], stdout: fd, stderr: "null" });
    assertEquals((await child.status).success, access !== "read");
    assertEquals(Deno.readTextFileSync(file), after, `${mode}`);
    message[Symbol.dispose]();
  }
  const { status, err } = await beam(["send", ownName(), "--data", "x", "--file", directory.file("none")]);
  assertEquals([status, err], [1, `ipcx beam: open ${directory.file("none")}: No such file or directory (ENOENT)\n`]);
});

claim("--file-mode write empties a file only once somebody is there to write to it", async () => {
  using directory = new OwnDirectory();
  const file = directory.file("f");
  Deno.writeTextFileSync(file, "precious");
  const failed = await beam(["send", ownName(), "--data", "x", "--file", file, "--file-mode", "write"]);
  assertEquals([failed.status, Deno.readTextFileSync(file)], [1, "precious"]);
  const how = { through: withOpen({ 7: file }) };
  const options = ["--framed", "--data", "x", "--fd", "7", "--file", "/dev/null", "--file-mode", "write"];
  const [message] = await sent(options, FRAMED, how);
  assertEquals([message.fds.map(accessOf), Deno.readTextFileSync(file)], [["read", "write"], "precious"]);
  message[Symbol.dispose]();
});

claim("with frames and packets several descriptors go along: those of --fd, then those of --file", async () => {
  using directory = new OwnDirectory();
  for (const name of ["a", "b", "c"]) Deno.writeTextFileSync(directory.file(name), name);
  const args = ["--data", "x", "-f", directory.file("a"), "-f", directory.file("b"), "--fd", "7"];
  for (const [option, how] of [[["--framed"], FRAMED], [["--type", "seqpacket"], PACKETS]] as const) {
    const through = withOpen({ 7: directory.file("c") });
    const [message] = await sent([...args, ...option], how, { through });
    assertEquals(message.fds.map(contents), ["c", "a", "b"]);
    message[Symbol.dispose]();
  }
});
