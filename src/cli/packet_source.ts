/**
 * The packets that `ipcx send` sends.
 *
 * @module
 */

import type { Fd } from "../core/fd.ts";
import { type Input, linesOf, openInput, piecesOf, readAll } from "./input_bytes.ts";
import { messagesFrom } from "./json_messages.ts";
import type { Source } from "./send_settings.ts";
import { openNamed } from "./sent_descriptors.ts";

/** What is sent in one piece. */
export interface Packet {
  /** What it is called. */
  readonly name: string;
  /** Its bytes. */
  readonly data: Uint8Array<ArrayBuffer>;
  /** What goes along. */
  readonly fds: readonly Fd[];
  /** What comes behind, as it comes: nobody has to hold all that goes over a stream. */
  readonly rest?: AsyncIterable<Uint8Array<ArrayBuffer>>;
}

/** How packets are made. */
export interface PacketOptions {
  /** The most bytes that one can have; `Infinity` on a stream. */
  largest: number;
  /** What goes along with each. */
  fds: readonly Fd[];
  /** Whether each is sent more than once. */
  repeats: boolean;
}

/** A source whose input is open. */
export type OpenSource = { kind: "text"; text: string } | { kind: "whole" | "lines" | "json"; input: Input };

const LINE_END = 0x0a;

/** A line for which more is collected than a packet can have is found too large all the same. */
const LONGEST_LINE = 1 << 30;

/**
 * Opens what is read from: what is not there is no matter of the peer.
 *
 * @param source Where packets come from.
 * @param signal Ends its input early.
 * @returns The same, open.
 * @throws {Error} As open(2).
 */
export async function openSource(source: Source, signal: AbortSignal): Promise<OpenSource> {
  return source.kind === "text" ? source : { kind: source.kind, input: await openInput(source.file, signal) };
}

function packet(name: string, data: Uint8Array<ArrayBuffer>, fds: readonly Fd[]): Packet {
  return { name, data, fds };
}

async function streamed(input: Input, fds: readonly Fd[]): Promise<Packet> {
  const pieces = piecesOf(input);
  const { done, value } = await pieces.next();
  return { ...packet(input.name, done ? new Uint8Array() : value, fds), rest: pieces };
}

function withEnd(line: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(line.length + 1);
  bytes.set(line);
  bytes[line.length] = LINE_END;
  return bytes;
}

async function* lines(input: Input, { largest, fds }: PacketOptions): AsyncIterableIterator<Packet> {
  const isStream = largest === Infinity;
  for await (const { number, bytes } of linesOf(input, isStream ? LONGEST_LINE : largest)) {
    // Nothing else would keep lines apart.
    yield packet(`line ${number} of ${input.name}`, isStream ? withEnd(bytes) : bytes, fds);
  }
}

async function* records(input: Input, { largest }: PacketOptions): AsyncIterableIterator<Packet> {
  for await (const { line, message } of messagesFrom(input, Math.min(largest, LONGEST_LINE))) {
    const name = `line ${line} of ${input.name}`;
    using stack = new DisposableStack();
    let fds: Fd[];
    try {
      fds = openNamed(message.fds).map((fd) => stack.use(fd));
    } catch (error) {
      throw new Error(`${name}: ${(error as Error).message}`);
    }
    yield packet(name, message.data, fds);
  }
}

/**
 * Gives packet after packet.
 *
 * @param source Where they come from.
 * @param options How they are made.
 * @returns The packets; their descriptors are closed when the next one is asked for.
 * @throws {Error} For what cannot be read, and for lines that are no record.
 */
export async function* packetsOf(source: OpenSource, options: PacketOptions): AsyncIterableIterator<Packet> {
  const { largest, fds, repeats } = options;
  if (source.kind === "text") yield packet("--data", new TextEncoder().encode(source.text), fds);
  else if (source.kind === "lines") yield* lines(source.input, options);
  else if (source.kind === "json") yield* records(source.input, options);
  else if (largest === Infinity && !repeats) yield await streamed(source.input, fds);
  else yield packet(source.input.name, await readAll(source.input, largest), fds);
}
