import { assert, assertEquals } from "@std/assert";
import { BeamListener } from "../../src/beam/listener.ts";
import { accessOf } from "../../src/core/fd_description.ts";
import { claim, OwnDirectory, ownName } from "../claim.ts";
import { beam, sent, startBeam } from "./beaming.ts";
import { within } from "./program.ts";
import { withOpen } from "./spawning.ts";

const FRAMED = { framed: true };

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
