import { assertEquals } from "@std/assert";
import { claim } from "../claim.ts";
import { pipeWith, textsOf } from "./descriptors.ts";
import { ForeignPeer, hex } from "./foreign_peer.ts";

interface Frame {
  data: string;
  announced: boolean;
  texts: string[];
  late: number;
}

const SIZES = [0, 1, 3, 4, 5, 4096, 16_383, 16_384, 65_535, 70_000, 300_000];

/** What libchan understands: it knows of no shared memory. */
const LIBCHAN = { framed: true, memoryThreshold: Infinity };

claim("what is sent in frames is what libchan receives", async () => {
  const [peer, beam] = await ForeignPeer.beam(LIBCHAN);
  await using _peer = peer;
  using _beam = beam;
  for (const size of SIZES) {
    const data = "s".repeat(size);
    using along = pipeWith(`with ${size}`);
    const sending = beam.send(data, along);
    assertEquals(await peer.tell<Frame>("receive_frame"), {
      data: hex(data),
      announced: true,
      texts: [`with ${size}`],
      late: 0,
    });
    await sending;
    const bare = beam.send(data);
    assertEquals(await peer.tell<Frame>("receive_frame"), { data: hex(data), announced: false, texts: [], late: 0 });
    await bare;
  }
  beam.end();
  assertEquals(await peer.tell("receive_frame"), null);
});

claim("what libchan sends is received, the descriptor on the first byte of a header that comes in pieces", async () => {
  const [peer, beam] = await ForeignPeer.beam(LIBCHAN);
  await using _peer = peer;
  using _beam = beam;
  for (const size of SIZES) {
    for (const text of [`with ${size}`, null]) {
      const data = "r".repeat(size);
      const sending = peer.tell("send_frame", hex(data), text);
      using message = (await beam.receive())!;
      assertEquals([message.text, textsOf(message)], [data, text === null ? [] : [text]]);
      assertEquals([message.controlTruncated, message.fdsLost], [false, false]);
      await sending;
    }
  }
  await peer.tell("close");
  assertEquals(await beam.receive(), null);
});

claim("byte by byte the same messages arrive, whether they are read as they come or late", async () => {
  for (const readAhead of [true, false]) {
    const [peer, beam] = await ForeignPeer.beam({ ...LIBCHAN, readAhead });
    await using _peer = peer;
    using _beam = beam;
    const send = async (sizes: number[]): Promise<void> => {
      for (const size of sizes) {
        await peer.tell("send_frame", hex("b".repeat(size)), `with ${size}`, 1);
        await peer.tell("send_frame", hex("c".repeat(size)), null, 1);
      }
    };
    const receive = async (sizes: number[]): Promise<void> => {
      for (const size of sizes) {
        using first = (await beam.receive())!;
        assertEquals([first.text, textsOf(first)], ["b".repeat(size), [`with ${size}`]]);
        using second = (await beam.receive())!;
        assertEquals([second.text, second.fds.length], ["c".repeat(size), 0]);
      }
    };
    const many = [0, 1, 4, 100, 3000];
    await Promise.all([send(many), receive(many)]);
    // No more of them fit into the socket.
    const few = [0, 1, 4, 50];
    await send(few);
    await receive(few);
  }
});

claim("each of libchan's descriptors stays with its own message, though reads cross from one to the next", async () => {
  for (const readAhead of [true, false]) {
    const [peer, beam] = await ForeignPeer.beam({ ...LIBCHAN, readAhead });
    await using _peer = peer;
    using _beam = beam;
    for (let at = 0; at < 20; at++) await peer.tell("send_frame", hex(`message ${at}`), `descriptor ${at}`);
    for (let at = 0; at < 20; at++) {
      using message = (await beam.receive())!;
      assertEquals([message.text, textsOf(message)], [`message ${at}`, [`descriptor ${at}`]]);
    }
    assertEquals(beam.tryReceive(), undefined);
    await beam.send("and back");
    assertEquals((await peer.tell<Frame>("receive_frame")).data, hex("and back"));
  }
});

claim("of a frame's descriptors that libchan never sends, as many are kept as maxFds allows", async () => {
  for (const [maxFds, kept] of [[0, []], [1, ["a"]], [3, ["a", "b", "c"]]] as const) {
    const [peer, beam] = await ForeignPeer.beam({ ...LIBCHAN, maxFds });
    await using _peer = peer;
    using _beam = beam;
    await peer.tell("sendmsg", "8000000278", ["a", "b", "c"]);
    await peer.tell("sendmsg", "79");
    using message = (await beam.receive())!;
    assertEquals([message.text, message.controlTruncated], ["xy", maxFds < 3]);
    assertEquals(textsOf(message), [...kept]);
  }
});
