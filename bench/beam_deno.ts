/**
 * What beam_peer.c does, by the library:
 *
 *     beam_deno.ts --role sender|receiver --size N --warmup N --messages N [--descriptor] [--framed] [--copying] [--one-buffer]
 *
 * With `--one-buffer` every payload is received into the same memory, as it is in C.
 */

import { parseArgs } from "@std/cli/parse-args";
import { Beam, Fd } from "../mod.ts";

const SOCKET = 3;
const ATTACHMENT = 4;
const CACHE_LINE = 64;

interface Tally {
  messages: number;
  bytes: number;
  descriptors: number;
  touched: number;
}

async function send(beam: Beam, size: number, count: number, attachment: Fd | undefined): Promise<void> {
  const data = new Uint8Array(size).fill(1);
  for (let left = count; left > 0; left--) await beam.send(data, attachment);
}

async function receive(beam: Beam, size: number, count: number, buffer?: Uint8Array<ArrayBuffer>): Promise<Tally> {
  const tally = { messages: 0, bytes: 0, descriptors: 0, touched: 0 };
  for (; tally.messages < count; tally.messages++) {
    using message = await beam.receive({ buffer });
    if (message === null) throw new Error("the end of the stream");
    const { data, fds } = message;
    if (data.length !== size) throw new Error(`a message of ${data.length} bytes`);
    tally.bytes += data.length;
    tally.descriptors += fds.length;
    for (let at = 0; at < data.length; at += CACHE_LINE) tally.touched += data[at];
  }
  return tally;
}

const given = parseArgs(Deno.args, {
  string: ["role", "size", "warmup", "messages"],
  boolean: ["descriptor", "framed", "copying", "one-buffer"],
});
const [size, warmup, messages] = [given.size, given.warmup, given.messages].map(Number);
const beam = Beam.fromFd(SOCKET, {
  framed: given.framed,
  ...(given.copying ? { memoryThreshold: Infinity } : {}),
});
if (given.role === "sender") {
  await send(beam, size, warmup + messages, given.descriptor ? Fd.inherit(ATTACHMENT) : undefined);
} else {
  const buffer = given["one-buffer"] ? new Uint8Array(size) : undefined;
  await receive(beam, size, warmup, buffer);
  const startedMs = performance.now();
  const tally = await receive(beam, size, messages, buffer);
  const seconds = (performance.now() - startedMs) / 1000;
  console.log(JSON.stringify({ ...tally, seconds }));
}
beam.close();
