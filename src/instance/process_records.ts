/**
 * What /proc tells of a process that holds a lock (proc(5)).
 *
 * @module
 */

import { escapeBytes } from "../core/address.ts";
import { readStat } from "../core/process_identity.ts";

/** The unit of times in /proc/PID/stat, for every program on every machine (USER_HZ). */
const TICK_MS = 10;

/** What there is to know of a process. */
export interface ProcessRecord {
  /** The name of its program, at most 15 bytes, printable: other bytes as `\xHH`. */
  command: string;
  /** When it was started, to about a hundredth of a second. */
  startedAt: Date;
  /** Whether it has ended, and its parent has not asked for that yet. */
  isZombie: boolean;
}

/** Whether the numbers in /proc are those that this process knows others by. */
function isOwnProc(): boolean {
  try {
    return Deno.readLinkSync("/proc/self") === `${Deno.pid}`;
  } catch {
    return false;
  }
}

function uptimeMs(): number {
  return Number(Deno.readTextFileSync("/proc/uptime").split(" ")[0]) * 1000;
}

/**
 * Reads what there is to know of a process.
 *
 * @param pid Its process id.
 * @returns The record; `undefined` if it is not there, or may not be looked at.
 */
export function readRecord(pid: number): ProcessRecord | undefined {
  if (pid <= 0 || !isOwnProc()) return undefined;
  const stat = readStat(pid);
  if (!stat) return undefined;
  try {
    const comm = Deno.readFileSync(`/proc/${pid}/comm`);
    return {
      command: escapeBytes(comm.subarray(0, -1)),
      startedAt: new Date(Math.round(Date.now() - uptimeMs() + stat.startTime * TICK_MS)),
      isZombie: stat.state === "Z",
    };
  } catch {
    return undefined;
  }
}

/** The processes that /proc shows, in ascending order. */
function pids(): number[] {
  return Array.from(Deno.readDirSync("/proc"), ({ name }) => Number(name)).filter((pid) => pid > 0)
    .sort((one, other) => one - other);
}

function hasOpen(pid: number, target: string): boolean {
  try {
    for (const { name } of Deno.readDirSync(`/proc/${pid}/fd`)) {
      if (readLink(`/proc/${pid}/fd/${name}`) === target) return true;
    }
  } catch {
    // It has ended, or is another user's.
  }
  return false;
}

function readLink(path: string): string | undefined {
  try {
    return Deno.readLinkSync(path);
  } catch {
    return undefined;
  }
}

/**
 * Looks for the processes that have a socket open: each descriptor of each
 * process that may be looked at.
 *
 * @param inode The socket's inode.
 * @returns Their process ids, in ascending order; other users' only for root.
 */
export function processesWithSocket(inode: number): number[] {
  if (!isOwnProc()) return [];
  try {
    return pids().filter((pid) => hasOpen(pid, `socket:[${inode}]`));
  } catch {
    return [];
  }
}
