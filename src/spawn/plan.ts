/**
 * What a child is to do before it becomes another program: decided here, step by
 * step, and done by the shim (`enum ipcx_step` in ffi/ipcx.h).
 *
 * @module
 */

import { SystemError } from "../core/errors.ts";
import { type PackedStrings, packStrings } from "../core/image.ts";
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

const encoder = new TextEncoder();
const FAILED = { CREATE: -1, TRACE: -2, SCRIPT: -3, KILLED: -4 } as const;
const outcome = new Int32Array(4);
/** `IPCX_PLAN_SLOTS` and `IPCX_STEP_WORDS`. */
const PLAN_SLOTS = 9;
const STEP_WORDS = 4;

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
  environment: PackedStrings;
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

/** Numbers of 8 bytes must lie at multiples of 8. */
function padded(length: number): number {
  return Math.ceil(length / 8) * 8;
}

/**
 * Writes a plan as the shim takes it.
 *
 * @param plan The plan.
 * @returns Its numbers and its bytes.
 * @throws {TypeError} If an argument or a variable contains a NUL.
 */
export function encodePlan(plan: Plan): EncodedPlan {
  const all = plan.deferred.length === 0 ? plan.steps : [...plan.steps, ...plan.deferred];
  const strings = [packStrings([...plan.paths, ...plan.args]), plan.environment];
  const pieces = all.reduce((sum, { data }) => sum + padded(data?.length ?? 0), 0);
  const words = new Int32Array(PLAN_SLOTS + STEP_WORDS * all.length);
  const data = new Uint8Array(strings.reduce((sum, { bytes }) => sum + bytes.length, pieces));
  words.set([
    plan.steps.length,
    plan.deferred.length,
    pieces,
    plan.paths.length,
    plan.args.length,
    plan.environment.count,
    plan.cgroup,
    plan.script,
    plan.flags,
  ]);
  let offset = 0;
  let word = PLAN_SLOTS;
  for (const { what, numbers = [], data: piece, isTolerated } of all) {
    words[word] = what | (isTolerated ? TOLERATED : 0);
    words[word + 1] = numbers[0] ?? 0;
    words[word + 2] = numbers[1] ?? 0;
    words[word + 3] = piece ? offset : numbers[2] ?? 0;
    word += STEP_WORDS;
    if (!piece) continue;
    data.set(piece, offset);
    offset += padded(piece.length);
  }
  for (const { bytes } of strings) {
    data.set(bytes, offset);
    offset += bytes.length;
  }
  return { words, data };
}

/**
 * Says what a failed plan means.
 *
 * @param plan The plan.
 * @param failed Which step of it failed, as the shim tells.
 * @param errno Why.
 * @returns The error.
 */
export function planFailure(plan: Plan, failed: number, errno: number): SystemError {
  const command = plan.command;
  switch (failed) {
    case FAILED.CREATE:
      return new SystemError("clone3", errno, {
        address: plan.cgroupPath ? `into cgroup ${plan.cgroupPath}` : command,
      });
    case FAILED.TRACE:
      return new SystemError("ptrace", errno, { address: command });
    case FAILED.KILLED:
      return new SystemError("clone3", errno, { address: `${command} (it was killed before it could begin)` });
    case FAILED.SCRIPT:
      return new SystemError("ptrace", errno, { address: `${command} (its interpreter did not read it by itself)` });
  }
  const { syscall, about } = [...plan.steps, ...plan.deferred][failed];
  return new SystemError(syscall, errno, about === undefined ? {} : { address: about });
}

/**
 * The same plan, by which the child goes to its control group instead of being
 * created there: whoever is created in one where cgroup.kill was once written to
 * gets SIGKILL for that (Linux 6.18).
 */
function enteringCgroup(plan: Plan): Plan {
  const enter: Step = {
    what: STEP.WRITE,
    data: encoder.encode([`${plan.cgroupPath}/cgroup.procs`, "0", ""].join("\0")),
    syscall: "write",
    about: `${plan.cgroupPath}/cgroup.procs`,
  };
  return { ...plan, cgroup: -1, steps: [enter, ...plan.steps] };
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
  const result = native.ipcx_spawn(words, data, outcome);
  if (result >= 0) return { pid: outcome[0], ownPid: outcome[1], pidfd: outcome[2] };
  const other = withoutCgroup(plan, outcome[3]);
  if (other) return carryOut(other);
  throw planFailure(plan, outcome[3], -result);
}

/**
 * Finds another way for a child that was killed as it was created in its control group.
 *
 * @param plan The plan that failed.
 * @param failed Which step of it failed, as the shim tells.
 * @returns Another plan, or `undefined` if that was not the reason.
 */
export function withoutCgroup(plan: Plan, failed: number): Plan | undefined {
  return failed === FAILED.KILLED && plan.cgroup >= 0 ? enteringCgroup(plan) : undefined;
}
