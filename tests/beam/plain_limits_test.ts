import { Beam, BeamError, UnixSocket } from "ipcx";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { claim } from "../claim.ts";
import { pipeWith, textsOf } from "./descriptors.ts";
import { ForeignPeer, hex } from "./foreign_peer.ts";
import { assertFailed } from "./raw_frames.ts";

claim("more than 4096 bytes in one message are detected, with a descriptor or without, and end the beam", async () => {
  for (const length of [4097, 5000, 20_000]) {
    for (const texts of [[], ["closed"]]) {
      const [peer, beam] = await ForeignPeer.beam();
      await using _peer = peer;
      using _beam = beam;
      await peer.tell("sendmsg", hex("x".repeat(length)), texts);
      await assertFailed(beam, "too-large");
    }
  }
});

claim("messages that arrived before one that is too large are received first", async () => {
  const [peer, beam] = await ForeignPeer.beam();
  await using _peer = peer;
  using _beam = beam;
  await peer.tell("sendmsg", hex("good"), ["one"]);
  await peer.tell("sendmsg", hex("x".repeat(5000)), ["two"]);
  using message = (await beam.receive())!;
  assertEquals([message.text, textsOf(message)], ["good", ["one"]]);
  await assertFailed(beam, "too-large");
});

claim("messages without descriptors that were glued to more than 4096 bytes are detected", async () => {
  const [peer, beam] = await ForeignPeer.beam();
  await using _peer = peer;
  using _beam = beam;
  for (const letter of ["x", "y"]) await peer.tell("sendmsg", hex(letter.repeat(3000)));
  await assertFailed(beam, "too-large");
});

claim("4096 bytes can be sent, and no more unless maxBytes allows it", async () => {
  for (const maxBytes of [1, 10, 4096, 32_768]) {
    const [left, right] = Beam.pair(maxBytes === 4096 ? {} : { maxBytes });
    using _left = left;
    using _right = right;
    using sent = pipeWith("along");
    const error = await assertRejects(() => left.send("x".repeat(maxBytes + 1), sent), BeamError);
    assertEquals(error.code, "too-large");
    assertEquals(right.tryReceive(), undefined);
    await left.send("x".repeat(maxBytes), sent);
    using message = (await right.receive())!;
    assertEquals([message.data.length, textsOf(message)], [maxBytes, ["along"]]);
  }
});

claim("the limit of a receiver is its own", async () => {
  const [left, right] = UnixSocket.pair();
  using sender = new Beam(left, { maxBytes: 100 });
  using receiver = new Beam(right, { maxBytes: 10 });
  await sender.send("x".repeat(10));
  assertEquals((await receiver.receive())!.data.length, 10);
  await sender.send("x".repeat(11));
  await assertFailed(receiver, "too-large");
});

claim("what the kernel would take apart, for want of a send buffer, is refused; the rest arrives whole", async () => {
  const [left, right] = UnixSocket.pair();
  left.setOption("sendBuffer", 1);
  using sender = new Beam(left);
  using receiver = new Beam(right);
  using sent = pipeWith("along");
  const error = await assertRejects(() => sender.send("x".repeat(4096), sent), BeamError);
  assertEquals([error.code, sender.isOpen], ["too-large", true]);
  assertEquals(receiver.tryReceive(), undefined);
  const whole = left.getOption("sendBuffer") / 2 - 64;
  await sender.send("x".repeat(whole), sent);
  using message = (await receiver.receive())!;
  assertEquals([message.data.length, textsOf(message)], [whole, ["along"]]);
});

claim("options out of their range are refused, and the socket stays the caller's", () => {
  const [left, right] = UnixSocket.pair();
  using _left = left;
  using _right = right;
  const wrong = [
    { maxBytes: 0 },
    { maxBytes: 1.5 },
    { maxBytes: 32_769 },
    { maxBytes: 2 ** 31 - 1, framed: true },
    { maxFds: -1 },
    { maxFds: 254 },
    { maxFds: 65_537, framed: true },
    { memoryThreshold: 0 },
    { memoryThreshold: 1.5 },
    { memoryBytes: 32_768 },
    { memoryBytes: 100_000 },
    { memoryBytes: 2 ** 31 },
  ];
  for (const options of wrong) {
    assertThrows(() => new Beam(left, options), RangeError);
    assertThrows(() => Beam.pair(options), RangeError);
  }
  assert(left.fd.isOpen);
  const [one, other] = UnixSocket.pair("dgram");
  using _one = one;
  using _other = other;
  assertThrows(() => new Beam(one), TypeError, "a datagram socket has no connection to beam over");
  assert(one.fd.isOpen);
});
