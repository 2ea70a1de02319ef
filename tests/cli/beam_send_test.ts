import { assert, assertEquals } from "@std/assert";
import { Beam } from "../../src/beam/beam.ts";
import { BeamListener, type BeamListenOptions } from "../../src/beam/listener.ts";
import type { Message } from "../../src/core/message.ts";
import { accessOf } from "../../src/cli/fd_description.ts";
import { spawn } from "../../src/spawn/spawn.ts";
import { claim, OwnDirectory, ownName } from "../claim.ts";
import { beam, beamed, connected, contents, endedWell, startBeam } from "./beaming.ts";
import { IPCX, type ProcessOptions, until, within } from "./program.ts";
import { withOpen } from "./spawning.ts";

/** What a listener in this process gets of one `ipcx beam send`. */
async function sent(
  args: readonly string[],
  options: BeamListenOptions = {},
  how: ProcessOptions = {},
): Promise<Message[]> {
  const address = ownName();
  using listener = BeamListener.listen(address, options);
  const ended = beamed(["send", address, ...args], how);
  using peer = await within(Promise.race([listener.accept(), ended.then(() => listener.accept())]), "nobody came");
  const messages = await within(Array.fromAsync(peer), "no end");
  assertEquals(await ended, "");
  return messages;
}

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

claim("--json sends a message for each line of standard input, with the descriptors that it asks for", async () => {
  using directory = new OwnDirectory();
  Deno.writeTextFileSync(directory.file("a"), "one");
  const lines = [
    { data: "first" },
    { base64: "AP8=", fds: [{ file: directory.file("a") }, { fd: 7 }] },
    { data: "", fds: [{ file: directory.file("b"), mode: "write" }] },
    { data: "ä" },
  ].map((line) => JSON.stringify(line));
  const input = `${lines.slice(0, 2).join("\n")}\n\n  \n${lines.slice(2).join("\n")}`;
  const how = { input, through: withOpen({ 7: directory.file("a") }) };
  const messages = await sent(["--json", "--framed"], FRAMED, how);
  assertEquals(messages.map(({ data }) => data), [
    new TextEncoder().encode("first"),
    new Uint8Array([0, 255]),
    new Uint8Array(),
    new TextEncoder().encode("ä"),
  ]);
  assertEquals(messages.map(({ fds }) => fds.map(accessOf)), [[], ["read", "read"], ["write"], []]);
  for (const message of messages) message[Symbol.dispose]();
});

claim("a line that is no message, or cannot be sent, is told with its number; those before it are sent", async () => {
  const large = JSON.stringify({ data: "x".repeat(5000) });
  const cases: [string, string][] = [
    ["{", "no JSON: "],
    ["[]", 'a message is {"data":TEXT} or {"base64":TEXT}, and may have "fds"'],
    ["7", 'a message is {"data":TEXT}'],
    ["{}", 'a message has "data", a text, or "base64"'],
    ['{"data":1}', 'a message has "data", a text, or "base64"'],
    ['{"data":"","base64":""}', 'a message has "data", a text, or "base64"'],
    ['{"base64":"?"}', 'what is behind "base64" is no Base64'],
    ['{"data":"x","pid":1}', "a message has no 'pid', only data, base64, fds"],
    ['{"data":"x","fds":7}', '"fds" is a list'],
    ['{"data":"x","fds":[7]}', 'a descriptor is {"fd":N} or {"file":PATH,"mode":MODE}'],
    ['{"data":"x","fds":[{"fd":-1}]}', 'a descriptor is {"fd":N}'],
    [
      '{"data":"x","fds":[{"fd":1,"file":"x"}]}',
      'a descriptor is {"fd":N} or {"file":PATH,"mode":MODE} has no \'file\'',
    ],
    ['{"data":"x","fds":[{"file":""}]}', "a descriptor is"],
    ['{"data":"x","fds":[{"file":"x","mode":"rw"}]}', "a mode is one of read, write, append, read-write"],
    ['{"data":"x","fds":[{"fd":77}]}', "fcntl fd:77: Bad file descriptor (EBADF)"],
    ['{"data":"x","fds":[{"fd":99999999999}]}', "'99999999999' is too high: 1048575 is the most"],
    ['{"data":"x","fds":[{"file":"/etc/passwd\\u0000.txt"}]}', "a path has no NUL"],
    ['{"data":"\\ud800"}', '"data" has half a surrogate pair, which UTF-8 has not; send other bytes as "base64"'],
    ['{"data":"x","fds":[{"file":"/none"}]}', "open /none: No such file or directory (ENOENT)"],
    ['{"data":"x","fds":[{"fd":0},{"fd":0}]}', "2 descriptors; without frames a message carries one"],
    ['{"data":""}', "a stream without frames carries no empty message"],
    [large, "a message of 5000 bytes"],
    [`{"data":"${"x".repeat(100_000)}`, ""],
  ];
  for (const [line, message] of cases) {
    const address = ownName();
    using listener = BeamListener.listen(address);
    const ended = beam(["send", address, "--json"], { input: `\n{"data":"good"}\n${line}\n{"data":"more"}\n` });
    using peer = await within(listener.accept(), "nobody came");
    assertEquals((await Array.fromAsync(peer)).map(({ text }) => text), ["good"], line);
    const { status, err } = await ended;
    assertEquals(status, 1, line);
    assert(err.startsWith(`ipcx beam: line 3 of standard input: ${message}`), `${line.slice(0, 80)}: ${err}`);
  }
});

