/**
 * Choosing among sockets.
 *
 * @module
 */

import type { UnixAddress } from "../core/address.ts";
import { BytePattern } from "../core/byte_pattern.ts";
import type { SocketType } from "../core/options.ts";
import { BoundFiles, type FileIdentity } from "./bound_file.ts";
import type { SocketEntry, SocketState } from "./entry.ts";

/** Which sockets are wanted: those that fit all that is given here. */
export interface SocketFilter {
  /** Of one of these types. */
  types?: readonly SocketType[];
  /** In one of these states. */
  states?: readonly SocketState[];
  /** With a name of one of these kinds. */
  kinds?: readonly ("path" | "abstract" | "unnamed")[];
  /**
   * With one of these names, or bound to the file that one of these paths leads to
   * from here, symbolic links followed.
   */
  addresses?: readonly (UnixAddress | string)[];
  /** With a name that fits: `/path` or `@name`, in which `*` stands for any bytes, `?` for one, `\xHH` for a byte. */
  name?: string;
  /** That one of these processes has open. Processes are looked at for it. */
  pids?: readonly number[];
  /** That one of these users made. */
  uids?: readonly number[];
  /** Only those that are full; see {@linkcode SocketEntry.isFull}. */
  full?: boolean;
  /** Only those whose file is gone or replaced, so that nobody can reach them. Processes are looked at for it. */
  stale?: boolean;
}

/** A socket, and what its entry does not tell. */
export interface Candidate {
  entry: SocketEntry;
  file: FileIdentity | undefined;
}

/** Whether a socket is wanted. */
export type Condition = (candidate: Candidate) => boolean;

/** One character a byte, an abstract name behind its @. */
function nameOf({ kind, bytes }: UnixAddress): string {
  const prefix = kind === "abstract" ? "@" : kind === "path" && !bytes.includes(0x2f) ? "./" : "";
  return prefix + Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}

/**
 * Makes a condition of an address.
 *
 * @param address The address.
 * @param files Finds its file.
 * @returns Whether a socket has that name, or is bound to the file that it leads to.
 */
export function byAddress(address: UnixAddress, files: BoundFiles): Condition {
  const wanted = address.kind === "path" ? files.fileAt(address) : undefined;
  return ({ entry, file }) => address.equals(entry.address) || BoundFiles.isSame(wanted, file);
}

function byPattern(pattern: BytePattern): Condition {
  return ({ entry: { address } }) => address.kind !== "unnamed" && pattern.test(nameOf(address));
}

/**
 * Makes one condition of a filter. Addresses, and whether a file is stale, are not looked at.
 *
 * @param filter The filter.
 * @returns Whether a socket is wanted.
 */
export function conditionOf(filter: SocketFilter): Condition {
  const { types, states, kinds, name, pids, uids, full } = filter;
  const conditions: Condition[] = [];
  if (types) conditions.push(({ entry }) => types.includes(entry.type));
  if (states) conditions.push(({ entry }) => states.includes(entry.state));
  if (kinds) conditions.push(({ entry }) => (kinds as readonly string[]).includes(entry.address.kind));
  if (name !== undefined) conditions.push(byPattern(new BytePattern(name)));
  if (pids) conditions.push(({ entry }) => entry.processes?.some(({ pid }) => pids.includes(pid)) ?? false);
  if (uids) conditions.push(({ entry }) => entry.uid !== undefined && uids.includes(entry.uid));
  if (full) conditions.push(({ entry }) => entry.isFull);
  return (candidate) => conditions.every((condition) => condition(candidate));
}
