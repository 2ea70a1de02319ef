import { Beam, type Fd, UnixSocket } from "ipcx";
import { assert, assertEquals } from "@std/assert";
import { FDS_BIT } from "../../src/beam/wires/frame.ts";
import { claim } from "../claim.ts";
import { pipeWith } from "./descriptors.ts";
import { assertFailed, header, joined, partOn, record, type Sent, unknownPart } from "./raw_frames.ts";

const MOST = 16 * 1024 * 1024;
const x = [0x78];

/** What one sends who means no good: bytes, and how many descriptors go with them. */
type Attack = [bytes: Uint8Array<ArrayBuffer>, fds?: number][];

/** A beam receives an attack, which has to end it. */
async function assertEnds(type: "stream" | "seqpacket", attack: Attack, code: string, about?: string): Promise<void> {
  for (const readAhead of [true, false]) {
    const [left, right] = UnixSocket.pair(type);
    using socket = left;
    using beam = new Beam(right, { framed: true, readAhead });
    using along = pipeWith("along");
    for (const [bytes, count = 0] of attack) {
      await socket.send(bytes, { fds: Array.from({ length: count }, () => along) });
    }
    await assertFailed(beam, code, about);
  }
}

claim("descriptors that are announced and do not come, or come unannounced, end the beam", async () => {
  const missing = "descriptors were announced, and none came";
  const stray = "descriptors came that no message had announced";
  await assertEnds("stream", [[joined(header(1, true), x)]], "protocol", missing);
  await assertEnds("stream", [[header(0, true)]], "protocol", missing);
  await assertEnds("stream", [[partOn("stream", { kind: "descriptors" }, true)]], "protocol", missing);
  await assertEnds("stream", [[joined(header(1), x), 1]], "protocol", stray);
  await assertEnds("stream", [[header(2)], [joined(x, x), 1]], "protocol", stray);
  await assertEnds("stream", [[header(20_000)], [new Uint8Array(20_000), 3]], "protocol", stray);
  await assertEnds("stream", [[partOn("stream", { kind: "descriptors" }), 253]], "protocol", stray);
});

claim("what is good before the wrong is received first, with its own descriptors and no others", async () => {
  const cases: [Attack, string][] = [
    [[[joined(header(0, true), header(0, true)), 2]], "descriptors were announced, and none came"],
    [[[header(0, true).slice(0, 1), 2], [joined([0, 0, 0], header(1)), 1]], "descriptors came that no message"],
    [[[header(0, true), 2], [joined(header(2), x)], [joined(x), 1]], "descriptors came that no message"],
  ];
  for (const [attack, about] of cases) {
    const [left, right] = UnixSocket.pair();
    using socket = left;
    using beam = new Beam(right, { framed: true });
    using along = pipeWith("along");
    for (const [bytes, count = 0] of attack) {
      await socket.send(bytes, { fds: Array.from({ length: count }, () => along) });
    }
    using first = (await beam.receive())!;
    assertEquals([first.data.length, first.fds.length], [0, 2]);
    await assertFailed(beam, "protocol", about);
  }
});

claim("parts of an unknown kind end the beam", async () => {
  for (const type of ["stream", "seqpacket"] as const) {
    for (const kind of [0, 5, 0x7fffffff, 0xffffffff]) {
      await assertEnds(type, [[unknownPart(type, kind)]], "protocol", "of an unknown kind");
    }
  }
  const cut = partOn("seqpacket", { kind: "descriptors" }).slice(0, -1);
  await assertEnds("seqpacket", [[cut, 2]], "protocol", "of an unknown kind");
});

claim("parts that do not fit each other end the beam", async () => {
  const inline = (length: number, total: number, bytes: number[]): Uint8Array<ArrayBuffer> =>
    joined(partOn("stream", { kind: "inline", length, total }), bytes);
  const wrong: [Attack, string][] = [
    [[[inline(1, 3, x)], [inline(1, 4, x)]], "a message of 3 bytes has a part of one of 4"],
    [[[inline(1, 3, x)], [inline(3, 3, x)]], "4 bytes for a message of 3"],
    [[[inline(4, 3, x)]], "4 bytes for a message of 3"],
    [[[inline(1, 3, x)], [joined(header(1), x)]], "a message begins within another one"],
    [[[partOn("stream", { kind: "shared", offset: 0, length: 1, end: 1, total: 1 })]], "of which there is none"],
  ];
  for (const [attack, about] of wrong) {
    await assertEnds("stream", attack, "protocol", about);
    await assertEnds("stream", [[partOn("stream", { kind: "descriptors" }, true), 9], ...attack], "protocol", about);
  }
});

