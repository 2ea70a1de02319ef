import { assert, assertEquals } from "@std/assert";
import { isPeerGone } from "../../src/core/errors.ts";
import { OPEN } from "../../src/core/linux.ts";
import { openPath } from "../../src/core/reach.ts";
import { UnixListener } from "../../src/core/listener.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { claim, OwnDirectory, ownName } from "../claim.ts";
import {
  assertFailed,
  endingOf,
  jsonLines,
  outputOf,
  receiving,
  recv,
  startPeer,
  startReceiver,
  type Type,
  TYPES,
  withSocket,
} from "./packeting.ts";
import { IPCX, type Process, type Result, runProgram, startIpcx, within } from "./program.ts";

const PACKETS = ["seqpacket", "dgram"] as const;

/** Sends from this process to one `ipcx recv`, and tells how it ended. */
async function received(
  type: Type,
  args: readonly string[],
  send: (socket: UnixSocket, process: Process) => Promise<unknown>,
): Promise<Result> {
  const address = ownName();
  await using process = await startReceiver([...receiving(type), ...args, address]);
  using socket = await UnixSocket.connect(address, { type });
  await send(socket, process);
  socket.close();
  return await endingOf(process);
}

/** The same, where nothing is wrong. */
async function printed(
  type: Type,
  args: readonly string[],
  send: (socket: UnixSocket, process: Process) => Promise<unknown>,
): Promise<string> {
  const result = await received(type, args, send);
  assertEquals(result, { status: 0, signal: null, out: result.out, err: "" });
  return result.out;
}

claim("a message is a line: what is no plain text as \\xHH, and in front what came with it", async () => {
  using directory = new OwnDirectory();
  Deno.writeTextFileSync(directory.file("a\nb],"), "");
  using fd = openPath(directory.file("a\nb],"), OPEN.READ);
  for (const type of TYPES) {
    assertEquals(await printed(type, [], (socket) => socket.send("hello")), "hello\n");
    assertEquals(
      await printed(type, ["--text"], (socket) => socket.send("[x]\x1b[0m\u202e\n")),
      "\\x5bx]\\x1b[0m\\xe2\\x80\\xae\\x0a\n",
    );
    const told = `file ${directory.path}/a\\x0ab\\x5d\\x2c`;
    assertEquals(await printed(type, [], (socket) => socket.send("x", { fds: [fd, fd] })), `[${told}, ${told}] x\n`);
  }
});

claim("--count takes so many messages, 0 all until the end; too few are a failure", async () => {
  const three = async (socket: UnixSocket): Promise<void> => {
    for (const text of ["one", "two", "three"]) await socket.send(text);
  };
  for (const type of PACKETS) {
    assertEquals(await printed(type, [], three), "one\n");
    assertEquals(await printed(type, ["--count", "3"], three), "one\ntwo\nthree\n");
  }
  assertEquals(await printed("seqpacket", ["--count", "0"], three), "one\ntwo\nthree\n");
  assertEquals(await printed("stream", ["--raw"], three), "onetwothree");
  assertEquals(await printed("seqpacket", ["--count", "0"], () => Promise.resolve()), "");
  assertEquals(await printed("stream", [], () => Promise.resolve()), "");
  const few = await received("seqpacket", ["--count", "4"], three);
  assertEquals([few.status, few.err], [1, "ipcx recv: the connection ended after 3 of 4 messages\n"]);
  const none = await received("stream", ["--count", "1"], () => Promise.resolve());
  assertEquals([none.status, none.err], [1, "ipcx recv: the connection ended, and no message had come\n"]);

  const address = ownName();
  const exec = ["--exec", "sh", "-c", 'echo "taken: $(cat)" >&2'];
  await using process = await startReceiver(["--type", "dgram", "--count", "0", address, ...exec]);
  using socket = await UnixSocket.connect(address, { type: "dgram" });
  await three(socket);
  await process.says("taken: one\ntaken: two\ntaken: three\n");
});

