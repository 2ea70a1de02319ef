import { Beam, BeamError, type Fd, type Message, UnixSocket } from "ipcx";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { claim } from "../claim.ts";
import { openNumbers, targetOf } from "../core/open_descriptors.ts";
import { pipe, sealedMemory } from "./descriptors.ts";
import { header, joined, type LoosePart, partOn, unknownPart } from "./raw_frames.ts";

type Type = "stream" | "seqpacket";

/** One sendmsg(2): bytes, and which descriptors go with them. */
interface Volley {
  bytes: Uint8Array;
  fds: number[];
}

const RUNS = 1500;
const MEMORY = 4096 + 65_536;

/** Numbers around those that decide something. */
const number = fc.oneof(
  fc.nat(20),
  fc.constantFrom(4096, 65_535, 65_536, 65_537, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff),
  fc.integer({ min: 0, max: 0xffffffff }),
);

const part: fc.Arbitrary<LoosePart> = fc.oneof(
  fc.constant<LoosePart>({ kind: "descriptors" }),
  number.map((size): LoosePart => ({ kind: "memory", size })),
  fc.record({ offset: number, length: number, end: number, total: number })
    .map((place): LoosePart => ({ kind: "shared", ...place })),
  fc.record({ length: number, total: number }).map((piece): LoosePart => ({ kind: "inline", ...piece })),
  // Such as are right, so that the wrong ones come in the middle of something.
  fc.nat(10).map((total): LoosePart => ({ kind: "shared", offset: 0, length: total, end: total, total })),
  fc.nat(10).map((total): LoosePart => ({ kind: "inline", length: total, total: 2 * total })),
);

function pieceOf(type: Type): fc.Arbitrary<Uint8Array> {
  return fc.oneof(
    fc.uint8Array({ maxLength: 30 }),
    fc.uint8Array({ minLength: 4000, maxLength: 9000 }),
    fc.tuple(part, fc.boolean()).map(([part, hasFds]) => partOn(type, part, hasFds)),
    fc.tuple(part, fc.boolean()).map(([part, hasFds]) => partOn(type, part, hasFds)),
    number.map((kind) => unknownPart(type, kind)),
    fc.tuple(number, fc.boolean()).map(([length, hasFds]) => header(length, hasFds)),
    fc.nat(20).map((length) => joined(header(length), new Uint8Array(length))),
    fc.nat(20).map((length) => joined(header(length, true), new Uint8Array(length))),
  );
}

function volleys(type: Type): fc.Arbitrary<Volley[]> {
  const volley = fc.record({
    bytes: fc.array(pieceOf(type), { minLength: 1, maxLength: 3 }).map((pieces) => joined(...pieces)),
    fds: fc.oneof(fc.constant<number[]>([]), fc.array(fc.nat(2), { maxLength: 4 })),
  });
  return fc.array(volley, { minLength: 1, maxLength: 12 });
}

function openTargets(): string[] {
  return openNumbers().map((n) => `${n} ${targetOf(n)}`);
}

/** Sends what fits, without waiting, and ends. */
function sendAll(socket: UnixSocket, sent: readonly Volley[], fds: readonly Fd[]): void {
  for (const { bytes, fds: which } of sent) {
    if (bytes.length > 0) socket.trySend(bytes as Uint8Array<ArrayBuffer>, { fds: which.map((at) => fds[at]) });
  }
  socket.shutdown("write");
}

/** Receives until the end or until the beam has ended, which has to come. */
async function receiveAll(beam: Beam): Promise<number> {
  for (let messages = 0; messages < 1000; messages++) {
    let message: Message | null;
    try {
      message = await beam.receive();
    } catch (error) {
      assert(error instanceof BeamError, `${error}`);
      if (beam.isOpen) continue;
      return messages;
    }
    if (message === null) return messages;
    message[Symbol.dispose]();
  }
  throw new Error("no end");
}

for (const [type, framed] of [["stream", false], ["stream", true], ["seqpacket", true]] as const) {
  const wire = framed ? type === "stream" ? "frames" : "packets" : "no frames";
  claim(`random bytes with random descriptors end in messages, an error or the end, with ${wire}`, async () => {
    using memory = sealedMemory(MEMORY);
    const ends = pipe();
    let messages = 0;
    await fc.assert(
      fc.asyncProperty(volleys(type), fc.boolean(), fc.nat(3), async (sent, readAhead, maxFds) => {
        const before = openTargets();
        const [left, right] = UnixSocket.pair(type);
        using socket = left;
        using beam = new Beam(right, { framed, readAhead, maxFds });
        sendAll(socket, sent, [memory, ...ends]);
        messages += await receiveAll(beam);
        beam.close();
        socket.close();
        assertEquals(openTargets(), before);
      }),
      { numRuns: RUNS },
    );
    for (const end of ends) end.close();
    assert(messages > RUNS / 10, `${messages} messages are too few to have tested anything`);
  });
}

claim("a beam that is closed or given up with random bytes before it leaks nothing", async () => {
  using memory = sealedMemory(MEMORY);
  const ends = pipe();
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom<Type>("stream", "seqpacket").chain((type) => fc.tuple(fc.constant(type), volleys(type))),
      fc.nat(3),
      async ([type, sent], most) => {
        const before = openTargets();
        const [left, right] = UnixSocket.pair(type);
        using socket = left;
        using beam = new Beam(right, { framed: true });
        sendAll(socket, sent, [memory, ...ends]);
        try {
          for (let count = 0; count < most; count++) (await beam.receive())?.[Symbol.dispose]();
          beam.release().close();
        } catch {
          beam.close();
        }
        socket.close();
        assertEquals(openTargets(), before);
      },
    ),
    { numRuns: RUNS },
  );
  for (const end of ends) end.close();
});
