/**
 * The bytes of the one message that is sent, as options say them.
 *
 * @module
 */

import { settle } from "../beam/options.ts";
import type { Side } from "./beam_settings.ts";
import { openInput, readAll } from "./input_bytes.ts";
import { type Arguments, UsageError } from "./parse.ts";

const encoder = new TextEncoder();

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
  const input = file === undefined ? undefined : await openInput(file);
  const data = input ? await readAll(input, maxBytes) : encoder.encode(text);
  if (data.length > maxBytes) {
    throw new Error(`${input?.name ?? "--data"} has more than the ${maxBytes} bytes of a message (--max-bytes)`);
  }
  if (data.length === 0 && !framed) {
    throw new Error(
      "a stream carries no empty message, with or without a descriptor: send a byte, or use --framed or --type seqpacket",
    );
  }
  return data;
}

/**
 * Refuses what cannot go along with one message.
 *
 * @param args The arguments.
 * @param framed Whether there can be more than one descriptor.
 * @throws {UsageError} For more than can be sent.
 */
export function checkDescriptorCount(args: Arguments, framed: boolean): void {
  if (args.all("fd").length + args.all("file").length > 1 && !framed) {
    throw new UsageError("a stream without frames carries one descriptor a message: use --framed or --type seqpacket");
  }
}
