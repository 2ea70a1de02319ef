import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import { PacketBatch } from "../../src/core/batch.ts";
import { SystemError } from "../../src/core/errors.ts";
import { UnixListener } from "../../src/core/listener.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { claim, ownName } from "../claim.ts";

const PACKETS = ["seqpacket", "dgram"] as const;

function batchOf(words: readonly string[], options = {}): PacketBatch {
  const batch = new PacketBatch(options);
  for (const word of words) batch.add(word);
  return batch;
}

function textsOf(batch: PacketBatch): string[] {
  return Array.from(batch, (bytes) => new TextDecoder().decode(bytes));
}

claim("any packets of a batch arrive in their order, empty ones too", async () => {
  for (const type of PACKETS) {
    const [left, right] = UnixSocket.pair(type);
    const sent = new PacketBatch({ maxPackets: 100, maxBytes: 300 });
    const received = new PacketBatch({ maxPackets: 70, maxBytes: 300 });
    const packets = fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 100 });
    await fc.assert(
      fc.asyncProperty(packets, async (packets) => {
        sent.clear();
        for (const packet of packets) sent.add(packet);
        await left.sendBatch(sent);
        const came: Uint8Array[] = [];
        while (came.length < packets.length) {
          await right.receiveBatch(received);
          came.push(...Array.from(received, (bytes) => bytes.slice()));
        }
        assertEquals(came, packets.map((packet) => new Uint8Array(packet)));
      }),
      { numRuns: 30 },
    );
    left.close();
    right.close();
  }
});

claim("a batch that is larger than the queue waits for room, and all of it arrives", async () => {
  for (const type of PACKETS) {
    const [left, right] = UnixSocket.pair(type);
    const words = Array.from({ length: 1000 }, (_, at) => `${at}`);
    const sending = left.sendBatch(batchOf(words, { maxPackets: 1000, maxBytes: 8 }));
    // What comes after a batch does not overtake it.
    const after = left.send("after");
    const received = new PacketBatch();
    const came: string[] = [];
    while (came.length < 1001) {
      await right.receiveBatch(received);
      came.push(...textsOf(received));
    }
    await sending;
    await after;
    assertEquals(came, [...words, "after"]);
    left.close();
    right.close();
  }
});

claim("a batch tells what was cut, and that descriptors came which it does not take", async () => {
  const [left, right] = UnixSocket.pair("seqpacket");
  await left.send("0123456789");
  await left.send("fds", { fds: [right.fd] });
  await left.send("fits");
  const batch = new PacketBatch({ maxBytes: 4 });
  assertEquals(await right.receiveBatch(batch), 3);
  assertEquals(textsOf(batch), ["0123", "fds", "fits"]);
  assertEquals([0, 1, 2].map((at) => batch.lengthOf(at)), [10, 3, 4]);
  assertEquals([0, 1, 2].map((at) => batch.isTruncated(at)), [true, false, false]);
  assertEquals([0, 1, 2].map((at) => batch.isControlTruncated(at)), [false, true, false]);
  assertEquals(batch.text(2), "fits");
  left.close();
  right.close();
});

claim("an empty packet is told from the end, whoever the sender is", async () => {
  const named = UnixSocket.pair("seqpacket");
  using listener = UnixListener.listen(ownName(), { type: "seqpacket" });
  const client = await UnixSocket.connect(listener.address, { type: "seqpacket" });
  const server = await listener.accept();
  for (const [sender, receiver] of [named, [client, server]]) {
    await sender.send("");
    await sender.send("x");
    await sender.send("");
    sender.close();
    const batch = new PacketBatch();
    assertEquals(await receiver.receiveBatch(batch), 3);
    assertEquals(textsOf(batch), ["", "x", ""]);
    assertEquals(await receiver.receiveBatch(batch), 0);
    assertEquals([batch.count, receiver.tryReceiveBatch(batch)], [0, 0]);
    receiver.close();
  }
});

claim("a batch of datagrams goes to one receiver, and waits for that one alone", async () => {
  using full = UnixSocket.bound(ownName());
  using free = UnixSocket.bound(ownName());
  using sender = UnixSocket.bound(ownName());
  const words = Array.from({ length: 40 }, (_, at) => `${at}`);
  const batch = batchOf(words);
  const waiting = sender.sendBatch(batch, { to: full.address });
  const few = batchOf(words.slice(0, 5));
  await sender.sendBatch(few, { to: free.address });
  const received = new PacketBatch();
  assertEquals(await free.receiveBatch(received), 5);
  const came: string[] = [];
  while (came.length < words.length) {
    await full.receiveBatch(received);
    came.push(...textsOf(received));
  }
  await waiting;
  assertEquals(came, words);
});

