import { assert, assertEquals } from "@std/assert";
import { UnixListener } from "../../src/core/listener.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { claim, NEEDS_ROOT, OwnDirectory, ownName } from "../claim.ts";
import {
  assertFailed,
  exchanged,
  messagesOf,
  outputOf,
  send,
  sends,
  startPeer,
  startReceiver,
  TYPES,
} from "./packeting.ts";
import { startIpcx, stateOf, until, within } from "./program.ts";

const PACKETS = ["seqpacket", "dgram"] as const;

/** What the kernel gives by default. */
function sendBuffer(): number {
  const [one, other] = UnixSocket.pair("seqpacket");
  using _other = other;
  using socket = one;
  return socket.getOption("sendBuffer");
}

function bytes(length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(length).map((_, at) => at * 31);
}

claim("a packet can have 32 bytes less than the send buffer; one more is refused, and nothing is sent", async () => {
  const largest = sendBuffer() - 32;
  for (const type of PACKETS) {
    const out = await exchanged(type, ["--hex"], ownName(), [], { input: bytes(largest) });
    assertEquals(out, `${bytes(largest).toHex()}\n`);
    const address = ownName();
    using receiver = type === "dgram" ? UnixSocket.bound(address) : UnixListener.listen(address, { type });
    const too =
      `has more than the ${largest} bytes that a packet can have with this send buffer; --send-buffer raises that`;
    assertFailed(await send([address], { input: bytes(largest + 1) }), `ipcx send: standard input ${too}\n`);
    const line = "x".repeat(largest + 1);
    assertFailed(
      await send([address, "--lines"], { input: `${line}\n` }),
      `ipcx send: line 1 of standard input ${too}\n`,
    );
    assertFailed(
      await send([address, "--json"], { input: JSON.stringify({ data: line }) }),
      `line 1 of standard input ${too}\n`,
    );
    if (receiver instanceof UnixSocket) assertEquals(receiver.tryReceive(), undefined);
  }
});

claim("a line that does not end is given up when it is longer than any packet", async () => {
  const address = ownName();
  using _socket = UnixSocket.bound(address);
  await using process = startIpcx(["send", address, "--lines"], { input: "open" });
  const writing = (async () => {
    for (let at = 0; at < 100; at++) await process.write("x".repeat(10_000));
  })().catch(() => {});
  const { status, err } = await process.ended();
  await writing;
  assertEquals([status, err], [1, "ipcx send: line 1 of standard input is longer than any message\n"]);
});

claim("--send-buffer makes larger packets possible, to Python as well", async () => {
  const size = sendBuffer() + 1000;
  const option = ["--send-buffer", `${size + 32}`];
  for (const type of PACKETS) {
    const out = await exchanged(type, ["--hex"], ownName(), option, { input: bytes(size) });
    assertEquals(out, `${bytes(size).toHex()}\n`);
    const address = ownName();
    await using peer = await startPeer("receive", type === "dgram" ? "bind" : "listen", type, address);
    await sends([address, ...option], { input: bytes(size) });
    if (type === "dgram") await sends([address, "--data", "end"]);
    assertEquals((await messagesOf(peer)).map(({ data }) => data), [bytes(size)]);
  }
});

claim("who is not root can have twice net.core.wmem_max, and is told if that is not enough", async () => {
  const most = 2 * Number(Deno.readTextFileSync("/proc/sys/net/core/wmem_max"));
  const address = ownName();
  using socket = UnixSocket.bound(address);
  // Without this capability root is nobody else.
  const through = ["setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin"];
  assertEquals(await sends([address, "--data", "x", "--send-buffer", `${most}`], { through }), "");
  assertEquals((await socket.receive())!.text, "x");
  assertFailed(
    await send([address, "--data", "x", "--send-buffer", `${most + 2}`], { through }),
    `ipcx send: the kernel gives a send buffer of ${most} bytes, not of ${most + 2}: ` +
      "it is limited to twice net.core.wmem_max, except for root\n",
  );
  assertEquals(socket.tryReceive(), undefined);
  assertEquals(await sends([address, "--data", "x", "--send-buffer", `${most + 2}`]), "");
}, { skip: NEEDS_ROOT });

