import { Beam, BeamError, type Fd, UnixSocket } from "ipcx";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { claim } from "../claim.ts";
import { countOpen } from "../core/open_descriptors.ts";
import { sealedMemory } from "./descriptors.ts";
import { partOn } from "./raw_frames.ts";

const RING = 65_536;
const HEAD = 4096;

/** Writes into memory that is shared, behind the back of its other user. */
function scribble(memory: Fd, at: number, bytes: Uint8Array): void {
  using file = Deno.openSync(`/proc/self/fd/${memory.number}`, { write: true });
  file.seekSync(at, Deno.SeekMode.Start);
  file.writeSync(bytes);
}

/** Takes what there is; tells of memory that came along, now the caller's. */
function takeAll(socket: UnixSocket): Fd | undefined {
  let memory: Fd | undefined;
  for (;;) {
    using message = socket.tryReceive({ maxBytes: 1024 * 1024 });
    if (!message) return memory;
    memory ??= message.takeFd();
  }
}

/** Counters, most of them near those that would be right. */
const counter = fc.oneof(
  fc.nat(2 * RING),
  fc.constantFrom(0, 0x7fffffff, 0x80000000, 0xffffffff),
  fc.integer({ min: 0, max: 0xffffffff }),
);

claim(
  "whatever a receiver counts, its sender sends, or tells that it makes no sense, and never waits for ever",
  async () => {
    for (const type of ["stream", "seqpacket"] as const) {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(fc.integer({ min: 1, max: 200_000 }), counter), { minLength: 1, maxLength: 6 }),
          async (steps) => {
            const before = countOpen();
            const [left, right] = UnixSocket.pair(type);
            using beam = new Beam(left, { framed: true, memoryThreshold: 1, memoryBytes: RING });
            using socket = right;
            await beam.send(new Uint8Array(1));
            const memory = takeAll(socket)!;
            for (const [size, count] of steps) {
              let isDone = false;
              const sending = beam.send(new Uint8Array(size)).then(() => "sent", (error) => {
                assert(error instanceof BeamError, `${error}`);
                return error.code;
              }).finally(() => isDone = true);
              while (!isDone) {
                takeAll(socket)?.close();
                await new Promise((resolve) => setImmediate(resolve));
              }
              const outcome = await sending;
              assert(["sent", "protocol", "cut-off"].includes(outcome), outcome);
              scribble(memory, 0, new Uint8Array(new Uint32Array([count]).buffer));
            }
            memory.close();
            beam.close();
            socket.close();
            assertEquals(countOpen(), before);
          },
        ),
        { numRuns: 60 },
      );
    }
  },
);

claim("what a sender changes after it was sent is received as it is by then, and harms nobody", async () => {
  for (const type of ["stream", "seqpacket"] as const) {
    const [left, right] = UnixSocket.pair(type);
    using socket = left;
    using beam = new Beam(right, { framed: true });
    using memory = sealedMemory(HEAD + RING);
    await socket.send(partOn(type, { kind: "memory", size: RING }, true), { fds: [memory] });
    await socket.send(partOn(type, { kind: "shared", offset: 0, length: RING, end: RING, total: RING }));
    scribble(memory, HEAD, new Uint8Array(RING).fill(7));
    const message = (await beam.receive())!;
    assert(message.data.every((byte) => byte === 7));
    scribble(memory, HEAD, new Uint8Array(RING).fill(8));
    assert(message.data.every((byte) => byte === 7), "what was received is the receiver's alone");
  }
});

claim("a receiver counts what it has taken, as its sender has said, and leaves the payloads alone", async () => {
  for (const type of ["stream", "seqpacket"] as const) {
    const [left, right] = UnixSocket.pair(type);
    using socket = left;
    using beam = new Beam(right, { framed: true });
    using memory = sealedMemory(HEAD + RING);
    scribble(memory, HEAD, new Uint8Array(RING).fill(9));
    await socket.send(partOn(type, { kind: "memory", size: RING }, true), { fds: [memory] });
    for (const [offset, length, end] of [[0, 10, 10], [10, 100, 0xfffffff0], [RING - 5, 5, 3]]) {
      await socket.send(partOn(type, { kind: "shared", offset, length, end, total: length }));
      assertEquals((await beam.receive())!.data.length, length);
      const bytes = Deno.readFileSync(`/proc/self/fd/${memory.number}`);
      assertEquals(new DataView(bytes.buffer).getUint32(0, true), end);
      assert(bytes.subarray(HEAD).every((byte) => byte === 9));
    }
  }
});
