/**
 * `ipcx pair`: gets a private socket and joins it to standard input and output,
 * or hands it to a program.
 *
 * @module
 */

import { defaultBrokerAddress } from "../broker/defaults.ts";
import { MAX_KEY_BYTES, type PairMode } from "../broker/protocol.ts";
import { requestPair } from "../broker/request_pair.ts";
import { unescapeBytes, UnixAddress } from "../core/address.ts";
import { exec } from "../core/exec.ts";
import { join } from "../core/join.ts";
import type { UnixSocket } from "../core/socket.ts";
import { failedStart } from "./failed_start.ts";
import { type Arguments, UsageError } from "./parse.ts";
import { descriptor, duration } from "./values.ts";

const DEFAULT_FD = 3;

function modeFrom(args: Arguments): PairMode {
  if (args.has("client") && args.has("server")) throw new UsageError("--client and --server exclude each other");
  return args.has("client") ? "client" : args.has("server") ? "server" : "none";
}

function keyFrom(text: string): Uint8Array {
  let key: Uint8Array;
  try {
    key = unescapeBytes(text);
  } catch (error) {
    throw new UsageError(`KEY ${(error as Error).message}`);
  }
  if (key.length >= 1 && key.length <= MAX_KEY_BYTES) return key;
  throw new UsageError(`KEY has ${key.length} bytes; it is to have 1 to ${MAX_KEY_BYTES}`);
}

/** Becomes the program; on failure the exit status is what a shell's would be. */
function become(command: readonly string[], socket: UnixSocket, as: number): number {
  try {
    exec(command[0], command.slice(1), { fds: { [as]: socket.fd.setBlocking() } });
  } catch (error) {
    socket.close();
    return failedStart("pair", error);
  }
}

/**
 * Runs `ipcx pair`.
 *
 * @param args Its arguments.
 * @returns The exit status.
 */
export async function run(args: Arguments): Promise<number> {
  const [name, ...rest] = args.words;
  if (name === undefined) throw new UsageError("which KEY?");
  if (rest.length > 0) throw new UsageError(`unexpected '${rest[0]}'; a command stands behind --`);
  const fd = args.get("fd", descriptor);
  if (fd !== undefined && !args.command) throw new UsageError("--fd is for a command behind --");
  const key = keyFrom(name);
  const mode = modeFrom(args);
  const timeout = args.get("timeout", duration);
  const address = args.get("socket", UnixAddress.parse) ?? defaultBrokerAddress();
  let socket: UnixSocket;
  try {
    socket = await requestPair({ address, key, mode, timeout: timeout || undefined });
  } catch (error) {
    if (error instanceof DOMException && error.name === "TimeoutError") {
      throw new Error(`nobody else asked for '${name}' in time`);
    }
    throw error;
  }
  if (args.command) return become(args.command, socket, fd ?? DEFAULT_FD);
  await join(socket, {
    input: args.has("no-stdin") ? undefined : Deno.stdin.readable,
    output: Deno.stdout.writable,
    endsWithPeer: Deno.stdin.isTerminal(),
  });
  return 0;
}
