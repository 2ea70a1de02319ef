/**
 * What is sent: bytes and descriptors, as options or lines of JSON say it.
 *
 * @module
 */

import { settle } from "../beam/options.ts";
import { checkInherited, Fd } from "../core/fd.ts";
import { OPEN } from "../core/linux.ts";
import { openPath } from "../core/reach.ts";
import type { Side } from "./beam_settings.ts";
import { type Arguments, UsageError } from "./parse.ts";
import { oneOf } from "./values.ts";

/** How a file is opened to be sent. */
const FILE_MODES = {
  "read": OPEN.READ,
  "write": OPEN.WRITE | OPEN.CREATE | OPEN.EMPTY,
  "append": OPEN.WRITE | OPEN.CREATE | OPEN.APPEND,
  "read-write": OPEN.READ | OPEN.WRITE | OPEN.CREATE,
} as const;

/** One of them. */
export type FileMode = keyof typeof FILE_MODES;

const encoder = new TextEncoder();

/**
 * Opens a file to be sent.
 *
 * @param path The path.
 * @param mode What its receiver can do with it.
 * @returns The descriptor, the caller's.
 * @throws {SystemError} As open(2).
 */
export function openToSend(path: string, mode: FileMode): Fd {
  return openPath(path, FILE_MODES[mode]);
}

/**
 * Duplicates a descriptor that ipcx was started with, to be sent.
 *
 * @param number Its number; it stays open.
 * @returns The duplicate, the caller's.
 * @throws {SystemError} EBADF if it is not open.
 */
export function inheritToSend(number: number): Fd {
  // Neither owned nor closed: the same one may be sent twice.
  return new Fd(checkInherited(number)).duplicate();
}

/**
 * Makes one of pieces.
 *
 * @param pieces The pieces.
 * @returns Their bytes, in their order.
 */
export async function joined(pieces: Uint8Array<ArrayBuffer>[]): Promise<Uint8Array<ArrayBuffer>> {
  return pieces.length === 1 ? pieces[0] : new Uint8Array(await new Blob(pieces).arrayBuffer());
}

/** Reads a stream to its end, or until it is more than can be sent. */
async function readAll(
  input: ReadableStream<Uint8Array<ArrayBuffer>>,
  maxBytes: number,
  name: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  try {
    for await (const piece of input) {
      pieces.push(piece);
      length += piece.length;
      if (length > maxBytes) break;
    }
  } catch (error) {
    throw new Error(`${name}: ${(error as Error).message}`);
  }
  return await joined(pieces);
}

/**
 * Reads the bytes of the one message that is to be sent.
 *
 * @param args The arguments.
 * @param side Who gets it: that says how many bytes it can have.
 * @returns The bytes.
 * @throws {UsageError} If there are none, or two lots of them.
 */
export async function payloadFrom(args: Arguments, { type, options }: Side): Promise<Uint8Array<ArrayBuffer>> {
  const { maxBytes, framed } = settle(type, options);
  const text = args.get("data");
  const file = args.get("data-file");
  if (text !== undefined && file !== undefined) throw new UsageError("--data and --data-file exclude each other");
  if (text === undefined && file === undefined) {
    throw new UsageError("which message? Give --data TEXT or --data-file FILE");
  }
  const name = file === undefined ? "--data" : file === "-" ? "standard input" : file;
  let data: Uint8Array<ArrayBuffer>;
  if (file === undefined) data = encoder.encode(text);
  else data = await readAll((file === "-" ? Deno.stdin : await Deno.open(file)).readable, maxBytes, name);
  if (data.length > maxBytes) throw new Error(`${name} has more than the ${maxBytes} bytes of a message (--max-bytes)`);
  if (data.length === 0 && !framed) {
    throw new Error(
      "a stream carries no empty message, with or without a descriptor: send a byte, or use --framed or --type seqpacket",
    );
  }
  return data;
}

function fileModeFrom(args: Arguments): FileMode {
  return args.get("file-mode", oneOf(...Object.keys(FILE_MODES) as FileMode[])) ?? "read";
}

/**
 * Opens the descriptors that go along: those of `--fd`, then those of `--file`,
 * which {@linkcode emptyFiles} is still to empty.
 *
 * @param args The arguments.
 * @param framed Whether there can be more than one.
 * @returns The descriptors, the caller's.
 * @throws {UsageError} For more than can be sent.
 * @throws {SystemError} For what is not open, or cannot be opened.
 */
export function descriptorsFrom(args: Arguments, framed: boolean): Fd[] {
  const numbers = args.all("fd", Number);
  const paths = args.all("file");
  if (args.has("file-mode") && paths.length === 0) throw new UsageError("--file-mode is for --file");
  if (numbers.length + paths.length > 1 && !framed) {
    throw new UsageError("a stream without frames carries one descriptor a message: use --framed or --type seqpacket");
  }
  const flags = FILE_MODES[fileModeFrom(args)] & ~OPEN.EMPTY;
  using stack = new DisposableStack();
  const fds = [
    ...numbers.map((number) => stack.use(inheritToSend(number))),
    ...paths.map((path) => stack.use(openPath(path, flags))),
  ];
  stack.move();
  return fds;
}

/**
 * Empties files that are to be written, once there is somebody who will write to
 * them: a mistyped address is to cost nobody a file.
 *
 * @param args The arguments.
 * @param fds What {@linkcode descriptorsFrom} has opened for them.
 */
export function emptyFiles(args: Arguments, fds: readonly Fd[]): void {
  if (fileModeFrom(args) !== "write") return;
  for (const { number } of fds.slice(args.all("fd").length)) {
    const opened = `/proc/self/fd/${number}`;
    if (Deno.statSync(opened).isFile) openPath(opened, OPEN.WRITE | OPEN.EMPTY).close();
  }
}
