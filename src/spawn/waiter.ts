/**
 * Becoming something small: the waiter of a child, or the program itself.
 *
 * Both replace this process by a static program of a megabyte (ffi/waiter), which
 * is told in its environment what to do.
 *
 * @module
 */

import { check } from "../core/errors.ts";
import { exec } from "../core/exec.ts";
import type { Fd } from "../core/fd.ts";
import { OPEN } from "../core/linux.ts";
import { native } from "../core/native.ts";
import { loadWaiter } from "../core/native_files.ts";
import { openPath } from "../core/reach.ts";
import { sealedFile } from "../core/sealed_file.ts";
import type { PreparedPlan } from "./create.ts";
import { encodePlan, STEP } from "./plan.ts";

/** A file to be removed in the end, unless it has been replaced. */
export interface FileToRemove {
  /** Its path, absolute. */
  path: string;
  /** The file itself: held open, it keeps its inode to itself. */
  fd: Fd;
}

/** What the waiter is to do. */
export interface WaitOrders {
  /** The child's process id. */
  child: number;
  /** Whether the child leads a process group, so that a terminal's signals do not reach it by themselves. */
  leadsGroup: boolean;
  /** Where its end is told, as a line of JSON. */
  statusFd?: number;
  /** When it is told to end, in milliseconds from now. */
  timeout?: number;
  /** How long it then has until it is killed, in milliseconds. */
  grace: number;
  /** What is joined to standard input and output. */
  channel?: Fd;
  /** Whether that is the master of a pseudo-terminal. */
  isTerminal: boolean;
  /** Files to remove in the end. */
  files: readonly FileToRemove[];
  /** What is kept open until then, and the child does not have. */
  held: readonly Fd[];
  /** What is shown as the command line of the process. */
  commandLine: readonly [string, ...(string | Uint8Array)[]];
}

/**
 * Prepares to become small.
 *
 * @returns The program, the caller's.
 * @throws {SystemError} If the kernel lets no file without a name be made.
 */
export async function prepareWaiter(): Promise<Fd> {
  return sealedFile("ipcx-waiter", await loadWaiter(), "program");
}

/**
 * From now on signals to this process wait until it has become something else.
 */
export function holdSignals(): void {
  check(native.ipcx_hold_signals(), "sigaction");
}

function keepOnExec(fd: number): void {
  check(native.ipcx_keep_on_exec(fd), "fcntl", { address: `fd:${fd}` });
}

function removals(files: readonly FileToRemove[]): Record<string, string> {
  for (const { fd } of files) keepOnExec(fd.number);
  return Object.fromEntries(files.map(({ fd, path }, at) => [`IPCX_REMOVE_${at}`, `${fd.number}:${path}`]));
}

function holds(held: readonly Fd[]): Record<string, string> {
  for (const fd of held) keepOnExec(fd.number);
  return Object.fromEntries(held.map((fd, at) => [`IPCX_HOLD_${at}`, `${fd.number}`]));
}

/**
 * Becomes the waiter of a child; {@linkcode holdSignals} came before the child.
 *
 * @param program What {@linkcode prepareWaiter} has returned.
 * @param orders What to do.
 * @throws {SystemError} If the program may not be run; the child is left to the caller.
 */
export function becomeWaiter(program: Fd, orders: WaitOrders): never {
  const { channel, statusFd, timeout } = orders;
  const env: Record<string, string> = {
    IPCX_CHILD: `${orders.child}`,
    IPCX_LEADS_GROUP: orders.leadsGroup ? "1" : "0",
    IPCX_GRACE: `${orders.grace}`,
    IPCX_TERMINAL: orders.isTerminal ? "1" : "0",
  };
  if (statusFd !== undefined) env.IPCX_STATUS_FD = `${statusFd}`;
  if (timeout !== undefined) env.IPCX_TIMEOUT = `${timeout}`;
  if (channel) env.IPCX_CHANNEL = `${channel.number}`;
  Object.assign(env, removals(orders.files), holds(orders.held));
  exec(`/proc/self/fd/${program.number}`, orders.commandLine.slice(1), {
    argv0: orders.commandLine[0],
    env,
    signalsHeld: true,
    fds: channel ? { [channel.number]: channel } : {},
  });
}

/**
 * Becomes the program of a plan: no process is created, and none waits.
 *
 * What fails from here on is told on standard error; the exit status is then 127
 * for a program that is not there, 126 for one that cannot be run, 1 for all else.
 *
 * @param program What {@linkcode prepareWaiter} has returned.
 * @param prepared The plan.
 * @param files What is removed if it fails; the program keeps them.
 * @param name What this process calls itself when it tells of a failure.
 * @throws {TypeError} For what needs a process of its own: a pid namespace, `local`.
 */
export function becomeProgram(
  program: Fd,
  prepared: PreparedPlan,
  files: readonly FileToRemove[],
  name = "ipcx spawn",
): never {
  const { plan, needs } = prepared;
  const steps = plan.steps;
  if (steps.some(({ what }) => what === STEP.FORK)) {
    throw new TypeError("a process cannot change its own pid namespace: leave --exec out");
  }
  if (steps.some(({ what }) => what === STEP.TRACE)) {
    throw new TypeError("the program is put into the other mount namespace by a process beside it: leave --exec out");
  }
  const { words, data } = encodePlan(plan);
  const file = new Uint8Array(4 + words.byteLength + data.length);
  new Int32Array(file.buffer, 0, 1)[0] = words.length;
  file.set(new Uint8Array(words.buffer), 4);
  file.set(data, 4 + words.byteLength);
  using planFile = sealedFile("ipcx-plan", file, "data");
  const env: Record<string, string> = { IPCX_PLAN: `${planFile.number}`, ...removals(files) };
  for (const [at, { syscall, about }] of steps.entries()) {
    env[`IPCX_STEP_${at}`] = about === undefined ? syscall : `${syscall} ${about}`;
  }
  needs.forEach(keepOnExec);
  exec(`/proc/self/fd/${program.number}`, [], { argv0: name, env, fds: { [planFile.number]: planFile } });
}

/**
 * Describes a file that is to be removed in the end.
 *
 * @param path Its path.
 * @param fd The file, the caller's; by default, what is there now.
 * @returns The file; its descriptor is the caller's.
 * @throws {SystemError} ENOENT if it is not there.
 */
export function fileToRemove(path: string, fd: Fd = openPath(path, OPEN.NO_FOLLOW)): FileToRemove {
  return { path: path.startsWith("/") ? path : `${Deno.cwd()}/${path}`, fd };
}
