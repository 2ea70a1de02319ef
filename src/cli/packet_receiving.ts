/**
 * Taking messages from a bare socket.
 *
 * @module
 */

import { SystemError } from "../core/errors.ts";
import type { Message } from "../core/message.ts";
import type { UnixSocket } from "../core/socket.ts";
import { print } from "./output.ts";
import { type Circumstances, lossOf, written } from "./packet_text.ts";
import type { Format } from "./packets_table.ts";

/** How much is taken of a message, unless that is said: more than anybody can send without being root. */
export const DEFAULT_MAX_BYTES = 1_048_576;

/** How to take a message. */
export interface TakeOptions {
  /** The most bytes. */
  maxBytes: number;
  /** Whether it stays where it is. */
  peek?: boolean;
  /** Ends the wait with its reason. */
  signal?: AbortSignal;
}

/**
 * Takes the next message.
 *
 * A peer that went without reading everything is told before what it had sent
 * (seqpacket), though that is there to be taken.
 *
 * @param socket The socket.
 * @param options How.
 * @returns The message, whose descriptors are the caller's, or null at the end of the connection.
 */
export async function takeMessage(socket: UnixSocket, options: TakeOptions): Promise<Message | null> {
  try {
    return await socket.receive(options);
  } catch (error) {
    if (!(error instanceof SystemError) || error.code !== "ECONNRESET") throw error;
    const message = socket.tryReceive(options);
    if (message) return message;
    throw error;
  }
}

/**
 * Finds out what is known of the messages of a socket.
 *
 * @param socket The socket.
 * @param tellsSender Whether people are told who sent them.
 * @returns What there is to be told beside them.
 */
export function circumstancesOf(socket: UnixSocket, tellsSender = false): Circumstances {
  return { tellsSender, ...(socket.type === "dgram" ? {} : { peer: socket.peerCredentials }) };
}

/**
 * Prints a message, and says what of it was lost.
 *
 * @param message The message, which keeps its descriptors.
 * @param format How.
 * @param circumstances What is known beside it.
 * @param name The subcommand.
 * @returns The exit status: 1 if something was lost and the line does not say so itself.
 */
export function printMessage(message: Message, format: Format, circumstances: Circumstances, name: string): number {
  print(written(message, format, circumstances));
  return format === "json" ? 0 : tellLoss(message, name);
}

/**
 * Says what of a message was lost.
 *
 * @param message The message.
 * @param name The subcommand.
 * @returns The exit status: 1 if something was lost.
 */
export function tellLoss(message: Message, name: string): number {
  const loss = lossOf(message);
  if (loss === undefined) return 0;
  console.error(`ipcx ${name}: ${loss}`);
  return 1;
}