claim("--json tells the length, descriptors, who is at the other end, and where a datagram came from", async () => {
  const peer = { pid: Deno.pid, uid: Deno.uid(), gid: Deno.gid() };
  using fd = openPath("/dev/null", OPEN.READ);
  const fds = [{ kind: "device", path: "/dev/null", access: "read" }];
  for (const type of ["seqpacket", "stream"] as const) {
    const [json] = jsonLines(await printed(type, ["--json"], (socket) => socket.send("ä", { fds: [fd] })));
    assertEquals(json, { data: "ä", length: 2, fds, peer });
  }
  const address = ownName(), from = ownName();
  await using process = await startReceiver(["--type", "dgram", "--json", address, "--count", "2"]);
  using named = UnixSocket.bound(from);
  await named.send("named", { to: address });
  using unnamed = await UnixSocket.connect(address, { type: "dgram" });
  await unnamed.send("unnamed");
  assertEquals(jsonLines(await outputOf(process)), [
    { data: "named", length: 5, fds: [], from },
    { data: "unnamed", length: 7, fds: [] },
  ]);
});

claim("--credentials tells who sent each message, from the first one on", async () => {
  const who = `pid ${Deno.pid}, uid ${Deno.uid()}, gid ${Deno.gid()}`;
  for (const type of TYPES) {
    const text = await printed(type, ["--credentials"], (socket) => socket.send("[pid 1, uid 0] x"));
    assertEquals(text, `[${who}] \\x5bpid 1, uid 0] x\n`);
    const [{ pid, uid, gid }] = jsonLines(
      await printed(type, ["--credentials", "--json"], (socket) => socket.send("x")),
    );
    assertEquals([pid, uid, gid], [Deno.pid, Deno.uid(), Deno.gid()]);
  }
  const address = ownName();
  const from = ownName();
  await using process = await startReceiver(["--type", "dgram", "--credentials", address]);
  using socket = UnixSocket.bound(from);
  await socket.send("x", { to: address });
  assertEquals(await outputOf(process), `[${who}, from ${from}] x\n`);
});

claim("--credentials tells of each process that sends on a connection, not of who made it", async () => {
  const address = ownName();
  await using process = await startReceiver(["--listen", "--credentials", "--json", address, "--count", "2"]);
  using socket = await UnixSocket.connect(address, { type: "seqpacket" });
  await socket.send("mine");
  const sent = await withSocket(socket.fd, ["send", "fd:3", "--data", "its"]);
  assertEquals(sent.status, 0);
  const [mine, its] = jsonLines(await outputOf(process));
  assertEquals(
    [mine.pid, (mine.peer as { pid: number }).pid, (its.peer as { pid: number }).pid],
    Array(3).fill(Deno.pid),
  );
  assert(its.pid !== Deno.pid && its.uid === Deno.uid());
});

claim("--credentials asks for them where it connects, too", async () => {
  for (const type of ["seqpacket", "stream"] as const) {
    const address = ownName();
    using listener = UnixListener.listen(address, { type });
    await using process = startIpcx(["recv", "--credentials", "-v", address, "--count", "1"]);
    using peer = await within(listener.accept(), "nobody came");
    await process.says("connected");
    // What is sent before they are asked for has none: with those of its own it need not wait for that.
    await peer.send("x", { credentials: { pid: Deno.pid, uid: Deno.uid()!, gid: Deno.gid()! } });
    const who = `pid ${Deno.pid}, uid ${Deno.uid()}, gid ${Deno.gid()}`;
    assertEquals(await outputOf(process), `[${who}] x\n`);
  }
});

claim(
  "a packet above --max-bytes is cut, which is told with its true length, and fails unless it is JSON",
  async () => {
    for (const type of PACKETS) {
      for (
        const [format, out] of [["--text", "[3 of 9 bytes] too\n"], ["--hex", "[3 of 9 bytes] 746f6f\n"], [
          "--raw",
          "too",
        ]]
      ) {
        const result = await received(type, ["--max-bytes", "3", format], (socket) => socket.send("too large"));
        const err = "ipcx recv: a message of 9 bytes was cut to 3: --max-bytes takes more of them\n";
        assertEquals(result, { status: 1, signal: null, out, err });
      }
      const [json] = jsonLines(await printed(type, ["--max-bytes", "3", "-j"], (socket) => socket.send("too large")));
      assertEquals([json.data, json.length, json.truncated], ["too", 9, true]);
      const all = await received(type, ["--max-bytes", "3", "--count", "2"], async (socket) => {
        await socket.send("four");
        await socket.send("ok");
      });
      assertEquals([all.status, all.out], [1, "[3 of 4 bytes] fou\nok\n"]);
    }
    assertEquals(await printed("stream", ["--max-bytes", "3"], (socket) => socket.send("in parts")), "in \npar\nts\n");
  },
);

