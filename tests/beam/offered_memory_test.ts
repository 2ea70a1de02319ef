import { Beam } from "ipcx";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { claim } from "../claim.ts";
import { BOUNDED, halfPair, WIRES } from "./wires.ts";
import { header } from "./raw_frames.ts";

const SIZE = 100_000;

claim("a large payload is put into the memory that is offered, if it fits", async () => {
  for (const memoryThreshold of [65_536, 200_000]) {
    for (const options of BOUNDED) {
      const [sender, receiver] = Beam.pair({ ...options, memoryThreshold });
      using _sender = sender;
      using _receiver = receiver;
      for (const [offered, fits] of [[SIZE, true], [2 * SIZE, true], [SIZE - 1, false]] as const) {
        const buffer = new Uint8Array(offered).fill(1);
        const sending = sender.send(new Uint8Array(SIZE).fill(2));
        const { data } = (await receiver.receive({ buffer }))!;
        await sending;
        assertEquals([data.length, data.every((byte) => byte === 2)], [SIZE, true]);
        // Packets that come in one piece are where the kernel has put them.
        if (fits && !(options.type && memoryThreshold > SIZE)) assert(data.buffer === buffer.buffer);
        if (!fits) assert(data.buffer !== buffer.buffer && buffer.every((byte) => byte === 1));
        if (data.buffer === buffer.buffer) assert(buffer.subarray(SIZE).every((byte) => byte === 1));
      }
    }
  }
});

claim("an offer holds for one message", async () => {
  for (const options of WIRES) {
    const [sender, receiver] = Beam.pair(options);
    using _sender = sender;
    using _receiver = receiver;
    const buffer = new Uint8Array(SIZE);
    await sender.send("small");
    const small = (await receiver.receive({ buffer }))!;
    assertEquals(small.text, "small");
    if (!options.framed && !options.type) continue;
    const sending = sender.send(new Uint8Array(SIZE).fill(2));
    const { data } = (await receiver.receive())!;
    await sending;
    assert(data.buffer !== buffer.buffer);
    assert(buffer.every((byte) => byte === 0 || byte < 128));
  }
});

claim("who gives up has its memory back, and the message is received by the next", async () => {
  const [socket, receiver] = halfPair({ framed: true });
  using sender = socket;
  using _receiver = receiver;
  const buffer = new Uint8Array(SIZE);
  await sender.send(header(SIZE));
  await sender.send(new Uint8Array(SIZE / 2).fill(2));
  const controller = new AbortController();
  const received = receiver.receive({ buffer, signal: controller.signal });
  controller.abort();
  await assertRejects(() => received, DOMException);
  const sending = sender.send(new Uint8Array(SIZE / 2).fill(3));
  buffer.fill(9);
  const { data } = (await receiver.receive())!;
  await sending;
  assert(data.buffer !== buffer.buffer);
  assert(data.every((byte, at) => byte === (at < SIZE / 2 ? 2 : 3)));
  assert(buffer.every((byte) => byte === 9));
});
