import { Beam, type BeamOptions, type Fd, UnixSocket } from "ipcx";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { writeHeader } from "../../src/beam/wires/frame.ts";
import { claim } from "../claim.ts";
import { targetOf } from "../core/open_descriptors.ts";
import { pipe } from "./descriptors.ts";

interface Sent {
  size: number;
  /** Which of the descriptors go along. */
  fds: number[];
}

const NEAR = [0, 4, 4096, 16_384, 65_536, 1_048_576];

/** Sizes on both sides of every limit. */
const size = fc.oneof(
  { weight: 3, arbitrary: fc.nat(100) },
  fc.tuple(fc.constantFrom(...NEAR), fc.integer({ min: -5, max: 5 })).map(([near, off]) => Math.max(0, near + off)),
  fc.nat(300_000),
);

function messages(maxLength: number): fc.Arbitrary<Sent[]> {
  return fc.array(fc.record({ size, fds: fc.array(fc.nat(2), { maxLength: 3 }) }), { maxLength, size: "max" });
}

function options(...thresholds: number[]): fc.Arbitrary<BeamOptions> {
  return fc.record({
    memoryThreshold: fc.constantFrom(1, 100, 5000, 65_536, ...thresholds),
    memoryBytes: fc.constantFrom(65_536, 131_072, 4 * 1024 * 1024),
    readAhead: fc.boolean(),
    sendBuffer: fc.constantFrom(0, 256 * 1024),
  });
}

/** Bytes that differ from message to message and from place to place. */
function payload(size: number, seed: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  let state = (seed * 2_654_435_761 + 1) >>> 0;
  for (let at = 0; at < size; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

/** Compares without the pictures that assertEquals() would draw of a megabyte. */
function assertSame(actual: Uint8Array, expected: Uint8Array): void {
  assertEquals(actual.length, expected.length);
  assert(actual.every((byte, at) => byte === expected[at]), "other bytes");
}

/** Receives what was sent, and nothing more. */
async function assertArrives(receiver: Beam, sent: readonly Sent[], fds: readonly Fd[]): Promise<void> {
  for (const [index, expected] of sent.entries()) {
    using message = await receiver.receive();
    assert(message !== null, `the end, where message ${index} was expected`);
    assertSame(message.data, payload(expected.size, index));
    assertEquals(
      message.fds.map((fd) => targetOf(fd.number)),
      expected.fds.map((which) => targetOf(fds[which].number)),
    );
    assertEquals([message.controlTruncated, message.truncated, message.fdsLost], [false, false, false]);
  }
  assertEquals(await receiver.receive(), null);
}

/** Three descriptors that can be told apart, closed at the end. */
async function withDescriptors(test: (fds: readonly Fd[]) => Promise<void>): Promise<void> {
  const ends = [...pipe(), ...pipe(), ...pipe()];
  try {
    await test([ends[0], ends[2], ends[4]]);
  } finally {
    for (const end of ends) end.close();
  }
}

// The largest packet has 212960 bytes; what is above the threshold goes in parts.
for (const [type, threshold] of [["stream", Infinity], ["seqpacket", 200_000]] as const) {
  claim(`any sequence of messages arrives as sent, in frames or packets: ${type}`, async () => {
    await withDescriptors(async (fds) => {
      await fc.assert(
        fc.asyncProperty(messages(25), options(threshold), fc.boolean(), async (sent, settings, atOnce) => {
          const [left, right] = UnixSocket.pair(type);
          // Each frame is sent in many pieces then.
          if (type === "stream" && settings.sendBuffer === 0) left.setOption("sendBuffer", 1);
          const [sender, receiver] = [left, right].map((socket) => new Beam(socket, { framed: true, ...settings }));
          using _sender = sender;
          using _receiver = receiver;
          const send = async (): Promise<void> => {
            const all = sent.map(async ({ size, fds: which }, index) => {
              await sender.send(payload(size, index), which.map((at) => fds[at]));
            });
            if (atOnce) await Promise.all(all);
            else for (const one of all) await one;
            sender.end();
          };
          await Promise.all([send(), assertArrives(receiver, sent, fds)]);
        }),
        { numRuns: 150 },
      );
    });
  });
}

/** Frames as somebody else may send them: each piece is one sendmsg(2). */
function piecesOf(sent: readonly Sent[], fds: readonly Fd[], cuts: readonly number[]): [Uint8Array, Fd[]][] {
  const pieces: [Uint8Array, Fd[]][] = [];
  let cut = 0;
  let pending = new Uint8Array();
  let along: Fd[] = [];
  const flush = (): void => {
    for (let at = 0; at < pending.length;) {
      const length = cuts.length > 0 ? cuts[cut++ % cuts.length] : pending.length;
      pieces.push([pending.slice(at, at + length), along]);
      along = [];
      at += length;
    }
    pending = new Uint8Array();
  };
  for (const [index, { size, fds: which }] of sent.entries()) {
    const frame = new Uint8Array(4 + size);
    writeHeader(frame, size, which.length > 0);
    frame.set(payload(size, index), 4);
    if (which.length > 0) {
      flush();
      along = which.map((at) => fds[at]);
    }
    const both = new Uint8Array(pending.length + frame.length);
    both.set(pending);
    both.set(frame, pending.length);
    pending = both;
  }
  flush();
  return pieces;
}

claim("frames arrive as sent, however their bytes are cut", async () => {
  const cuts = fc.array(fc.oneof(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 40_000 })), {
    maxLength: 10,
  });
  await withDescriptors(async (fds) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({ size: fc.oneof(fc.nat(20), fc.nat(20_000)), fds: fc.array(fc.nat(2), { maxLength: 3 }) }),
          {
            maxLength: 12,
          },
        ),
        cuts,
        fc.boolean(),
        async (sent, cuts, readAhead) => {
          const [left, right] = UnixSocket.pair();
          using sender = left;
          using receiver = new Beam(right, { framed: true, readAhead });
          const send = async (): Promise<void> => {
            for (const [bytes, along] of piecesOf(sent, fds, cuts)) {
              await sender.send(bytes as Uint8Array<ArrayBuffer>, { fds: along });
            }
            sender.shutdown("write");
          };
          await Promise.all([send(), assertArrives(receiver, sent, fds)]);
        },
      ),
      { numRuns: 150 },
    );
  });
});

claim("any sequence of messages with a descriptor each arrives as sent without frames", async () => {
  await withDescriptors(async (fds) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ size: fc.integer({ min: 1, max: 4096 }), fds: fc.nat(2).map((at) => [at]) })),
        fc.boolean(),
        async (sent, readAhead) => {
          const [sender, receiver] = Beam.pair({ readAhead });
          using _sender = sender;
          using _receiver = receiver;
          const send = async (): Promise<void> => {
            for (const [index, { size, fds: which }] of sent.entries()) {
              await sender.send(payload(size, index), fds[which[0]]);
            }
            sender.end();
          };
          await Promise.all([send(), assertArrives(receiver, sent, fds)]);
        },
      ),
      { numRuns: 100 },
    );
  });
});
