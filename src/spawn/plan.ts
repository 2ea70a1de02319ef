/**
 * What a child is to do before it becomes another program: decided here, step by
 * step, and done by the shim (`enum ipcx_step` in ffi/ipcx.h).
 *
 * @module
 */

import { SystemError } from "../core/errors.ts";
import { type Environment, type PackedStrings, packEnvironment, packStrings } from "../core/image.ts";
import { native } from "../core/native.ts";

/** The steps, as `enum ipcx_step` numbers them. */
export const STEP = {
  JOIN: 0,
  CHANGE_ROOT: 1,
  CHANGE_DIRECTORY: 2,
  CHANGE_TO_PATH: 3,
  DUPLICATE: 4,
  CLOSE_RANGE: 5,
  SESSION: 6,
  TERMINAL: 7,
  GROUP: 8,
  LIMIT: 9,
  NICE: 10,
  WRITE: 11,
  GROUPS: 12,
  GID: 13,
  UID: 14,
  BOUND: 15,
  DROP: 16,
  NO_NEW_PRIVS: 17,
  CONCEAL: 18,
  DEATH_SIGNAL: 19,
  FORK: 20,
  TRACE: 21,
  EXEC: 22,
} as const;

/** `IPCX_STEP_TOLERATED`. */
const TOLERATED = 0x100;

/** `enum ipcx_plan_flags`. */
export const PLAN_FLAG = { COPY: 1, PAUSED: 2 } as const;

const FAILED = { CREATE: -1, TRACE: -2, SCRIPT: -3 } as const;
const OUTCOME_SLOTS = 4;

/** One step, and what is said if it fails. */
export interface Step {
  /** What is done, of {@linkcode STEP}. */
  what: number;
  /** Its numbers: three, or two where there is data. */
  numbers?: readonly number[];
  /** What the numbers cannot hold. */
  data?: Uint8Array;
  /** Whether it may fail. */
  isTolerated?: boolean;
  /** The system call that it comes down to. */
  syscall: string;
  /** What it is about, as people write it. */
  about?: string;
}

/** All that a child is to do. */
export interface Plan {
  /** What it does before it becomes the program, EXEC included. */
  steps: readonly Step[];
  /** What is done in its name when the program is loaded. */
  deferred: readonly Step[];
  /** The program as it was asked for, for messages. */
  command: string;
  /** Where it may be, in order of preference. */
  paths: readonly string[];
  /** Its arguments, its own name first. */
  args: readonly (string | Uint8Array)[];
  /** Its environment. */
  environment: Environment;
  /** An open cgroup v2 directory, or −1. */
  cgroup: number;
  /** Where that is, for messages. */
  cgroupPath?: string;
  /** An open script whose interpreter is waited for, or −1. */
  script: number;
  /** Of {@linkcode PLAN_FLAG}. */
  flags: number;
}

/** A plan as the shim takes it. */
export interface EncodedPlan {
  /** The head and the steps. */
  words: Int32Array<ArrayBuffer>;
  /** What the steps point at, and the strings. */
  data: Uint8Array<ArrayBuffer>;
}

/** What a plan has made. */
export interface Created {
  /** The process's id as this process sees it. */
  pid: number;
  /** Its id as it sees it itself. */
  ownPid: number;
  /** Its pidfd, the caller's. */
  pidfd: number;
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Numbers of 8 bytes must lie at multiples of 8. */
function padded(bytes: Uint8Array): Uint8Array {
  const whole = new Uint8Array(Math.ceil(bytes.length / 8) * 8);
  whole.set(bytes);
  return whole;
}

/**
 * Writes a plan as the shim takes it.
 *
 * @param plan The plan.
 * @returns Its numbers and its bytes.
 * @throws {TypeError} If an argument or a variable contains a NUL.
 */
export function encodePlan(plan: Plan): EncodedPlan {
  const pieces: Uint8Array[] = [];
  let offset = 0;
  const words: number[] = [];
  for (const { what, numbers = [], data, isTolerated } of [...plan.steps, ...plan.deferred]) {
    words.push(what | (isTolerated ? TOLERATED : 0), numbers[0] ?? 0, numbers[1] ?? 0, data ? offset : numbers[2] ?? 0);
    if (!data) continue;
    const piece = padded(data);
    pieces.push(piece);
    offset += piece.length;
  }
  const strings: PackedStrings[] = [packStrings(plan.paths), packStrings(plan.args), packEnvironment(plan.environment)];
  const head = [
    plan.steps.length,
    plan.deferred.length,
    offset,
    ...strings.map(({ count }) => count),
    plan.cgroup,
    plan.script,
    plan.flags,
  ];
  return {
    words: Int32Array.from([...head, ...words]),
    data: concatenate([...pieces, ...strings.map(({ bytes }) => bytes)]),
  };
}

function failure(plan: Plan, failed: number, errno: number): SystemError {
  const command = plan.command;
  switch (failed) {
    case FAILED.CREATE:
      return new SystemError("clone3", errno, {
        address: plan.cgroupPath ? `into cgroup ${plan.cgroupPath}` : command,
      });
    case FAILED.TRACE:
      return new SystemError("ptrace", errno, { address: command });
    case FAILED.SCRIPT:
      return new SystemError("ptrace", errno, { address: `${command} (its interpreter did not read it)` });
  }
  const { syscall, about } = [...plan.steps, ...plan.deferred][failed];
  return new SystemError(syscall, errno, about === undefined ? {} : { address: about });
}

/**
 * Carries out a plan: when this returns, the child has become the program.
 *
 * @param plan The plan.
 * @returns The process.
 * @throws {SystemError} Of the step that failed; no process is left then.
 */
export function carryOut(plan: Plan): Created {
  const { words, data } = encodePlan(plan);
  const outcome = new Int32Array(OUTCOME_SLOTS);
  const result = native.ipcx_spawn(words, data, outcome);
  if (result < 0) throw failure(plan, outcome[3], -result);
  return { pid: outcome[0], ownPid: outcome[1], pidfd: outcome[2] };
}
