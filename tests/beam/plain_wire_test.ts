import { Beam } from "ipcx";
import { assertEquals, assertRejects } from "@std/assert";
import { claim } from "../claim.ts";
import { pipeWith, textsOf } from "./descriptors.ts";
import { ForeignPeer, hex } from "./foreign_peer.ts";

interface SeedMessage {
  data: string;
  text: string;
}

claim("what is sent with a descriptor is what Docker's Receive gets, and Send's is what is received", async () => {
  const [peer, beam] = await ForeignPeer.beam();
  await using _peer = peer;
  using _beam = beam;
  for (const length of [1, 100, 4095, 4096]) {
    using sent = pipeWith(`for ${length}`);
    await beam.send("x".repeat(length), sent);
    assertEquals(await peer.tell<SeedMessage>("Receive"), { data: hex("x".repeat(length)), text: `for ${length}` });

    assertEquals(await peer.tell("Send", hex("y".repeat(length)), `from ${length}`), length);
    using message = (await beam.receive())!;
    assertEquals([message.text, textsOf(message)], ["y".repeat(length), [`from ${length}`]]);
    assertEquals([message.controlTruncated, message.fdsLost], [false, false]);
  }
});

claim("messages with descriptors are never glued, however late they are read", async () => {
  const [peer, beam] = await ForeignPeer.beam();
  await using _peer = peer;
  using _beam = beam;
  for (let at = 0; at < 100; at++) {
    using sent = pipeWith(`${at}`);
    await beam.send(`message ${at}`, sent);
    await peer.tell("Send", hex(`answer ${at}`), `${at}!`);
  }
  for (let at = 0; at < 100; at++) {
    assertEquals(await peer.tell<SeedMessage>("Receive"), { data: hex(`message ${at}`), text: `${at}` });
    using message = (await beam.receive())!;
    assertEquals([message.text, textsOf(message)], [`answer ${at}`, [`${at}!`]]);
  }
  assertEquals(beam.tryReceive(), undefined);
});

claim("Docker's Receive skips a message without a descriptor that it reads alone, and we deliver it", async () => {
  const [peer, beam] = await ForeignPeer.beam();
  await using _peer = peer;
  using _beam = beam;
  await peer.tell("sendmsg", hex("nothing along"));
  using message = (await beam.receive())!;
  assertEquals([message.text, message.fds.length], ["nothing along", 0]);
  await beam.send("nobody sees this");
  beam.end();
  assertEquals(await peer.tell("Receive"), null);
});

claim("with skipWithoutFd they are skipped here as well", async () => {
  const [peer, beam] = await ForeignPeer.beam({ skipWithoutFd: true });
  await using _peer = peer;
  using _beam = beam;
  await peer.tell("sendmsg", hex("skipped"));
  assertEquals(beam.tryReceive(), undefined);
  const received = beam.receive();
  await peer.tell("sendmsg", hex("skipped, too"));
  // What waits for it has read it once a second message is asked for and answered.
  await beam.send("read?");
  await peer.tell("recvmsg");
  assertEquals(beam.tryReceive(), undefined);
  await peer.tell("Send", hex("seen"), "kept");
  using message = (await received)!;
  assertEquals([message.text, textsOf(message)], ["seen", ["kept"]]);
  await peer.tell("sendmsg", hex("skipped at the end"));
  await peer.tell("close");
  assertEquals(await beam.receive(), null);
});

claim("a message without a descriptor is glued to the front of one with, and two without to each other", async () => {
  const [peer, beam] = await ForeignPeer.beam();
  await using _peer = peer;
  using _beam = beam;
  await peer.tell("sendmsg", hex("AAAA"));
  await peer.tell("sendmsg", hex("B"), ["with B"]);
  await peer.tell("sendmsg", hex("C"));
  await peer.tell("sendmsg", hex("D"));
  await peer.tell("sendmsg", hex("E"), ["with E"]);
  await peer.tell("sendmsg", hex("F"), ["with F"]);
  const seen = [];
  for (let left = 3; left > 0; left--) {
    using message = (await beam.receive())!;
    seen.push([message.text, textsOf(message)]);
  }
  assertEquals(seen, [["AAAAB", ["with B"]], ["CDE", ["with E"]], ["F", ["with F"]]]);
});

claim("of several descriptors the first is kept, the others are closed, and that is told", async () => {
  for (const [maxFds, kept] of [[1, ["first"]], [0, []], [2, ["first", "second"]]] as const) {
    const [peer, beam] = await ForeignPeer.beam({ maxFds });
    await using _peer = peer;
    using _beam = beam;
    await peer.tell("sendmsg", hex("three"), ["first", "second", "third"]);
    using message = (await beam.receive())!;
    assertEquals([message.text, message.controlTruncated, message.fdsLost], ["three", true, false]);
    assertEquals(textsOf(message), [...kept]);
  }
});

claim("nothing of what a peer sends as an empty message with a descriptor arrives", async () => {
  const [peer, beam] = await ForeignPeer.beam();
  await using _peer = peer;
  using _beam = beam;
  assertEquals(await peer.tell("Send", "", "lost"), 0);
  assertEquals(await peer.tell("sendmsg", ""), 0);
  assertEquals(beam.tryReceive(), undefined);
  await peer.tell("Send", hex("next"), "kept");
  using message = (await beam.receive())!;
  assertEquals([message.text, textsOf(message)], ["next", ["kept"]]);
});

claim("an empty message is refused, since it would not arrive, and so are two descriptors", async () => {
  const [left, right] = Beam.pair();
  using _left = left;
  using _right = right;
  using one = pipeWith("one");
  const empty = "a stream without frames carries no empty message: the kernel would send nothing";
  await assertRejects(() => left.send("", one), RangeError, empty);
  await assertRejects(() => left.send(new Uint8Array()), RangeError, empty);
  await assertRejects(
    () => left.send("x", [one, one]),
    RangeError,
    "2 descriptors; without frames a message carries one",
  );
  assertEquals(right.tryReceive(), undefined);
  await left.send("still good", one);
  using message = (await right.receive())!;
  assertEquals([message.text, textsOf(message)], ["still good", ["one"]]);
});
