import { assert, assertEquals } from "@std/assert";
import { accessOf } from "../../src/core/fd_description.ts";
import { UnixListener } from "../../src/core/listener.ts";
import type { Message } from "../../src/core/message.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { claim, NEEDS_ROOT, OwnDirectory, ownName } from "../claim.ts";
import { contents } from "./beaming.ts";
import { assertFailed, messagesOf, send, sends, startPeer, withSocket } from "./packeting.ts";
import { type ProcessOptions, startIpcx, within } from "./program.ts";
import { withOpen } from "./spawning.ts";

/** Runs `ipcx send` to a socket of packets in this process, and tells what came. */
async function sent(args: readonly string[], how: ProcessOptions = {}): Promise<Message[]> {
  const address = ownName();
  using listener = UnixListener.listen(address, { type: "seqpacket", passCredentials: true });
  const sending = sends([address, ...args], how);
  using peer = await within(Promise.race([listener.accept(), sending.then(() => listener.accept())]), "nobody came");
  const messages = await within(Array.fromAsync(peer), "no end");
  assertEquals(await sending, "");
  return messages;
}

/** What they hold. */
async function texts(args: readonly string[], how: ProcessOptions = {}): Promise<string[]> {
  return (await sent(args, how)).map(({ text }) => text);
}

claim("what is sent is --data as it is, a file, or standard input", async () => {
  using directory = new OwnDirectory();
  Deno.writeTextFileSync(directory.file("f"), "from a file\n");
  for (const text of ["hi", "ä\n\u{1f600}", "-", "\\x00", ""]) assertEquals(await texts([`--data=${text}`]), [text]);
  assertEquals(await texts(["--data-file", directory.file("f")]), ["from a file\n"]);
  assertEquals(await texts(["--data-file", "-"], { input: "from the input" }), ["from the input"]);
  assertEquals(await texts([], { input: "two\nlines\n" }), ["two\nlines\n"]);
  const address = ownName();
  using socket = UnixSocket.bound(address);
  for (const unreadable of [directory.file("none"), directory.path]) {
    assertFailed(await send([address, "--data-file", unreadable]), unreadable);
  }
  assertEquals(socket.tryReceive(), undefined);
});

claim("--lines sends a packet for each line, without its end; on a stream with it", async () => {
  const input = "one\n\nthree \r\nlast";
  assertEquals(await texts(["--lines"], { input }), ["one", "", "three \r", "last"]);
  assertEquals(await texts(["--lines"], { input: "" }), []);
  const address = ownName();
  await using peer = await startPeer("receive", "listen", "stream", address);
  await sends([address, "--lines"], { input });
  const bytes = (await messagesOf(peer)).flatMap(({ data }) => [...data]);
  assertEquals(new TextDecoder().decode(new Uint8Array(bytes)), `${input}\n`);
});

claim("--lines sends a line as soon as it is there, and so does a stream what comes", async () => {
  const cases = [["seqpacket", ["--lines"], "one", "two"], ["stream", [], "one\n", "two\n"]] as const;
  for (const [type, option, first, second] of cases) {
    const address = ownName();
    using listener = UnixListener.listen(address, { type });
    await using process = startIpcx(["send", address, ...option], { input: "open" });
    using peer = await within(listener.accept(), "nobody came");
    await process.write("one\n");
    assertEquals((await within(peer.receive(), "nothing came"))!.text, first);
    await process.write("two\n");
    assertEquals((await within(peer.receive(), "nothing came"))!.text, second);
    await process.closeInput();
    assertEquals(await within(peer.receive(), "no end"), null);
  }
});

claim("--json sends a packet for each record, with the descriptors that it names", async () => {
  using directory = new OwnDirectory();
  const file = directory.file("f");
  Deno.writeTextFileSync(file, "held");
  const input = [
    JSON.stringify({ data: "ä\n" }),
    "",
    JSON.stringify({ base64: "AP8=", fds: [{ file }, { file, mode: "append" }, { fd: 7 }] }),
    JSON.stringify({ data: "" }),
  ].join("\n");
  const messages = await sent(["--json"], { input, through: withOpen({ 7: file }) });
  assertEquals(messages.map(({ data, fds }) => [data.toHex(), fds.map(accessOf)]), [
    ["c3a40a", []],
    ["00ff", ["read", "write", "read"]],
    ["", []],
  ]);
  assertEquals(contents(messages[1].fds[2]), "held");
  for (const message of messages) message[Symbol.dispose]();
});

