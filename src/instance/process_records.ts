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
export function isOwnProc(): boolean {
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
