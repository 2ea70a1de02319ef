/**
 * Which process is meant, beyond its number, which others get after it (proc(5)).
 *
 * @module
 */

import { check } from "./errors.ts";
import { native } from "./native.ts";
import { isThere } from "./pidfd.ts";

/** What tells a process from all others of this host, those of the past included. */
export interface ProcessIdentity {
  /** Its process id. */
  pid: number;
  /** When it began, in clock ticks since the host was started. */
  startTime: number;
  /** The inode of its pidfd, which since Linux 6.9 no other process has. */
  inode: string;
  /** Which start of the host that is. */
  bootId: string;
}

/** What /proc/PID/stat tells. */
export interface ProcessStat {
  /** `R`, `S`, `T`, `Z`… */
  state: string;
  /** Its parent, 0 if that is not to be seen. */
  parent: number;
  /** Its process group. */
  group: number;
  /** Its session. */
  session: number;
  /** When it began, in clock ticks since the host was started. */
  startTime: number;
  /** As wait(2) tells it, if it has ended and we may know. */
  waitStatus: number;
}

/**
 * Reads what the kernel tells of a process.
 *
 * @param pid Its process id.
 * @returns What it tells, or `undefined` if there is no such process.
 */
export function readStat(pid: number): ProcessStat | undefined {
  try {
    return parseStat(Deno.readTextFileSync(`/proc/${pid}/stat`));
  } catch {
    return undefined;
  }
}

/**
 * Reads the file `stat` of a process.
 *
 * @param text What it says.
 * @returns What that means.
 */
export function parseStat(text: string): ProcessStat {
  // A name may contain anything, parentheses too: what counts comes after the last one.
  const fields = text.slice(text.lastIndexOf(")") + 2).trim().split(" ");
  return {
    state: fields[0],
    parent: Number(fields[1]),
    group: Number(fields[2]),
    session: Number(fields[3]),
    startTime: Number(fields[19]),
    waitStatus: Number(fields[49]),
  };
}

let bootId: string | undefined;

/** Which start of the host this is. */
export function currentBootId(): string {
  return bootId ??= Deno.readTextFileSync("/proc/sys/kernel/random/boot_id").trim();
}

/**
 * Tells the inode of a pidfd, or of a namespace.
 *
 * @param fd The descriptor.
 * @returns The inode in decimal: it has 64 bits.
 * @throws {SystemError} EBADF.
 */
export function inodeOf(fd: number): string {
  const inode = new BigInt64Array(1);
  check(native.ipcx_pidfd_inode(fd, inode), "fstat");
  return `${inode[0]}`;
}

/**
 * Identifies a process that is held on to.
 *
 * @param pid Its process id.
 * @param pidfd Its pidfd.
 * @returns Its identity, or `undefined` if it has gone.
 */
export function identify(pid: number, pidfd: number): ProcessIdentity | undefined {
  const stat = readStat(pid);
  // Looked at afterwards: while the pidfd's process is there, nobody else has its number.
  if (!stat || !isThere(pidfd)) return undefined;
  return { pid, startTime: stat.startTime, inode: inodeOf(pidfd), bootId: currentBootId() };
}

/**
 * Tells whether a process, or a thread of one, has a number. None gets one that a
 * process group still has.
 *
 * @param number The number.
 * @returns Whether it is somebody's.
 */
export function isTaken(number: number): boolean {
  try {
    Deno.statSync(`/proc/${number}`);
    return true;
  } catch {
    return false;
  }
}

/**
 * Tells whether anybody of a process group still runs. Who has ended is not
 * counted, although the group has it until its parent reaps it: a new parent may
 * take its time, or never do so, such as the first process of many a container.
 *
 * @param group The process group.
 * @returns Whether somebody does; it takes a look at each process of the host.
 */
export function isGroupRunning(group: number): boolean {
  for (const { name } of Deno.readDirSync("/proc")) {
    const stat = /^\d+$/.test(name) ? readStat(Number(name)) : undefined;
    if (stat?.group === group && !"ZX".includes(stat.state)) return true;
  }
  return false;
}

/**
 * Tells whether a process belongs to another one: it is the same, in its
 * session, or came of it.
 *
 * @param pid The process.
 * @param root The other one.
 * @returns `false` also if there is no such process.
 */
export function belongsTo(pid: number, root: number): boolean {
  for (let at = pid; at > 1;) {
    if (at === root) return true;
    const stat = readStat(at);
    if (!stat) return false;
    if (stat.session === root) return true;
    at = stat.parent;
  }
  return false;
}