claim("a record that is none, or cannot be sent, is told with its line; those before it have been sent", async () => {
  using directory = new OwnDirectory();
  const cases: [string, string][] = [
    ['{"text":"x"}', "line 2 of standard input: a message has no 'text', only data, base64, fds"],
    ['{"data":"x","fds":[{"fd":77}]}', "line 2 of standard input: fcntl fd:77: Bad file descriptor (EBADF)"],
    [
      JSON.stringify({ data: "x", fds: [{ file: directory.file("none") }] }),
      `line 2 of standard input: open ${directory.file("none")}: No such file`,
    ],
    [
      JSON.stringify({ data: "x", fds: Array(254).fill({ fd: 0 }) }),
      "line 2 of standard input: 254 descriptors in one message; 253 is the most",
    ],
    [
      JSON.stringify({ data: "x".repeat(300_000) }),
      "line 2 of standard input has more than the 212960 bytes that a packet can have with this send buffer",
    ],
  ];
  for (const [line, message] of cases) {
    const address = ownName();
    using socket = UnixSocket.bound(address);
    assertFailed(await send([address, "--json"], { input: `{"data":"first"}\n${line}\n` }), `ipcx send: ${message}`);
    assertEquals((await socket.receive())!.text, "first");
    assertEquals(socket.tryReceive(), undefined);
  }
});

claim("a file that is named by --data-file can have the lines and the records", async () => {
  using directory = new OwnDirectory();
  const file = directory.file("f");
  Deno.writeTextFileSync(file, "one\ntwo\n");
  assertEquals(await texts(["--lines", "--data-file", file]), ["one", "two"]);
});

claim("--repeat sends it several times, descriptors included", async () => {
  using directory = new OwnDirectory();
  Deno.writeTextFileSync(directory.file("f"), "");
  const messages = await sent(["--data", "x", "--repeat", "3", "--file", directory.file("f")]);
  assertEquals(messages.map(({ text, fds }) => [text, fds.length]), [["x", 1], ["x", 1], ["x", 1]]);
  for (const message of messages) message[Symbol.dispose]();
  const address = ownName();
  await using peer = await startPeer("receive", "listen", "stream", address);
  await sends([address, "--repeat", "2"], { input: "again" });
  const bytes = (await messagesOf(peer)).flatMap(({ data }) => [...data]);
  assertEquals(new TextDecoder().decode(new Uint8Array(bytes)), "againagain");
});

claim("descriptors go along with each packet: those of --fd, then those of --file", async () => {
  using directory = new OwnDirectory();
  for (const name of ["a", "b"]) Deno.writeTextFileSync(directory.file(name), name);
  const options = ["--file", directory.file("b"), "--fd", "7", "--lines"];
  const messages = await sent(options, { input: "one\ntwo\n", through: withOpen({ 7: directory.file("a") }) });
  assertEquals(messages.map(({ fds }) => fds.length), [2, 2]);
  assertEquals(messages[0].fds.map(contents), ["a", "b"]);
  for (const message of messages) message[Symbol.dispose]();
  assertFailed(await send([ownName(), "--data", "x", "--fd", "77"]), "fcntl fd:77: Bad file descriptor (EBADF)");
  assertFailed(await send([ownName(), "--data", "x", "--file", directory.file("none")]), "No such file or directory");
});

