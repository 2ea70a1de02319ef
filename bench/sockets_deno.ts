/**
 * What sockets_peer.c does, by the library:
 *
 *     sockets_deno.ts --role sender|receiver --mode one|many|file|pipe --size N --warmup N --messages N [--awaiting]
 *
 * With `--awaiting` each message is a promise; without it, only waiting is.
 */

import { parseArgs } from "@std/cli/parse-args";
import { Fd, openPipe, PacketBatch, sendFile, SharedMemory, splice, UnixSocket } from "../mod.ts";

const SOCKET = 3;
const BATCH = 64;
const READ_SIZE = 1 << 20;
const PIPE_SIZE = 65_536;
const SLICES = 16;

const given = parseArgs(Deno.args, { string: ["role", "mode", "size", "warmup", "messages"], boolean: ["awaiting"] });
const [size, warmup, messages] = [given.size, given.warmup, given.messages].map(Number);
const socket = UnixSocket.fromFd(Fd.inherit(SOCKET));

/** What was received: of each call, the first byte is looked at. */
interface Tally {
  bytes: number;
  touched: number;
}

async function sendOneByOne(count: number): Promise<void> {
  const data = new Uint8Array(size).fill(1);
  if (given.awaiting || socket.type === "stream") {
    for (let left = count; left > 0; left--) await socket.send(data);
    return;
  }
  for (let left = count; left > 0;) {
    if (socket.trySend(data) === undefined) await socket.ready("writable");
    else left--;
  }
}

async function sendMany(count: number): Promise<void> {
  const batch = new PacketBatch({ maxPackets: BATCH, maxBytes: size });
  const data = new Uint8Array(size).fill(1);
  for (let left = count; left > 0; left -= batch.count) {
    if (left < BATCH) batch.clear();
    while (batch.count < Math.min(left, BATCH)) batch.add(data);
    await socket.sendBatch(batch);
  }
}

function fileOfSlices(): SharedMemory {
  const file = SharedMemory.create(size * SLICES);
  file.bytes.fill(1);
  return file;
}

async function sendFromFile(count: number): Promise<void> {
  using file = fileOfSlices();
  for (let at = 0; at < count; at++) await sendFile(socket, file, { offset: size * (at % SLICES), count: size });
}

async function sendThroughPipe(count: number): Promise<void> {
  using file = fileOfSlices();
  const { reader, writer } = openPipe();
  for (let at = 0; at < count; at++) {
    for (let done = 0; done < size;) {
      const most = Math.min(size - done, PIPE_SIZE);
      const moved = await splice(file, writer, most, { fromOffset: size * (at % SLICES) + done });
      await splice(reader, socket, moved);
      done += moved;
    }
  }
  reader.close();
  writer.close();
}

async function receiveOneByOne(count: number): Promise<Tally> {
  const room = socket.type === "stream" ? Math.max(size, READ_SIZE) : size;
  const buffer = new Uint8Array(room);
  const tally = { bytes: 0, touched: 0 };
  const wanted = count * size;
  let options = { buffer };
  while (tally.bytes < wanted) {
    if (wanted - tally.bytes < room) options = { buffer: buffer.subarray(0, wanted - tally.bytes) };
    const message = given.awaiting ? await socket.receive(options) : socket.tryReceive(options);
    if (message === undefined) {
      await socket.ready("readable");
      continue;
    }
    if (message === null) throw new Error("the end of the connection");
    tally.bytes += message.length;
    tally.touched += buffer[0];
  }
  return tally;
}

async function receiveMany(count: number): Promise<Tally> {
  const tally = { bytes: 0, touched: 0 };
  // No more than are asked for: the measurement begins with the next.
  let batch = new PacketBatch({ maxPackets: BATCH, maxBytes: size });
  for (let left = count; left > 0;) {
    if (left < BATCH) batch = new PacketBatch({ maxPackets: left, maxBytes: size });
    const got = await socket.receiveBatch(batch);
    if (got === 0) throw new Error("the end of the connection");
    for (let at = 0; at < got; at++) tally.bytes += batch.lengthOf(at);
    tally.touched += batch.bytes(0)[0];
    left -= got;
  }
  return tally;
}

const send: Record<string, (count: number) => Promise<void>> = {
  one: sendOneByOne,
  many: sendMany,
  file: sendFromFile,
  pipe: sendThroughPipe,
};
const receive = given.mode === "many" ? receiveMany : receiveOneByOne;

if (given.role === "sender") await send[given.mode!](warmup + messages);
else {
  await receive(warmup);
  const startedMs = performance.now();
  const tally = await receive(messages);
  console.log(JSON.stringify({ ...tally, seconds: (performance.now() - startedMs) / 1000 }));
}
socket.close();
