/**
 * Which processes have which sockets open, by their descriptors in /proc
 * (proc_pid_fd(5)).
 *
 * @module
 */

import { escapeBytes } from "./address.ts";

/** A descriptor of a process that stands for a socket. */
export interface SocketHolder {
  /** The process. */
  readonly pid: number;
  /** Its name (proc_pid_comm(5)), up to 15 bytes; other bytes than printable ASCII as `\xHH`. */
  readonly command: string;
  /** The number of its descriptor. */
  readonly fd: number;
}

/** Who has which sockets open. */
export interface SocketHolders {
  /** By the inodes of the sockets; in the order of process ids and descriptors. */
  readonly byInode: ReadonlyMap<number, readonly SocketHolder[]>;
  /**
   * Whether every process of the host was looked at. A socket without a holder is
   * in flight between two of them, then, or the kernel's own.
   */
  readonly isComplete: boolean;
}

/** The link of the pid namespace that all others are below (PROC_PID_INIT_INO). */
const FIRST_PID_NAMESPACE = "pid:[4026531836]";

const SOCKET = /^socket:\[(\d+)\]$/;

/** The numbers among the names in a folder, in their order. */
function numbersIn(folder: string): number[] {
  return Array.from(Deno.readDirSync(folder), ({ name }) => /^\d+$/.test(name) ? Number(name) : -1)
    .filter((number) => number >= 0).sort((one, other) => one - other);
}

/** Only the processes of this pid namespace, and those below it, are in /proc. */
function seesAllProcesses(): boolean {
  try {
    return Deno.readLinkSync("/proc/1/ns/pid") === FIRST_PID_NAMESPACE;
  } catch {
    return false;
  }
}

/** The sockets of a process with their descriptors; those that are closed meanwhile are left out. */
function socketsOf(pid: number): [inode: number, fd: number][] {
  const found: [number, number][] = [];
  for (const fd of numbersIn(`/proc/${pid}/fd`)) {
    try {
      const [, inode] = SOCKET.exec(Deno.readLinkSync(`/proc/${pid}/fd/${fd}`)) ?? [];
      if (inode !== undefined) found.push([Number(inode), fd]);
    } catch (error) {
      if (error instanceof Deno.errors.PermissionDenied) throw error;
    }
  }
  return found;
}

function commandOf(pid: number): string {
  try {
    return escapeBytes(Deno.readFileSync(`/proc/${pid}/comm`).subarray(0, -1));
  } catch {
    return "";
  }
}

/**
 * Looks at each descriptor of each process that may be looked at: for other
 * users than root, their own. Ten thousand take some 100 milliseconds.
 *
 * @returns Who has which sockets; processes that end meanwhile are in it or not.
 * @throws {Error} Where there is no /proc.
 */
export function findSocketHolders(): SocketHolders {
  const byInode = new Map<number, SocketHolder[]>();
  let isComplete = seesAllProcesses();
  for (const pid of numbersIn("/proc")) {
    let sockets: [number, number][];
    try {
      sockets = socketsOf(pid);
    } catch (error) {
      if (error instanceof Deno.errors.PermissionDenied) isComplete = false;
      continue;
    }
    const command = sockets.length > 0 ? commandOf(pid) : "";
    for (const [inode, fd] of sockets) {
      const holder = { pid, command, fd };
      const others = byInode.get(inode);
      if (others) others.push(holder);
      else byInode.set(inode, [holder]);
    }
  }
  return { byInode, isComplete };
}
