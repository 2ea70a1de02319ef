/**
 * Which sockets have the name of a lock, and who has them open.
 *
 * @module
 */

import type { UnixAddress } from "../core/address.ts";
import { KernelPort } from "../core/diag_port.ts";
import { askForUnconnected } from "../core/diag_questions.ts";
import { SystemError } from "../core/errors.ts";
import { typeNumber } from "../core/options.ts";
import { findSocketHolders, type SocketHolders } from "../core/socket_holders.ts";
import { isOwnProc } from "./process_records.ts";
import { namedSockets, shownName } from "./unix_table.ts";

/** A process that has the socket of a lock open, having taken or inherited it. */
export interface InstanceKeeper {
  /** Its process id. */
  pid: number;
  /** The name of its program, printable: other bytes than ASCII as `\xHH`. */
  command?: string;
}

/** What is known of a lock without connecting to it. */
export interface Bound {
  /** Whether a socket has its name, listening or not. */
  isBound: boolean;
  /** Who has that open: for other users than root, only their own processes. */
  keepers: InstanceKeeper[];
  /** Why it may not be bound, nevertheless. */
  doubt?: string;
}

const MAY_BE_FORGED = "no process that can be seen has the socket open: its name may be forged, and the lock free";

const NOBODY: SocketHolders = { byInode: new Map(), isComplete: false };

/** The inodes of the sockets of a name, by the kernel's word; `undefined` where it gives none. */
function askKernel({ bytes }: UnixAddress): number[] | undefined {
  try {
    using port = new KernelPort();
    return askForUnconnected(port).filter(({ type, name }) =>
      type === "stream" && name?.length === bytes.length + 1 && name[0] === 0 &&
      bytes.every((byte, at) => byte === name[at + 1])
    ).map(({ inode }) => inode);
  } catch (error) {
    if (error instanceof SystemError) return undefined;
    throw error;
  }
}

/** The same by the table that others can write rows into, by names with line ends. */
function lookIntoTable(lock: UnixAddress): number[] {
  const shown = shownName(lock.bytes);
  return namedSockets(shown)
    .filter(({ name, type, isOwner }) => name === shown && type === typeNumber("stream") && isOwner)
    .map(({ inode }) => inode);
}

/** Who has which sockets open, as far as that can be seen. */
function holders(): SocketHolders {
  if (!isOwnProc()) return NOBODY;
  try {
    return findSocketHolders();
  } catch {
    return NOBODY;
  }
}

/**
 * Looks for the socket of a lock and for those who have it open.
 *
 * The kernel is asked (sock_diag(7)). Where it does not answer, there is only a
 * table in text, and what that lists counts if some process has it open.
 *
 * @param lock The lock's name.
 * @returns What was found.
 */
export function findBound(lock: UnixAddress): Bound {
  const known = askKernel(lock);
  const inodes = known ?? lookIntoTable(lock);
  if (inodes.length === 0) return { isBound: false, keepers: [] };
  const { byInode, isComplete } = holders();
  const found = new Map(inodes.flatMap((inode) => byInode.get(inode) ?? []).map(({ pid, command }) => [pid, command]));
  const keepers = Array.from(found, ([pid, command]) => command === "" ? { pid } : { pid, command });
  if (known || keepers.length > 0) return { isBound: true, keepers };
  return isComplete ? { isBound: false, keepers } : { isBound: true, keepers, doubt: MAY_BE_FORGED };
}