claim("packets that do not fit each other end the beam", async () => {
  const packet = (length: number, total: number, bytes: number[]): Uint8Array<ArrayBuffer> =>
    joined(partOn("seqpacket", { kind: "inline", length, total }), bytes);
  const wrong: [Attack, string][] = [
    [[[packet(1, 3, x)], [packet(1, 4, x)]], "a message of 3 bytes has a part of one of 4"],
    [[[packet(4, 3, [1, 2, 3, 4])]], "4 bytes for a message of 3"],
    [[[packet(2, 3, x)]], "a part of 1 bytes calls itself one of 2"],
    [[[packet(1, 3, x)], [joined(x)]], "a message begins within another one"],
    [[[packet(1, 3, x)], [partOn("seqpacket", { kind: "descriptors" }), 1]], "a message begins within another one"],
    [[[partOn("seqpacket", { kind: "shared", offset: 0, length: 1, end: 1, total: 1 })]], "of which there is none"],
  ];
  for (const [attack, about] of wrong) {
    await assertEnds("seqpacket", attack, "protocol", about);
    await assertEnds("seqpacket", [[partOn("seqpacket", { kind: "descriptors" }), 9], ...attack], "protocol", about);
  }
});

claim("a length above the limit ends the beam before memory is made for it", async () => {
  const before = Deno.memoryUsage();
  for (const length of [MOST + 1, 0x40000000, 0x7ffffffe]) {
    await assertEnds("stream", [[header(length)]], "too-large", `a message of ${length} bytes`);
    await assertEnds("stream", [[header((length | FDS_BIT) >>> 0, true), 5]], "too-large");
  }
  for (const total of [MOST + 1, 0xffffffff]) {
    await assertEnds("stream", [[partOn("stream", { kind: "inline", length: 1, total })]], "too-large");
  }
  assert(Deno.memoryUsage().external - before.external < MOST);
});

/** Sends what was recorded up to a byte, and then the end. */
async function cutAfter(bytes: number, recorded: readonly Sent[], options: { readAhead: boolean }): Promise<string> {
  const [left, right] = UnixSocket.pair();
  using socket = left;
  using beam = new Beam(right, { framed: true, ...options });
  let rest = bytes;
  for (const { data, fds } of recorded) {
    if (rest === 0) break;
    const piece = data.subarray(0, rest);
    await socket.send(piece, { fds });
    rest -= piece.length;
  }
  socket.shutdown("write");
  const outcomes = [];
  for (let left = 3; left > 0; left--) {
    try {
      using message = await beam.receive();
      outcomes.push(message === null ? "end" : `${message.data.length} bytes, ${message.fds.length} descriptors`);
      if (message === null) break;
    } catch (error) {
      outcomes.push((error as { code: string }).code);
      break;
    }
  }
  return outcomes.join("; ");
}

claim("the end between the packets of one message is told from the end behind them", async () => {
  using along = pipeWith("along");
  const [left, right] = UnixSocket.pair("seqpacket");
  using sender = new Beam(left);
  using socket = right;
  await sender.send(new Uint8Array(70_000), Array(300).fill(along));
  const recorded = record(socket);
  assertEquals(recorded.length, 4);
  for (let packets = 0; packets <= recorded.length; packets++) {
    const [from, to] = UnixSocket.pair("seqpacket");
    using replay = from;
    using beam = new Beam(to);
    for (const { data, fds } of recorded.slice(0, packets)) await replay.send(data, { fds });
    replay.shutdown("write");
    // Memory belongs to no message.
    if (packets > 0 && packets < recorded.length) await assertFailed(beam, "cut-off");
    else if (packets > 0) (await beam.receive())![Symbol.dispose]();
    if (beam.isOpen) assertEquals(await beam.receive(), null);
  }
  for (const fd of recorded.flatMap(({ fds }) => fds)) fd.close();
});

claim("the end within a message is told from the end behind it, at every byte", async () => {
  using along = pipeWith("along");
  const cases: [size: number, fds: Fd[]][] = [[5, [along]], [0, [along]], [7, []], [70_000, Array(300).fill(along)]];
  for (const [size, fds] of cases) {
    const [left, right] = UnixSocket.pair();
    using sender = new Beam(left, { framed: true });
    using socket = right;
    await sender.send(new Uint8Array(size), fds);
    const recorded = record(socket);
    const total = recorded.reduce((sum, { data }) => sum + data.length, 0);
    for (const readAhead of [true, false]) {
      for (let bytes = 0; bytes <= total; bytes++) {
        const expected = bytes === 0
          ? "end"
          : bytes < total
          ? "cut-off"
          : `${size} bytes, ${fds.length} descriptors; end`;
        assertEquals(await cutAfter(bytes, recorded, { readAhead }), expected, `${bytes} of ${total}`);
      }
    }
    for (const fd of recorded.flatMap(({ fds }) => fds)) fd.close();
  }
});