claim("--to-stdout copies what the first descriptor holds", async () => {
  using directory = new OwnDirectory();
  Deno.writeTextFileSync(directory.file("f"), "0123456789".repeat(100_000));
  for (const type of TYPES) {
    using fd = openPath(directory.file("f"), OPEN.READ);
    const out = await printed(type, ["--to-stdout"], (socket) => socket.send("x", { fds: [fd] }));
    assertEquals(out, "0123456789".repeat(100_000));
  }
  const none = await received("dgram", ["--to-stdout"], (socket) => socket.send("x"));
  assertEquals([none.status, none.err], [
    1,
    "ipcx recv: the message has no descriptor whose contents could go to standard output\n",
  ]);
});

claim("--timeout gives up a message that does not come", async () => {
  const late = "ipcx recv: no message came within 50 ms; --timeout is for longer waits\n";
  assertFailed(await recv(["--type", "dgram", ownName(), "--timeout", "50ms"]), late);
  for (const type of ["seqpacket", "stream"] as const) {
    using listener = UnixListener.listen(ownName(), { type });
    assertFailed(await recv([`${listener.address}`, "--timeout", "50ms"]), late);
  }
});

claim("253 descriptors come with a message", async () => {
  using fd = openPath("/dev/null", OPEN.READ);
  for (const type of TYPES) {
    const [json] = jsonLines(
      await printed(type, ["--json"], (socket) => socket.send("x", { fds: Array(253).fill(fd) })),
    );
    assertEquals((json.fds as unknown[]).length, 253);
  }
});

claim("descriptors that there is no room for are told as lost, with status 1", async () => {
  using fd = openPath("/dev/null", OPEN.READ);
  for (const [format, out] of [["--text", "[descriptors lost] x\n"], ["--json", ""], ["--to-stdout", ""]] as const) {
    const address = ownName();
    const through = ["sh", "-c", 'ulimit -n 64; exec "$@"', "sh"];
    await using process = await startReceiver(["--type", "dgram", address, format], { through });
    using socket = await UnixSocket.connect(address, { type: "dgram" });
    await socket.send("x", { fds: Array(100).fill(fd) });
    const result = await endingOf(process);
    if (format === "--json") {
      const [{ data, fds, fdsLost }] = jsonLines(result.out);
      assertEquals([data, fds, fdsLost, result.status, result.err], ["x", [], true, 0, ""]);
      continue;
    }
    const err = "ipcx recv: the kernel could not deliver a message's descriptors: " +
      "RLIMIT_NOFILE of the receiver is reached\n";
    assertEquals(result, { status: 1, signal: null, out, err });
  }
});

claim("standard output that nobody reads is a failure", async () => {
  const address = ownName();
  using listener = UnixListener.listen(address, { type: "seqpacket" });
  const script = '"$@" | true; echo ${PIPESTATUS[0]}';
  const ended = runProgram(["bash", "-c", script, "bash", ...IPCX, "recv", address, "--count", "0"]);
  using peer = await within(listener.accept(), "nobody came");
  try {
    for (;;) await peer.send("x".repeat(10_000));
  } catch (error) {
    if (!isPeerGone(error)) throw error;
  }
  const { out, err } = await ended;
  assertEquals(out, "1\n");
  assert(err.startsWith("ipcx recv: standard output: Broken pipe"), err);
});

claim("a sender that is Python has its credentials told, and cannot make up others", async () => {
  const address = ownName();
  await using process = await startReceiver(["--type", "dgram", "--credentials", address]);
  const forged = `] x\n[pid 1, uid 0, gid 0] root here`;
  const input = JSON.stringify({ hex: new TextEncoder().encode(forged).toHex() });
  await using peer = await startPeer("send", "bind", "dgram", address, { input });
  const who = `pid ${peer.child.pid}, uid ${Deno.uid()}, gid ${Deno.gid()}`;
  assertEquals(await outputOf(process), `[${who}] ] x\\x0a[pid 1, uid 0, gid 0] root here\n`);
});