claim("a line that is no UTF-8 is told with its number, too, though it came with those before it", async () => {
  const address = ownName();
  using listener = BeamListener.listen(address);
  const input = Uint8Array.from('{"data":"good"}\n{"data":"\xff"}\n', (character) => character.charCodeAt(0));
  const ended = beam(["send", address, "--json"], { input });
  using peer = await within(listener.accept(), "nobody came");
  assertEquals((await Array.fromAsync(peer)).map(({ text }) => text), ["good"]);
  const { status, err } = await ended;
  assertEquals([status, err], [1, "ipcx beam: line 2 of standard input: it is no UTF-8\n"]);
});

claim("a line without an end is given up once it is longer than any message", async () => {
  const address = ownName();
  using listener = BeamListener.listen(address);
  const input = `{"data":"${"x".repeat(100_000)}`;
  await using process = startBeam(["send", address, "--json"], { input: "open" });
  using _peer = await within(listener.accept(), "nobody came");
  await process.write(input);
  const { status, err } = await process.ended();
  assertEquals([status, err], [1, "ipcx beam: line 1 of standard input is longer than any message\n"]);
});

claim("nobody there is a failure, unless --wait is given", async () => {
  using directory = new OwnDirectory();
  const at = directory.file("s");
  const { status, err } = await beam(["send", at, "--data", "x"]);
  assertEquals(status, 1);
  assert(err.startsWith(`ipcx beam: connect ${at}: No such file or directory (ENOENT); there is no such socket`), err);

  for (const address of [at, ownName()]) {
    await using process = startBeam(["send", address, "--wait", "--data", "x"]);
    // It has looked at least once when its runtime is up; that it has is not to be seen from outside.
    await until(() => Deno.readTextFileSync(`/proc/${process.child.pid}/stat`).includes(" S "), "it does not wait");
    using listener = BeamListener.listen(address);
    using peer = await within(listener.accept(), "nobody came");
    assertEquals((await peer.receive())!.text, "x");
    await endedWell(process);
  }
});

claim("--timeout ends every wait with status 1 and what was waited for", async () => {
  const at = ownName();
  for (
    const [args, message] of [
      [["--wait"], `nobody listened at ${at}`],
      [["--listen"], `nobody connected to ${at}`],
    ] as const
  ) {
    const { status, err } = await beam(["send", at, "--data", "x", "--timeout", "150ms", ...args]);
    assertEquals([status, err], [1, `ipcx beam: ${message} within 150 ms; --timeout is for longer waits\n`]);
  }
  using listener = BeamListener.listen(at, { framed: true });
  const ended = beam(["send", at, "--framed", "--data-file", "-", "-t", "0.3"], { input: new Uint8Array(9_000_000) });
  using _silent = await within(listener.accept(), "nobody came");
  const { status, err } = await ended;
  assertEquals([status, err], [1, "ipcx beam: the peer took nothing within 300 ms; --timeout is for longer waits\n"]);
});