claim("what can be sent at once is told, and a failure of the first packet", async () => {
  const [left, right] = UnixSocket.pair("dgram");
  const batch = batchOf(Array(1000).fill("x"), { maxPackets: 1000, maxBytes: 1 });
  const sent = left.trySendBatch(batch)!;
  assert(sent > 0 && sent < 1000);
  assertEquals(left.trySendBatch(batch, { from: sent }), undefined);
  const received = new PacketBatch({ maxPackets: 1000, maxBytes: 1 });
  assertEquals(right.tryReceiveBatch(received), sent);
  assertEquals(right.tryReceiveBatch(received), undefined);
  assertEquals([received.count, textsOf(received)], [0, []]);
  right.close();
  const error = await assertRejects(() => left.sendBatch(batch), SystemError);
  assertEquals(error.syscall, "sendmmsg");
  left.close();
});

claim("a packet in the middle that cannot be sent is an error after those before it", async () => {
  const [left, right] = UnixSocket.pair("seqpacket");
  left.setOption("sendBuffer", 4096);
  const batch = new PacketBatch({ maxBytes: 100_000 });
  for (const size of [1, 2, 100_000, 3]) batch.add(new Uint8Array(size));
  const error = await assertRejects(() => left.sendBatch(batch), SystemError);
  assertEquals(error.code, "EMSGSIZE");
  const received = new PacketBatch();
  assertEquals(await right.receiveBatch(received), 2);
  left.close();
  right.close();
});

claim("a packet that was cut off as it was received is not sent on with what lies behind it in memory", async () => {
  const [near, left] = UnixSocket.pair("seqpacket");
  const [right, far] = UnixSocket.pair("seqpacket");
  await near.send("fits");
  await near.send(new Uint8Array(100_000));
  const batch = new PacketBatch({ maxPackets: 2, maxBytes: 10 });
  assertEquals(await left.receiveBatch(batch), 2);
  const message = "packet 1 was cut off as it was received: it had 100000 bytes, of which 10 are left";
  await assertRejects(() => right.sendBatch(batch), RangeError, message);
  assertEquals((await far.receive())!.text, "fits");
  assertEquals(far.tryReceive(), undefined);
  assertEquals(right.trySendBatch(batch), 1);
  assertThrows(() => right.trySendBatch(batch, { from: 1 }), RangeError, message);
  for (const socket of [near, left, right, far]) socket.close();
});

claim("a batch is sent from one of its packets on, or from its end, and not from elsewhere", () => {
  const [left, right] = UnixSocket.pair("seqpacket");
  const batch = batchOf(["one", "two"]);
  assertEquals([left.trySendBatch(batch, { from: 1 }), left.trySendBatch(batch, { from: 2 })], [1, 0]);
  for (const from of [-1, 3, 0.5, NaN]) {
    const message = `a batch of 2 packets is not sent from ${from} on`;
    assertThrows(() => left.trySendBatch(batch, { from }), RangeError, message);
  }
  assertEquals(right.tryReceive()!.text, "two");
  left.close();
  right.close();
});

claim("a signal ends the wait for a batch, to be sent or received", async () => {
  const [left, right] = UnixSocket.pair("seqpacket");
  const reason = new Error("enough");
  const late = AbortSignal.abort(reason);
  assertEquals(await assertRejects(() => right.receiveBatch(new PacketBatch(), { signal: late })), reason);
  assertEquals(await assertRejects(() => left.sendBatch(batchOf(["x"]), { signal: late })), reason);
  const controller = new AbortController();
  const receiving = right.receiveBatch(new PacketBatch(), { signal: controller.signal });
  const sending = left.sendBatch(batchOf(Array(1000).fill("x"), { maxPackets: 1000 }), { signal: controller.signal });
  await receiving;
  controller.abort(reason);
  assertEquals(await assertRejects(() => sending), reason);
  left.close();
  right.close();
});

claim("a batch has its limits, and a stream has no packets", async () => {
  for (const maxPackets of [0, 1025, 1.5]) {
    assertThrows(() => new PacketBatch({ maxPackets }), RangeError, `from 1 to 1024, not ${maxPackets}`);
  }
  for (const maxBytes of [0, 2 ** 31, 0.5]) {
    const message = `maxBytes of 64 packets is a whole number from 1 to 33554431, not ${maxBytes}`;
    assertThrows(() => new PacketBatch({ maxBytes }), RangeError, message);
  }
  const batch = new PacketBatch({ maxPackets: 1, maxBytes: 3 });
  assertThrows(() => batch.add("four"), RangeError, "a packet of 4 bytes; 3 is the most of this batch");
  batch.add("one");
  assert(batch.isFull);
  assertThrows(() => batch.add("two"), RangeError, "the batch is full: it has 1 packets");
  assertThrows(() => batch.bytes(1), RangeError, "there is no packet 1: the batch has 1");
  const [left, right] = UnixSocket.pair();
  await assertRejects(() => left.sendBatch(batch), TypeError, "a stream has no packets");
  await assertRejects(() => right.receiveBatch(batch), TypeError, "a stream has no packets");
  left.close();
  right.close();
});