claim("above 4263616 bytes the kernel carries no packet, however large the send buffer", async () => {
  const largest = 4_263_616;
  const option = ["--send-buffer", "20000000"];
  for (const type of PACKETS) {
    const address = ownName();
    const size = ["sh", "-c", "wc -c"];
    await using receiver = await startReceiver([
      ...(type === "dgram" ? ["--type", "dgram"] : ["--listen"]),
      ...["--max-bytes", "5000000", "--count", "1", address, "--exec", ...size],
    ]);
    assertEquals(await sends([address, ...option], { input: bytes(largest) }), "");
    assertEquals(await outputOf(receiver), `${largest}\n`);
    using _socket = type === "dgram" ? UnixSocket.bound(address) : UnixListener.listen(address, { type });
    assertFailed(
      await send([address, ...option], { input: bytes(largest + 1) }),
      "(ENOBUFS); the kernel carries no packet this large, whatever the send buffer: some 4 MiB are the most\n",
    );
  }
}, { skip: NEEDS_ROOT });

claim("a sender waits for a receiver that is full, and nothing is lost or overtaken", async () => {
  const input = Array.from({ length: 2000 }, (_, at) => `${at} ${"x".repeat(1000)}\n`).join("");
  for (const type of TYPES) {
    const address = ownName();
    const exec = type === "stream" ? ["--raw"] : ["--count", "2000"];
    await using receiver = await startReceiver([
      ...(type === "dgram" ? ["--type", "dgram"] : ["--type", type, "--listen"]),
      ...[...exec, address],
    ]);
    receiver.kill("SIGSTOP");
    await until(() => stateOf(receiver.child.pid) === "T", "it does not stop");
    await using sender = startIpcx(["send", address, "--lines"], { input });
    // It has sent what there is room for when it sleeps.
    await until(() => stateOf(sender.child.pid) === "S", "it does not wait");
    receiver.kill("SIGCONT");
    assertEquals(await outputOf(sender), "");
    assertEquals(await outputOf(receiver), input);
  }
});

claim("--timeout ends the wait for room", async () => {
  for (const type of TYPES) {
    const address = ownName();
    using receiver = type === "dgram" ? UnixSocket.bound(address) : UnixListener.listen(address, { type });
    const { status, out, err } = await send(
      [address, "--data", "x".repeat(1000), "--repeat", "1000", "--timeout", "50ms"],
    );
    assertEquals([status, out], [1, ""]);
    assertEquals(err, "ipcx send: the peer took nothing within 50 ms; --timeout is for longer waits\n");
    if (receiver instanceof UnixSocket) {
      let queued = 0;
      while (receiver.tryReceive()) queued++;
      assertEquals(queued, Number(Deno.readTextFileSync("/proc/sys/net/unix/max_dgram_qlen")) + 1);
    }
  }
});

claim("a receiver that goes while the sender waits for room ends the wait", async () => {
  using directory = new OwnDirectory();
  const codes = {
    seqpacket: /EPIPE|ECONNRESET/,
    stream: /EPIPE|ECONNRESET/,
    dgram: /(ECONNREFUSED|ENOENT).*; nobody receives there any more/,
  };
  for (const type of TYPES) {
    for (const from of type === "dgram" ? [[], ["--from", ""]] : [[]]) {
      const address = directory.file(`${type}${from.length}`);
      const listener = type === "dgram" ? undefined : UnixListener.listen(address, { type });
      const bound = type === "dgram" ? UnixSocket.bound(address) : undefined;
      await using sender = startIpcx(["send", address, "--data", "x".repeat(1000), "--repeat", "1000", ...from]);
      const peer = bound ?? await within(listener!.accept(), "nobody came");
      await within(peer.ready("readable"), "nothing came");
      await until(() => stateOf(sender.child.pid) === "S", "it does not wait");
      peer.close();
      listener?.close();
      const { status, err } = await sender.ended();
      assertEquals(status, 1);
      assert(codes[type].test(err) && err.startsWith("ipcx send: sendmsg"), err);
    }
  }
});

claim("a receiver that has gone before is told, for the line that it did not get", async () => {
  for (const type of ["seqpacket", "stream"] as const) {
    const address = ownName();
    using listener = UnixListener.listen(address, { type });
    await using sender = startIpcx(["send", address, "--lines"], { input: "open" });
    (await within(listener.accept(), "nobody came")).close();
    await sender.write("too late\n");
    const { status, err } = await sender.ended();
    assertEquals(status, 1);
    assert(
      err.startsWith("ipcx send: line 1 of standard input: sendmsg: Broken pipe (EPIPE); the peer has closed"),
      err,
    );
  }
  const address = ownName();
  const socket = UnixSocket.bound(address);
  await using sender = startIpcx(["send", address, "--lines"], { input: "open" });
  await sender.write("in time\n");
  assertEquals((await within(socket.receive(), "nothing came"))!.text, "in time");
  socket.close();
  await sender.write("too late\n");
  const { status, err } = await sender.ended();
  assertEquals(status, 1);
  assert(
    err.startsWith("ipcx send: line 2 of standard input: sendmsg: Connection refused (ECONNREFUSED); nobody"),
    err,
  );
});
