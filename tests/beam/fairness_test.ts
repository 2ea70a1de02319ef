import { Beam } from "ipcx";
import { assert, assertEquals } from "@std/assert";
import { claim } from "../claim.ts";
import { pipeWith, sealedMemory } from "./descriptors.ts";
import { ForeignPeer, hex } from "./foreign_peer.ts";
import { BOUNDED, halfPair, WIRES } from "./wires.ts";
import { header, joined, partOn } from "./raw_frames.ts";

/** So often a timer has to fire while messages stream. */
const TICKS = 20;

/** How long one loop may take that would otherwise never end, in milliseconds. */
const PATIENCE_MS = 60_000;

/** Counts the turns that timers get. */
class Ticks implements Disposable {
  count = 0;
  readonly #timer = setInterval(() => this.count++, 1);

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

claim("timers fire while messages stream from one beam to the other", async () => {
  for (const options of WIRES) {
    const [sender, receiver] = Beam.pair(options);
    using _sender = sender;
    using _receiver = receiver;
    using along = pipeWith("along");
    using ticks = new Ticks();
    const deadline = performance.now() + PATIENCE_MS;
    for (let number = 0; ticks.count < TICKS && performance.now() < deadline; number++) {
      await sender.send("message", along);
      using message = (await receiver.receive())!;
      assertEquals(message.text, "message");
    }
    // The timer may fire more than once while one message is on its way.
    assert(ticks.count >= TICKS, `${ticks.count} turns`);
  }
});

claim("timers fire while another process sends as fast as it can", async () => {
  const COUNT = 200_000;
  for (const options of [{}, { type: "seqpacket" }, { type: "seqpacket", readAhead: false }] as const) {
    const [peer, beam] = await ForeignPeer.beam({ ...options, maxBytes: 32_768 });
    await using _peer = peer;
    using _beam = beam;
    using ticks = new Ticks();
    await peer.tell("flood", hex("x"), [], COUNT);
    await peer.tell("flood", hex("x"), [], COUNT);
    await peer.tell("close");
    let bytes = 0;
    for await (const message of beam) bytes += message.data.length;
    assertEquals(bytes, 2 * COUNT);
    assert(ticks.count >= TICKS, `${ticks.count} turns`);
  }
});

/** Makes sure that others have their turn before a message is there, which much comes before. */
async function assertOthersFirst(beam: Beam): Promise<void> {
  const order: string[] = [];
  const others = new Promise<void>((resolve) => setImmediate(() => resolve(void order.push("others"))));
  using message = (await beam.receive())!;
  order.push(message.text);
  await others;
  assertEquals(order, ["others", "the message"]);
}

claim("others have their turn while messages without descriptors are skipped", async () => {
  for (const options of BOUNDED) {
    const [sender, receiver] = Beam.pair({ ...options, skipWithoutFd: true });
    using _sender = sender;
    using _receiver = receiver;
    for (let left = 200; left > 0; left--) await sender.send("skipped");
    await sender.send("the message", sender.fd);
    await assertOthersFirst(receiver);
  }
});

claim("parts that never make a message do not keep everybody else waiting", async () => {
  for (const options of BOUNDED) {
    const [socket, beam] = halfPair({ ...options, readAhead: false });
    using sender = socket;
    using receiver = beam;
    const part = partOn(sender.type as "stream" | "seqpacket", { kind: "descriptors" });
    for (let left = 100; left > 0; left--) await sender.send(part);
    const message = new TextEncoder().encode("the message");
    await sender.send(sender.type === "stream" ? joined(header(message.length), message) : message);
    await assertOthersFirst(receiver);
  }
});

claim("large messages that cost their sender next to nothing leave others their turns", async () => {
  const COUNT = 40;
  const PAYLOAD_BYTES = 4 * 1024 * 1024;
  const place = { offset: 0, length: PAYLOAD_BYTES, end: PAYLOAD_BYTES, total: PAYLOAD_BYTES };
  for (const skipWithoutFd of [true, false]) {
    const [socket, beam] = halfPair({ framed: true, skipWithoutFd });
    using sender = socket;
    using receiver = beam;
    using memory = sealedMemory(4096 + PAYLOAD_BYTES);
    await sender.send(partOn("stream", { kind: "memory", size: PAYLOAD_BYTES }, true), { fds: [memory] });
    // All of them lie at the same place, so each costs no more than a frame.
    await sender.send(joined(...Array(COUNT).fill(partOn("stream", { kind: "shared", ...place }))));
    sender.close();
    let turns = 0;
    let over = false;
    const turn = (): unknown => over || (turns++, setImmediate(turn));
    setImmediate(turn);
    const buffer = new Uint8Array(PAYLOAD_BYTES);
    let received = 0;
    while (await receiver.receive({ buffer })) received++;
    over = true;
    assertEquals(received, skipWithoutFd ? 0 : COUNT);
    assert(turns >= COUNT / 8, `${turns} turns`);
  }
});
