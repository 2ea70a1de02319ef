import { Beam, BeamError, ClosedError } from "ipcx";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { claim } from "../claim.ts";
import { residentBytes } from "../broker/process_figures.ts";
import { pipeWith } from "./descriptors.ts";
import { header } from "./raw_frames.ts";
import { BOUNDED, halfPair, WIRES } from "./wires.ts";

const MIB = 1024 * 1024;
const MAX_GROWTH_BYTES = 48 * MIB;

/** Lets all that can happen without anybody else happen. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}

/** Sends numbered messages until no more fit; tells how many did, and of the one that waits. */
async function fill(beam: Beam, size: number, signal?: AbortSignal): Promise<[sent: number, waiting: Promise<void>]> {
  using along = pipeWith("along");
  for (let number = 0;; number++) {
    let isSent = false;
    const fd = along.duplicate();
    const sending = beam.send(new Uint8Array(size).fill(number), fd, { signal }).finally(() => fd.close());
    sending.then(() => isSent = true, () => {});
    // What can be sent at once is sent in microtasks.
    for (let turns = 0; !isSent && turns < 30; turns++) await (turns < 10 ? undefined : turn());
    if (!isSent) return [number, sending];
  }
}

/** Receives numbered messages. */
async function take(beam: Beam, size: number, count: number): Promise<void> {
  for (let number = 0; number < count; number++) {
    using message = (await beam.receive())!;
    assertEquals([message.data.length, message.data[0], message.data[size - 1]], [size, number % 256, number % 256]);
    assertEquals(message.fds.length, 1);
  }
}

for (const options of WIRES) {
  const isPlain = !options.framed && options.type === undefined;
  const name = isPlain ? "without frames" : options.framed ? "in frames" : "in packets";
  const sizes = isPlain ? [100, 4096] : [100, 5000, 60_000, 3 * MIB];

  claim(`who is not read waits, with bounded memory, and goes on when read again: ${name}`, async () => {
    for (const size of sizes) {
      const [sender, receiver] = Beam.pair(options);
      using _sender = sender;
      using _receiver = receiver;
      const before = residentBytes(Deno.pid);
      const [sent, waiting] = await fill(sender, size);
      assert(residentBytes(Deno.pid) - before < MAX_GROWTH_BYTES);
      assert(sent * size < 6 * MIB);
      await take(receiver, size, sent + 1);
      await waiting;
      await sender.send("and on");
      assertEquals((await receiver.receive())!.text, "and on");
    }
  });

  claim(`a wait for room can be given up, as if the message had never been: ${name}`, async () => {
    for (const size of sizes.filter((size) => size < 20_000)) {
      const [sender, receiver] = Beam.pair(options);
      using _sender = sender;
      using _receiver = receiver;
      const controller = new AbortController();
      const [sent, waiting] = await fill(sender, size, controller.signal);
      const behind = sender.send("behind it", [], { signal: AbortSignal.timeout(1) });
      const after = sender.send("after it");
      const reason = new Error("enough");
      await assertRejects(() => behind, DOMException);
      controller.abort(reason);
      assert(await assertRejects(() => waiting) === reason);
      await take(receiver, size, sent);
      await after;
      assertEquals((await receiver.receive())!.text, "after it");
      assertEquals(receiver.tryReceive(), undefined);
    }
  });
}

claim("a message that is given up halfway ends the sending, and the receiver is told", async () => {
  for (const options of BOUNDED) {
    const [sender, receiver] = Beam.pair({ ...options, memoryBytes: 65_536 });
    using _sender = sender;
    using _receiver = receiver;
    const controller = new AbortController();
    const reason = new Error("enough");
    using along = pipeWith("along");
    const sending = sender.send(new Uint8Array(8 * MIB), along, { signal: controller.signal });
    const queued = sender.send("queued");
    for (let turns = 0; turns < 20; turns++) await turn();
    controller.abort(reason);
    assert(await assertRejects(() => sending) === reason);
    for (const later of [queued, sender.send("later")]) {
      assertEquals((await assertRejects(() => later, BeamError)).code, "cut-off");
    }
    await receiver.send("the other direction is as it was", along);
    using message = (await sender.receive())!;
    assertEquals(message.fds.length, 1);
    assertEquals((await assertRejects(() => receiver.receive(), BeamError)).code, "cut-off");
    assertEquals(await sender.receive(), null);
  }
});

claim("a signal that was given before is heard before anything is sent", async () => {
  for (const options of WIRES) {
    const [sender, receiver] = Beam.pair(options);
    using _sender = sender;
    using _receiver = receiver;
    const reason = new Error("too late");
    const signal = AbortSignal.abort(reason);
    assert(await assertRejects(() => sender.send("x", [], { signal })) === reason);
    assert(await assertRejects(() => receiver.receive({ signal })) === reason);
    assert(await assertRejects(() => sender.sendPipe("x", { signal })) === reason);
    assertEquals(receiver.tryReceive(), undefined);
  }
});

claim("while a message waits for room, what the peer sends can be received", async () => {
  for (const options of WIRES) {
    const [left, right] = Beam.pair(options);
    using _left = left;
    using _right = right;
    const [sent, waiting] = await fill(left, 4000);
    await right.send("meanwhile");
    assertEquals((await left.receive())!.text, "meanwhile");
    await take(right, 4000, sent + 1);
    await waiting;
  }
});

claim("close() ends the waits of a sender and of a receiver", async () => {
  for (const options of WIRES) {
    const [left, right] = Beam.pair(options);
    using _right = right;
    const [, waiting] = await fill(left, 4000);
    const queued = left.send("queued");
    const receiving = left.receive();
    const behind = left.receive();
    left.close();
    for (const ended of [waiting, queued, receiving, behind]) await assertRejects(() => ended, ClosedError);
  }
});

claim("who waits for room is told why, if what comes meanwhile is no message and ends the beam", async () => {
  const [peer, beam] = halfPair({ framed: true, memoryThreshold: Infinity });
  using _peer = peer;
  using _beam = beam;
  const sent = assertRejects(() => beam.send(new Uint8Array(3 * MIB)), BeamError, "maxBytes");
  await peer.send(header(beam.settings.maxBytes + 1));
  const error = await assertRejects(() => beam.receive(), BeamError);
  assert(await sent === error);
});