claim("--listen sends to the one who connects; its file has the mode that was asked for, and is removed", async () => {
  using directory = new OwnDirectory();
  const at = directory.file("s");
  for (const [option, mode] of [[[], 0o600], [["--mode", "0660"], 0o660]] as const) {
    await using process = startBeam(["send", "--listen", at, "--data", "x", ...option]);
    await until(() => (Deno.statSync(at).mode! & 0o777) === mode, "no file of that mode");
    using peer = await connected(at);
    assertEquals((await within(peer.receive(), "no message"))!.text, "x");
    await endedWell(process);
    assertEquals(Array.from(Deno.readDirSync(directory.path)), []);
  }
});

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  claim(`${signal} while it listens ends it as a signal does, and takes its file along`, async () => {
    using directory = new OwnDirectory();
    await using process = startBeam(["send", "--listen", directory.file("s"), "--data", "x"]);
    await until(() => Boolean(Deno.statSync(directory.file("s")).isSocket), "no file");
    process.kill(signal);
    const { signal: ending } = await process.ended();
    assertEquals(ending, signal);
    assertEquals(Array.from(Deno.readDirSync(directory.path)), []);
  });
}

claim("a signal that it was started with ignored stays so while it listens", async () => {
  using directory = new OwnDirectory();
  const at = directory.file("s");
  const through = ["sh", "-c", 'trap "" HUP INT; exec "$@"', "sh"];
  await using process = startBeam(["send", "--listen", at, "--data", "x"], { through });
  await until(() => Boolean(Deno.statSync(at).isSocket), "no file");
  process.kill("SIGHUP");
  process.kill("SIGINT");
  using peer = await connected(at);
  assertEquals((await within(peer.receive(), "no message"))!.text, "x");
  await endedWell(process);
});

claim("fd:N is a connection that ipcx was started with; several can use it one after the other", async () => {
  for (const type of ["stream", "seqpacket"] as const) {
    const [ours, theirs] = Beam.pair({ type });
    const script = '"$@" --data one --file /dev/null; "$@" --data two';
    const args = ["-c", script, "sh", ...IPCX, "beam", "send", "fd:3"];
    const child = spawn({ command: "sh", args, fds: { 3: theirs.fd } });
    theirs.close();
    const messages = await within(Array.fromAsync(ours), "no end");
    assertEquals(messages.map(({ text, fds }) => [text, fds.length]), [["one", 1], ["two", 0]]);
    for (const message of messages) message[Symbol.dispose]();
    ours.close();
    assertEquals((await child.status).success, true);
  }
});

claim("of fd:N its own type counts, whatever --type says: packets may be empty, and large", async () => {
  using directory = new OwnDirectory();
  Deno.writeFileSync(directory.file("large"), new Uint8Array(5000));
  const [ours, theirs] = Beam.pair({ type: "seqpacket" });
  const script = '"$@" --data ""; "$@" --type stream --data-file "$LARGE" --file /dev/null --file /dev/null';
  const child = spawn({
    command: "sh",
    args: ["-c", script, "sh", ...IPCX, "beam", "send", "fd:3"],
    env: { LARGE: directory.file("large") },
    fds: { 3: theirs.fd },
  });
  theirs.close();
  const messages = await within(Array.fromAsync(ours), "no end");
  assertEquals(messages.map(({ data, fds }) => [data.length, fds.length]), [[0, 0], [5000, 2]]);
  for (const message of messages) message[Symbol.dispose]();
  ours.close();
  assertEquals((await child.status).success, true);
});

claim("a descriptor that is no Unix socket, or is not open, is told", async () => {
  const { status, err } = await beam(["send", "fd:0", "--data", "x"]);
  assertEquals(status, 1);
  assertEquals(err, "ipcx beam: fd:0 is no Unix socket (ENOTSOCK): pass one, such as ipcx pair and ipcx spawn do\n");
  const closed = await beam(["send", "fd:77", "--data", "x"]);
  assertEquals([closed.status, closed.err], [1, "ipcx beam: fcntl fd:77: Bad file descriptor (EBADF)\n"]);
});

claim("a listener of another type, and a peer that is gone, are told", async () => {
  const address = ownName();
  using listener = BeamListener.listen(address);
  const { status, err } = await beam(["send", address, "--type", "seqpacket", "--data", "x"]);
  assertEquals(status, 1);
  // Abstract names are separate for each type.
  assert(err.startsWith(`ipcx beam: connect ${address}: Connection refused (ECONNREFUSED)`), err);
  const input = "open";
  await using process = startBeam(["send", address, "--json"], { input });
  (await within(listener.accept(), "nobody came")).close();
  await process.write('{"data":"x"}\n');
  const gone = await process.ended();
  assertEquals(gone.status, 1);
  assert(gone.err.startsWith("ipcx beam: line 1 of standard input: sendmsg: Broken pipe (EPIPE)"), gone.err);
});
