import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { SystemError } from "../../src/core/errors.ts";
import { UnixAddress } from "../../src/core/address.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { claim, OwnDirectory, ownName } from "../claim.ts";
import { result } from "./programs/run.ts";

/** Fills the queue of a receiver, and tells how many it took. */
function fill(sender: UnixSocket, to: UnixAddress): number {
  let count = 0;
  while (sender.trySend(new Uint8Array([count]), { to }) !== undefined) count++;
  return count;
}

claim("who waits for a full receiver does not keep back what goes to others", async () => {
  using full = UnixSocket.bound(ownName());
  using free = UnixSocket.bound(ownName());
  using sender = UnixSocket.bound(UnixAddress.unnamed);
  const queued = fill(sender, full.address);
  const waiting = sender.send("late", { to: full.address });
  for (let at = 0; at < 5; at++) await sender.send(`${at}`, { to: free.address });
  for (let at = 0; at < 5; at++) assertEquals((await free.receive())!.text, `${at}`);
  for (let at = 0; at < queued; at++) await full.receive();
  await waiting;
  assertEquals((await full.receive())!.text, "late");
});

claim("what goes to one receiver keeps its order, whatever was sent to others meanwhile", async () => {
  using directory = new OwnDirectory();
  using one = UnixSocket.bound(ownName());
  using other = UnixSocket.bound(directory.file("other"));
  using sender = UnixSocket.bound(UnixAddress.unnamed);
  const sending = Promise.all(
    Array.from({ length: 400 }, (_, at) => sender.send(`${at}`, { to: (at % 2 ? one : other).address })),
  );
  for (let at = 0; at < 200; at++) {
    assertEquals((await one.receive())!.text, `${2 * at + 1}`);
    assertEquals((await other.receive())!.text, `${2 * at}`);
  }
  await sending;
});

claim("what all receivers together hold fills the sender's own buffer, and is waited for", async () => {
  const receivers = Array.from({ length: 4 }, () => UnixSocket.bound(ownName()));
  using sender = UnixSocket.bound(UnixAddress.unnamed);
  sender.setOption("sendBuffer", 4096);
  const large = new Uint8Array(3000);
  const total = 40;
  const sending = Promise.all(
    Array.from({ length: total }, (_, at) => sender.send(large, { to: receivers[at % 4].address })),
  );
  await Promise.all(receivers.map(async (receiver) => {
    for (let at = 0; at < total / 4; at++) assertEquals((await receiver.receive())!.length, large.length);
  }));
  await sending;
  for (const receiver of receivers) receiver.close();
});

claim("several senders that wait for one receiver all get their turn", async () => {
  using receiver = UnixSocket.bound(ownName());
  const senders = Array.from({ length: 5 }, () => UnixSocket.bound(UnixAddress.unnamed));
  const sending = Promise.all(
    senders.flatMap((sender, who) =>
      Array.from({ length: 40 }, (_, at) => sender.send(`${who} ${at}`, { to: receiver.address }))
    ),
  );
  const next = [0, 0, 0, 0, 0];
  for (let count = 0; count < 200; count++) {
    const [who, at] = (await receiver.receive())!.text.split(" ").map(Number);
    assertEquals(at, next[who]++);
  }
  await sending;
  for (const sender of senders) sender.close();
});

claim(
  "a datagram socket with a peer sends to it, and refuses everybody else until the peer is taken away",
  async () => {
    using connected = UnixSocket.bound(ownName());
    using peer = UnixSocket.bound(ownName());
    using stranger = UnixSocket.bound(ownName());
    connected.connectTo(peer.address);
    assertEquals(`${connected.peerAddress}`, `${peer.address}`);
    await connected.send("no need to say where");
    assertEquals((await peer.receive())!.text, "no need to say where");
    await peer.send("answer", { to: connected.address });
    assertEquals((await connected.receive())!.text, "answer");
    const refused = await assertRejects(() => stranger.send("no", { to: connected.address }), SystemError);
    assertEquals([refused.code, refused.address], ["EPERM", `${connected.address}`]);
    connected.connectTo(stranger.address);
    await stranger.send("yes", { to: connected.address });
    assertEquals((await connected.receive())!.text, "yes");
    connected.disconnect();
    await peer.send("anybody", { to: connected.address });
    assertEquals((await connected.receive())!.text, "anybody");
    const nowhere = await assertRejects(() => connected.send("where?"), SystemError);
    assertEquals(nowhere.code, "ENOTCONN");
  },
);

claim("only a datagram socket changes its peer, and only to somebody who is there", () => {
  using receiver = UnixSocket.bound(ownName());
  const nobody = ownName();
  const error = assertThrows(() => receiver.connectTo(nobody), SystemError);
  assertEquals([error.code, error.address], ["ECONNREFUSED", nobody]);
  for (const type of ["stream", "seqpacket"] as const) {
    const [left, right] = UnixSocket.pair(type);
    assertThrows(() => left.connectTo(receiver.address), SystemError);
    assertEquals(assertThrows(() => left.disconnect(), SystemError).code, "EINVAL");
    left.close();
    right.close();
  }
});

claim("who waits is not kept busy when another receiver takes the name and is full, too", async () => {
  const name = ownName();
  const to = UnixAddress.parse(name);
  let tries = 0;
  to.toString = () => (tries++, name);
  using sender = UnixSocket.bound(UnixAddress.unnamed);
  using other = UnixSocket.bound(UnixAddress.unnamed);
  const first = UnixSocket.bound(name);
  fill(other, first.address);
  const waiting = sender.send("late", { to });
  const go = (rounds: number) =>
    new Promise<void>((resolve) => setImmediate(() => resolve(rounds ? go(rounds - 1) : undefined)));
  await go(10);
  first.close();
  using second = UnixSocket.bound(name);
  const queued = fill(other, second.address);
  await go(10);
  const before = tries;
  await go(100);
  assert(tries - before < 10, `${tries - before} tries in 100 rounds of the event loop`);
  for (let at = 0; at < queued; at++) await second.receive();
  await waiting;
  assertEquals((await second.receive())!.text, "late");
});

claim("who waits without a descriptor left to wait with tries again, and gets through", async () => {
  const through = ["prlimit", "--nofile=128:128"];
  assertEquals(await result("send_at_limit.ts", [ownName()], { through }), { code: "EMFILE", last: "late" });
});