claim("over a stream a descriptor comes with the first byte of all that is sent, and only once", async () => {
  const address = ownName();
  await using peer = await startPeer("receive", "listen", "stream", address);
  using directory = new OwnDirectory();
  Deno.writeTextFileSync(directory.file("f"), "held");
  await sends([address, "--file", directory.file("f")], { input: new Uint8Array(1_000_000) });
  const messages = await messagesOf(peer);
  assertEquals(messages[0].files, ["held"]);
  assert(messages.slice(1).every(({ files }) => files.length === 0));
  assertEquals(messages.reduce((sum, { data }) => sum + data.length, 0), 1_000_000);
});

claim("--file-mode says what can be done with a file; it is emptied only once somebody is there", async () => {
  using directory = new OwnDirectory();
  const file = directory.file("f");
  const accesses = { read: "read", write: "write", append: "write", "read-write": "both" };
  for (const [mode, access] of Object.entries(accesses)) {
    Deno.writeTextFileSync(file, "old");
    const [message] = await sent(["--data", "x", "--file", file, "--file-mode", mode]);
    assertEquals([accessOf(message.fds[0]), Deno.readTextFileSync(file)], [access, mode === "write" ? "" : "old"]);
    message[Symbol.dispose]();
  }
  Deno.writeTextFileSync(file, "precious");
  assertFailed(await send([ownName(), "-d", "x", "--file", file, "--file-mode", "write"]), "ECONNREFUSED");
  assertEquals(Deno.readTextFileSync(file), "precious");
});

claim("253 descriptors go along with a packet; 254 are refused, and nothing is sent", async () => {
  const many = Array.from({ length: 253 }, () => ["--fd", "0"]).flat();
  const [message] = await sent(["--data", "x", ...many]);
  assertEquals(message.fds.length, 253);
  message[Symbol.dispose]();
  const address = ownName();
  using socket = UnixSocket.bound(address);
  assertFailed(
    await send([address, "--data", "x", ...many, "--fd", "0"]),
    "ipcx send: 254 descriptors in one message; 253 is the most\n",
  );
  assertEquals(socket.tryReceive(), undefined);
});

claim("over a stream more go along, in several parts", async () => {
  const address = ownName();
  await using peer = await startPeer("receive", "listen", "stream", address);
  const many = Array.from({ length: 300 }, () => ["--file", "/dev/null"]).flat();
  await sends([address, "--data", "take all", ...many]);
  const messages = await messagesOf(peer);
  assertEquals(messages.reduce((sum, { files }) => sum + files.length, 0), 300);
  assertEquals(messages.map(({ data }) => new TextDecoder().decode(data)).join(""), "take all");
});

claim("--credentials sends one's own along, also for who asks for them too late", async () => {
  for (const [option, known] of [[[], false], [["--credentials"], true]] as const) {
    const [ours, theirs] = UnixSocket.pair("seqpacket");
    const { status } = await withSocket(theirs.fd, ["send", "fd:3", "--data", "x", ...option]);
    assertEquals(status, 0);
    ours.setOption("passCredentials", true);
    const { pid, uid, gid } = (await ours.receive())!.credentials!;
    assertEquals([pid > 0, uid, gid], known ? [true, Deno.uid(), Deno.gid()] : [false, 65534, 65534]);
    ours.close();
    theirs.close();
  }
});

claim("root can send those of others, by name, too; what is left empty is its own", async () => {
  const daemon = { pid: Deno.pid, uid: 1, gid: 1 };
  const [message] = await sent(["--data", "x", `--credentials=${Deno.pid},daemon,daemon`]);
  assertEquals(message.credentials, daemon);
  const [other] = await sent(["--data", "x", "--credentials=,7,"]);
  assertEquals([other.credentials!.uid, other.credentials!.gid], [7, Deno.gid()]);
  assertFailed(
    await send([ownName(), "--data", "x", "--credentials=,no-such-user,"]),
    "--credentials: there is no user 'no-such-user' in /etc/passwd",
    2,
  );
  const address = ownName();
  using socket = UnixSocket.bound(address);
  assertFailed(
    await send([address, "--data", "x", "--credentials=2147483647,,"]),
    "sendmsg: No such process (ESRCH); there is no process with the pid of the credentials\n",
  );
  assertEquals(socket.tryReceive(), undefined);
}, { skip: NEEDS_ROOT });
