import { Beam } from "ipcx";
import { assert, assertEquals } from "@std/assert";
import { claim } from "../claim.ts";
import { pipeWith, textsOf } from "./descriptors.ts";
import { ForeignPeer, hex } from "./foreign_peer.ts";
import { BOUNDED, WIRES } from "./wires.ts";

claim("messages that are sent at the same time arrive whole, in the order of sending", async () => {
  for (const options of WIRES) {
    const isPlain = !options.framed && options.type === undefined;
    const [sender, receiver] = Beam.pair({ ...options, memoryThreshold: 20_000, memoryBytes: 65_536 });
    using _sender = sender;
    using _receiver = receiver;
    using along = pipeWith("along");
    const sizes = Array.from({ length: 300 }, (_, at) => isPlain ? 1 + (at * 131) % 4096 : (at * 7919) % 100_000);
    const sending = Promise.all(
      sizes.map((size, at) => sender.send(new Uint8Array(size).fill(at), isPlain || at % 3 === 0 ? along : [])),
    );
    for (const [at, size] of sizes.entries()) {
      using message = (await receiver.receive())!;
      assertEquals([message.data.length, message.fds.length], [size, isPlain || at % 3 === 0 ? 1 : 0], `message ${at}`);
      assert(message.data.every((byte) => byte === at % 256));
    }
    await sending;
  }
});

claim("receivers that wait at the same time get the messages in the order of asking", async () => {
  for (const options of WIRES) {
    const [sender, receiver] = Beam.pair(options);
    using _sender = sender;
    using _receiver = receiver;
    using along = pipeWith("along");
    const waiting = Array.from({ length: 50 }, () => receiver.receive());
    for (let at = 0; at < 60; at++) await sender.send(`message ${at}`, along);
    waiting.push(...Array.from({ length: 10 }, () => receiver.receive()));
    for (const [at, message] of (await Promise.all(waiting)).entries()) {
      using received = message!;
      assertEquals(received.text, `message ${at}`);
    }
  }
});

claim("a receiver that gives up takes nothing from those behind it", async () => {
  for (const options of WIRES) {
    const [sender, receiver] = Beam.pair(options);
    using _sender = sender;
    using _receiver = receiver;
    const [first, second] = [new AbortController(), new AbortController()];
    const given = [receiver.receive({ signal: first.signal }), receiver.receive({ signal: second.signal })];
    const kept = receiver.receive();
    const outcomes = Promise.allSettled(given);
    second.abort();
    first.abort();
    assertEquals((await outcomes).map(({ status }) => status), ["rejected", "rejected"]);
    await sender.send("for the third");
    assertEquals((await kept)!.text, "for the third");
  }
});

claim("both directions are used at the same time", async () => {
  for (const options of BOUNDED) {
    const [left, right] = Beam.pair(options);
    using _left = left;
    using _right = right;
    const exchange = async (from: Beam, to: Beam): Promise<void> => {
      const sending = (async () => {
        for (let at = 0; at < 50; at++) await from.send(new Uint8Array((at * 40_009) % 300_000).fill(at));
      })();
      for (let at = 0; at < 50; at++) {
        const message = (await to.receive())!;
        assertEquals(message.data.length, (at * 40_009) % 300_000);
        assert(message.data.every((byte) => byte === at));
      }
      await sending;
    };
    await Promise.all([exchange(left, right), exchange(right, left)]);
  }
});

claim("processes that share a socket send whole messages, each in its order", async () => {
  const COUNT = 3000;
  for (const options of [{}, { type: "seqpacket" }] as const) {
    const [peer, beam] = await ForeignPeer.beam(options);
    await using _peer = peer;
    using _beam = beam;
    const words = ["one", "another", "a third"];
    for (const word of words) await peer.tell("flood", hex(word.repeat(100)), [word], COUNT);
    const counts = new Map<string, number>();
    for (let left = words.length * COUNT; left > 0; left--) {
      using message = (await beam.receive())!;
      const [text] = textsOf(message);
      assertEquals(message.text, text.repeat(100));
      counts.set(text, (counts.get(text) ?? 0) + 1);
    }
    assertEquals(words.map((word) => counts.get(word)), words.map(() => COUNT));
  }
});

claim("two beams that share one end of packets get each message once, if they do not read ahead", async () => {
  const [sender, receiver] = Beam.pair({ type: "seqpacket", readAhead: false });
  using _sender = sender;
  using _receiver = receiver;
  using second = Beam.fromFd(receiver.fd.duplicate(), { readAhead: false });
  const seen: number[] = [];
  const receiveAll = async (beam: Beam): Promise<number> => {
    let count = 0;
    for await (const message of beam) {
      seen.push(message.data[0]);
      count++;
    }
    return count;
  };
  const counts = Promise.all([receiveAll(receiver), receiveAll(second)]);
  for (let at = 0; at < 200; at++) await sender.send(new Uint8Array([at]));
  sender.end();
  const [one, other] = await counts;
  assertEquals(one + other, 200);
  assertEquals(seen.sort((a, b) => a - b), Array.from({ length: 200 }, (_, at) => at));
});
