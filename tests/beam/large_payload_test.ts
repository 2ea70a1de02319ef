import { Beam, BeamError, UnixSocket } from "ipcx";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { decodePart, HEADER_BYTES, PACKET_MARK, type Part, PART_BYTES } from "../../src/beam/wires/frame.ts";
import { claim } from "../claim.ts";
import { pipeWith, textsOf } from "./descriptors.ts";

const MIB = 1024 * 1024;

/** The mappings of senders' memory that this process has. */
function mappings(): number {
  return Deno.readTextFileSync("/proc/self/maps").split("\n").filter((line) => line.includes("/memfd:ipcx")).length;
}

/** Bytes that show where they belong. */
function numbered(size: number): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(Math.ceil(size / 4)).map((_, at) => at * 2_654_435_761);
  return new Uint8Array(words.buffer, 0, size);
}

function assertNumbered(bytes: Uint8Array, size: number): void {
  assertEquals(bytes.length, size);
  const expected = numbered(size);
  assert(bytes.every((byte, at) => byte === expected[at]), "other bytes");
}

/** The parts that a beam sends, read from a bare socket. */
async function readPart(socket: UnixSocket): Promise<{ part: Part; fds: number; inline: number }> {
  const isStream = socket.type === "stream";
  const head = (isStream ? HEADER_BYTES : PACKET_MARK.length) + PART_BYTES;
  using message = (await socket.receive({ maxBytes: isStream ? head : 100_000 }))!;
  const part = decodePart(message.data, head - PART_BYTES)!;
  let inline = message.data.length - head;
  while (isStream && part.kind === "inline" && inline < part.length) {
    inline += (await socket.receive({ maxBytes: part.length - inline }))!.data.length;
  }
  return { part, fds: message.fds.length, inline };
}

for (const type of ["stream", "seqpacket"] as const) {
  const pairOf = (options = {}): [Beam, Beam] => Beam.pair({ type, framed: true, ...options });

  claim(`payloads below, at and above every limit arrive, up to 16 MiB: ${type}`, async () => {
    const [sender, receiver] = pairOf();
    using _sender = sender;
    using _receiver = receiver;
    for (const near of [65_536, MIB, 4 * MIB, 5 * MIB + 4711, 16 * MIB - 1]) {
      for (const size of [near - 1, near, near + 1]) {
        using along = pipeWith(`${size}`);
        const sending = sender.send(numbered(size), along);
        using message = (await receiver.receive())!;
        assertNumbered(message.data, size);
        assertEquals(textsOf(message), [`${size}`]);
        await sending;
      }
    }
  });

  claim(`from the threshold on a payload moves through shared memory: ${type}`, async () => {
    const before = mappings();
    {
      const [sender, receiver] = pairOf({ memoryThreshold: 1000 });
      using _sender = sender;
      using _receiver = receiver;
      await sender.send(numbered(999));
      assertNumbered((await receiver.receive())!.data, 999);
      assertEquals(mappings(), before);
      await sender.send(numbered(1000));
      assertNumbered((await receiver.receive())!.data, 1000);
      assertEquals(mappings(), before + 2);
      for (let left = 20; left > 0; left--) {
        const sending = sender.send(numbered(MIB));
        assertNumbered((await receiver.receive())!.data, MIB);
        await sending;
      }
      assertEquals(mappings(), before + 2, "the same memory again and again");
      await receiver.send(numbered(1000));
      assertNumbered((await sender.receive())!.data, 1000);
      assertEquals(mappings(), before + 4, "the other direction has memory of its own");
    }
    assertEquals(mappings(), before);
  });

  claim(`all that the socket carries of a large payload is where it lies: ${type}`, async () => {
    const [left, right] = UnixSocket.pair(type);
    using sender = new Beam(left, { framed: true });
    using socket = right;
    using along = pipeWith("along");
    await sender.send(numbered(MIB), along);
    const kinds = [];
    for (let left = 3; left > 0; left--) {
      const { part, fds } = await readPart(socket);
      kinds.push([part.kind, fds]);
    }
    assertEquals(kinds, [["descriptors", 1], ["memory", 1], ["shared", 0]]);
    assertEquals(socket.tryReceive(), undefined);
  });

  claim(`what a receiver does not take from the memory goes through the socket: ${type}`, async () => {
    const [left, right] = UnixSocket.pair(type);
    using sender = new Beam(left, { framed: true, memoryBytes: 65_536 });
    using socket = right;
    const size = MIB;
    const sending = sender.send(numbered(size));
    const bytes = { shared: 0, inline: 0 };
    while (bytes.shared + bytes.inline < size) {
      const { part, inline } = await readPart(socket);
      if (part.kind === "shared") bytes.shared += part.length;
      bytes.inline += inline;
    }
    await sending;
    assertEquals(bytes, { shared: 65_536, inline: size - 65_536 });
  });

  claim(`what is above maxBytes is not sent, and what arrives above it is an error: ${type}`, async () => {
    const [left, right] = UnixSocket.pair(type);
    using sender = new Beam(left, { framed: true, maxBytes: 200_000 });
    using receiver = new Beam(right, { framed: true, maxBytes: 100_000 });
    const tooLarge = await assertRejects(() => sender.send(numbered(200_001)), BeamError);
    assertEquals(tooLarge.code, "too-large");
    assertEquals(receiver.tryReceive(), undefined);
    await sender.send(numbered(100_000));
    assertNumbered((await receiver.receive())!.data, 100_000);
    using along = pipeWith("closed");
    await sender.send(numbered(100_001), along);
    const error = await assertRejects(() => receiver.receive(), BeamError, "100001 bytes; maxBytes is 100000");
    assertEquals([error.code, receiver.isOpen], ["too-large", type === "seqpacket"]);
  });
}

