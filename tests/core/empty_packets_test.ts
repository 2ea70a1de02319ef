import { assert, assertEquals } from "@std/assert";
import { PacketBatch } from "../../src/core/batch.ts";
import { check } from "../../src/core/errors.ts";
import { Fd } from "../../src/core/fd.ts";
import { UnixListener } from "../../src/core/listener.ts";
import { native } from "../../src/core/native.ts";
import { typeNumber } from "../../src/core/options.ts";
import { reach } from "../../src/core/reach.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { claim, ownName } from "../claim.ts";
import { copies, withPair } from "./pairs.ts";

const SEQPACKET = typeNumber("seqpacket");

/** Packets as programs send them that know nothing of this library, and have no name. */
function send(sender: Fd, ...texts: string[]): void {
  for (const text of texts) {
    const bytes = new TextEncoder().encode(text);
    assertEquals(native.ipcx_send_bytes(sender.number, bytes, bytes.length, 0), bytes.length);
  }
}

function namelessPair(): [Fd, Fd] {
  const ends = new Int32Array(2);
  check(native.ipcx_socketpair(SEQPACKET, ends), "socketpair");
  return [new Fd(ends[0]), new Fd(ends[1])];
}

/** Ways for a nameless sender's peer to become a socket of this library; what was sent before is queued by then. */
const WAYS: Record<string, () => Promise<[sender: Fd, receiver: UnixSocket]>> = {
  "taken over"() {
    const [near, far] = namelessPair();
    send(near, "", "early", "");
    return Promise.resolve([near, UnixSocket.fromFd(far)]);
  },
  async "came with a message"() {
    const [near, far] = namelessPair();
    send(near, "", "early", "");
    const [left, right] = UnixSocket.pair();
    await left.send("x", { fds: [far] });
    far.close();
    const receiver = UnixSocket.fromFd((await right.receive())!.takeFd()!);
    left.close();
    right.close();
    return [near, receiver];
  },
  async "accepted"() {
    using listener = UnixListener.listen(ownName(), { type: "seqpacket" });
    const client = new Fd(check(native.ipcx_socket(SEQPACKET), "socket"));
    using name = reach(listener.address, "connect");
    check(native.ipcx_connect(client.number, name.bytes, name.bytes.length), "connect");
    send(client, "", "early", "");
    return [client, await listener.accept()];
  },
};

const RECEIVERS: Record<string, (socket: UnixSocket) => Promise<string[]>> = {
  async "one by one"(socket) {
    using message = await socket.receive();
    return message ? [message.text] : [];
  },
  async "several"(socket) {
    return (await socket.receiveMany()).map(({ text }) => text);
  },
  async "a batch"(socket) {
    const batch = new PacketBatch();
    const count = await socket.receiveBatch(batch);
    return Array.from({ length: count }, (_, at) => batch.text(at));
  },
};

claim("the empty packets of a sender without a name are told from the end, however its peer came to us", async () => {
  for (const connect of Object.values(WAYS)) {
    for (const receive of Object.values(RECEIVERS)) {
      for (const isNamedLater of [false, true]) {
        const [sender, receiver] = await connect();
        send(sender, "");
        if (isNamedLater) check(native.ipcx_bind(sender.number, new Uint8Array(), 0), "bind");
        send(sender, "", "late", "");
        sender.close();
        const came: string[] = [];
        for (let some = await receive(receiver); some.length > 0; some = await receive(receiver)) came.push(...some);
        assertEquals(came, ["", "early", "", "", "", "late", ""]);
        assertEquals(await receive(receiver), []);
        receiver.close();
      }
    }
  }
});

claim("what tells them apart leaves room for credentials, a pidfd and 253 descriptors", async () => {
  const [near, far] = namelessPair();
  using left = UnixSocket.fromFd(near);
  using right = UnixSocket.fromFd(far);
  right.setOption("passCredentials", true);
  right.setOption("passPidfd", true);
  await left.send("", { fds: copies(left, 253) });
  using message = (await right.receive())!;
  assertEquals([message.length, message.fds.length, message.controlTruncated], [0, 253, false]);
  assertEquals(message.credentials?.pid, Deno.pid);
  assert(message.pidfd?.isOpen);
});

claim("a batch takes no descriptors in the place of what tells them apart", async () => {
  const [near, far] = namelessPair();
  using left = UnixSocket.fromFd(near);
  using right = UnixSocket.fromFd(far);
  await left.send("", { fds: copies(left, 3) });
  await left.send("");
  const batch = new PacketBatch();
  assertEquals(await right.receiveBatch(batch), 2);
  assertEquals([batch.isControlTruncated(0), batch.isControlTruncated(1)], [true, false]);
  assertEquals([batch.lengthOf(0), batch.lengthOf(1)], [0, 0]);
});

claim("a peek at an empty packet, and at the end, tells them apart as well", async () => {
  await withPair("seqpacket", async (left, right) => {
    await left.send("");
    assertEquals((await right.receive({ peek: true }))!.length, 0);
    assertEquals((await right.receive())!.length, 0);
    left.close();
    assertEquals([await right.receive({ peek: true }), await right.receive()], [null, null]);
  });
});
