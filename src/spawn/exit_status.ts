/**
 * How processes end, and what they have used (waitid(2), getrusage(2)).
 *
 * @module
 */

import type { Fd } from "../core/fd.ts";
import { native } from "../core/native.ts";
import { signalName } from "./signals.ts";

const CLD_EXITED = 1;
const ENDED_SLOTS = 11;
const ended = roomForEnd();

/** What a process has used, with that of its own children it has waited for (getrusage(2)). */
export interface ResourceUsage {
  /** Time in user mode, in microseconds. */
  userTime: number;
  /** Time in the kernel, in microseconds. */
  systemTime: number;
  /** The most memory that was resident, in KiB; what the caller had as it created the process counts, too. */
  maxRss: number;
  /** Page faults without I/O. */
  minorFaults: number;
  /** Page faults with I/O. */
  majorFaults: number;
  /** Blocks read. */
  blocksIn: number;
  /** Blocks written. */
  blocksOut: number;
  /** How often it waited for something. */
  voluntarySwitches: number;
  /** How often it had to make room for others. */
  involuntarySwitches: number;
}

/** How a process ended. */
export interface ExitStatus {
  /** Whether it ended by itself with 0. */
  success: boolean;
  /** Its exit status; 128 + n after signal n, as in a shell. */
  code: number;
  /** The signal that ended it, such as `"SIGKILL"`, or `null`. */
  signal: string | null;
  /** What it has used. */
  usage: ResourceUsage;
}

/**
 * Reaps a child.
 *
 * @param pidfd The child.
 * @returns How it has ended; `undefined` if it still runs, −errno if it is nobody's to reap.
 */
export function reap(pidfd: Fd): ExitStatus | number | undefined {
  const result = native.ipcx_wait(pidfd.number, ended);
  if (result <= 0) return result === 0 ? undefined : result;
  return statusIn(ended);
}

/**
 * Makes room for what the shim tells of an end.
 *
 * @returns The room, for {@linkcode statusIn}.
 */
export function roomForEnd(): BigInt64Array<ArrayBuffer> {
  return new BigInt64Array(ENDED_SLOTS);
}

/**
 * Reads what the shim has told of an end.
 *
 * @param slots What it has filled in: `enum ipcx_ended`.
 * @returns How the process has ended.
 */
export function statusIn(slots: BigInt64Array<ArrayBuffer>): ExitStatus {
  // In halves, the lower one first: none of it is negative, and a BigInt for each would take longer.
  const halves = new Uint32Array(slots.buffer);
  const slot = (at: number): number => halves[2 * at] + halves[2 * at + 1] * 2 ** 32;
  const status = slot(1);
  const hasExited = slot(0) === CLD_EXITED;
  return {
    success: hasExited && status === 0,
    code: hasExited ? status : 128 + status,
    signal: hasExited ? null : signalName(status),
    usage: {
      userTime: slot(2),
      systemTime: slot(3),
      maxRss: slot(4),
      minorFaults: slot(5),
      majorFaults: slot(6),
      blocksIn: slot(7),
      blocksOut: slot(8),
      voluntarySwitches: slot(9),
      involuntarySwitches: slot(10),
    },
  };
}