claim("a packet above maxBytes is skipped whole, in however many parts it came", async () => {
  for (const options of [{ memoryThreshold: 200_000 }, {}, { memoryBytes: 65_536 }]) {
    const [left, right] = UnixSocket.pair("seqpacket");
    using sender = new Beam(left, options);
    using receiver = new Beam(right, { maxBytes: 70_000 });
    using along = pipeWith("not for the next");
    for (let left = 3; left > 0; left--) {
      const sending = sender.send(numbered(150_000), [...Array(300).fill(along)]);
      const error = await assertRejects(() => receiver.receive(), BeamError);
      assertEquals(error.code, "too-large");
      const next = sender.send(numbered(70_000));
      using message = (await receiver.receive())!;
      assertNumbered(message.data, 70_000);
      assertEquals([message.fds.length, message.controlTruncated], [0, false]);
      await Promise.all([sending, next]);
    }
  }
});

claim("pieces that go through the socket are no larger than its send buffer", async () => {
  const [left, right] = UnixSocket.pair("seqpacket");
  left.setOption("sendBuffer", 5000);
  using sender = new Beam(left, { memoryBytes: 65_536, sendBuffer: 0 });
  using socket = right;
  const sending = sender.send(numbered(200_000));
  for (let bytes = 0; bytes < 200_000;) {
    const { part, inline } = await readPart(socket);
    bytes += part.kind === "shared" ? part.length : inline;
  }
  await sending;
});

claim("packets that begin as parts do arrive as they are, of any size", async () => {
  for (const options of [{}, { memoryThreshold: Infinity }]) {
    const [sender, receiver] = Beam.pair({ type: "seqpacket", maxBytes: 100_000, ...options });
    using _sender = sender;
    using _receiver = receiver;
    for (const size of [16, 17, 36, 37, 1000, 65_535, 99_964, 99_965, 100_000]) {
      const data = numbered(size).slice();
      data.set(PACKET_MARK);
      for (const texts of [[], ["one", "two"]]) {
        const fds = texts.map(pipeWith);
        await sender.send(data, fds);
        for (const fd of fds) fd.close();
        using message = (await receiver.receive())!;
        assertEquals(message.data.toHex(), data.toHex());
        assertEquals(textsOf(message), texts);
      }
    }
  }
});

claim("memory larger than others take by default needs a receiver that has as much", async () => {
  for (const [own, fails] of [[4 * MIB, true], [128 * MIB, false]] as const) {
    const [left, right] = UnixSocket.pair();
    using sender = new Beam(left, { framed: true, memoryBytes: 128 * MIB });
    using receiver = new Beam(right, { framed: true, memoryBytes: own });
    await sender.send(numbered(MIB));
    if (fails) {
      const error = await assertRejects(() => receiver.receive(), BeamError);
      assertEquals([error.code, receiver.isOpen], ["protocol", false]);
    } else assertNumbered((await receiver.receive())!.data, MIB);
  }
});
