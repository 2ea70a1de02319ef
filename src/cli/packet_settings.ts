/**
 * What the options of `ipcx send` and `ipcx recv` say alike.
 *
 * @module
 */

import { userId } from "../core/accounts.ts";
import type { UnixAddress } from "../core/address.ts";
import { unixTypeOf } from "../core/endpoint.ts";
import { SO } from "../core/linux.ts";
import { getNumber, type SocketType } from "../core/options.ts";
import type { Meeting } from "./packet_connection.ts";
import { SOCKET_TYPES } from "./packets_table.ts";
import { type Arguments, UsageError } from "./parse.ts";
import { duration, mode, oneOf, positive } from "./values.ts";

/**
 * Reads how a socket comes about.
 *
 * @param args The arguments.
 * @param address Where.
 * @param name The subcommand.
 * @returns How.
 * @throws {UsageError} For values that are none.
 */
export function meetingFrom(args: Arguments, address: UnixAddress, name: string): Meeting {
  const tell = (text: string): void => console.error(`ipcx ${name}: ${text}`);
  return {
    address,
    type: typeOf(address) ?? args.get("type", oneOf(...SOCKET_TYPES)),
    waits: args.has("wait"),
    timeout: args.get("timeout", duration) || undefined,
    expectUid: args.get("expect-uid", userId),
    mode: args.get("mode", mode),
    tell: args.has("verbose") ? tell : () => {},
  };
}

/** Bytes are asked for in one piece, and the kernel counts them in 31 bits. */
const MOST_BYTES = 0x7fffffff;

/**
 * Reads how much of a message is taken.
 *
 * @param args The arguments.
 * @returns Bytes, or `undefined` for as much as by default.
 * @throws {UsageError} For more than can be taken.
 */
export function maxBytesFrom(args: Arguments): number | undefined {
  return args.get("max-bytes", (text) => {
    const number = positive(text);
    if (number > MOST_BYTES) throw new Error(`${MOST_BYTES} is the most`);
    return number;
  });
}

/** A descriptor has a type already, if it is a Unix socket at all. */
function typeOf({ kind, fd }: UnixAddress): SocketType | undefined {
  try {
    return kind === "fd" ? unixTypeOf(fd) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Refuses options that fit neither each other nor the address.
 *
 * @param args The arguments.
 * @param address Where.
 * @param listens Whether it is listened there.
 * @param files The names of sockets that are bound.
 * @throws {UsageError} With what to write instead.
 */
export function checkMeeting(
  args: Arguments,
  address: UnixAddress,
  listens: boolean,
  files: readonly UnixAddress[],
): void {
  if (args.has("expect-uid") && (address.kind === "fd" && !listens)) {
    throw new UsageError(`--expect-uid is for connections that come about, and ${address} is there already`);
  }
  if (args.has("wait") && listens) throw new UsageError("--wait is for connecting, and --listen waits anyway");
  if (address.kind === "fd" && !listens && isListener(address.fd)) {
    throw new UsageError(`${address} listens: give --listen`);
  }
  if (!args.has("mode") || files.some(({ kind }) => kind === "path")) return;
  const [nameless] = files;
  throw new UsageError(
    nameless
      ? `--mode is for the file of a socket, and ${nameless} has none`
      : "--mode is for the file of a socket that is made, and none is",
  );
}

function isListener(fd: number): boolean {
  try {
    return getNumber(fd, SO.ACCEPTCONN) !== 0;
  } catch {
    return false;
  }
}
