/**
 * A running child: its end, its signals, its streams.
 *
 * @module
 */

import type { Socket } from "node:net";
import { check, ClosedError, SystemError } from "../core/errors.ts";
import type { Fd } from "../core/fd.ts";
import { EPOLL, ERRNO } from "../core/linux.ts";
import { native } from "../core/native.ts";
import { sendSignal } from "../core/pidfd.ts";
import { isGroupRunning, isTaken } from "../core/process_identity.ts";
import { expectEvent, expectNothing, Watch } from "../core/reactor.ts";
import { toReadable, toWritable } from "../core/web_streams.ts";
import { isEmptyCgroup, type OwnCgroup } from "./cgroup.ts";
import { type ExitStatus, reap } from "./exit_status.ts";
import { signalNumber } from "./signals.ts";

const NO_GROUP = "it has no process group of its own: start it with processGroup or newSession";

/** A child that lives no longer is polled for: a wake-up would take half as long. */
const SHORT_LIFE_MS = 0.4;

/** Children tend to live as long as the last one. */
let lastLifeMs = Infinity;

/** How many children are polled for. */
let expected = 0;

function piped<Stream>(stream: Stream | undefined, name: string): Stream {
  if (stream === undefined) throw new TypeError(`${name} is not piped`);
  return stream;
}

/** What a child is made of. */
export interface ChildParts {
  /** Its id here. */
  pid: number;
  /** Its id as it sees it. */
  ownPid: number;
  /** Its pidfd; the child's from now on. None if it has ended. */
  pidfd?: Fd;
  /** How it has ended, if it has been reaped already. */
  status?: ExitStatus;
  /** Its control group, if it was started in one of its own. */
  cgroup?: OwnCgroup;
  /** Whether it leads a process group. */
  leadsGroup: boolean;
  /** Since when it runs, as `performance.now()` tells, by default since now. */
  startedMs?: number;
  /** A pipe to its standard input. */
  stdin?: Socket;
  /** A pipe from its standard output. */
  stdout?: Socket;
  /** A pipe from its standard error. */
  stderr?: Socket;
}

/**
 * A process that {@linkcode spawn} has started.
 *
 * It is reaped when it ends, whether or not anybody looks. Until then it keeps
 * this process alive; see {@linkcode unref}. Pipes are the caller's to close or
 * to read to their end: others may have them, too.
 *
 * @example Ended with all that came of it
 * ```ts
 * import { spawn } from "ipcx";
 * import { assertEquals } from "@std/assert";
 *
 * const child = spawn({ command: "sh", args: ["-c", "sleep 100 & sleep 100"], processGroup: true });
 * assertEquals(child.killTree("SIGTERM"), true);
 * const { success, code, signal } = await child.status;
 * assertEquals([success, code, signal], [false, 143, "SIGTERM"]);
 * assertEquals(child.kill(), false); // nobody else is hit
 * ```
 */
export class ChildProcess {
  /** Its process id here. */
  readonly pid: number;
  /** Its process id in its own pid namespace. */
  readonly ownPid: number;
  /** How it ends: settled when it has been reaped. */
  readonly status: Promise<ExitStatus>;
  readonly #parts: ChildParts;
  readonly #stdin?: WritableStream<Uint8Array>;
  readonly #stdout?: ReadableStream<Uint8Array>;
  readonly #stderr?: ReadableStream<Uint8Array>;
  readonly #watch: Watch | undefined;
  #hasEnded = false;
  #isExpected = false;
  readonly #startedMs: number;
  #takesRestAlong = false;

  /**
   * Watches over a child of this process.
   *
   * @param parts The child.
   */
  constructor(parts: ChildParts) {
    const { promise, resolve, reject } = Promise.withResolvers<ExitStatus>();
    this.pid = parts.pid;
    this.ownPid = parts.ownPid;
    this.#parts = parts;
    this.#startedMs = parts.startedMs ?? performance.now();
    this.#stdin = parts.stdin && toWritable(parts.stdin);
    this.#stdout = parts.stdout && toReadable(parts.stdout);
    this.#stderr = parts.stderr && toReadable(parts.stderr);
    this.status = promise;
    // Nobody has to look at it.
    promise.catch(() => {});
    if (!parts.pidfd) {
      this.#hasEnded = true;
      parts.cgroup?.leave();
      resolve(parts.status!);
      return;
    }
    this.#watch = new Watch(parts.pidfd.number, EPOLL.IN, { onReady: () => this.#reap(resolve, reject) });
    this.#watch.ref();
    if (lastLifeMs >= SHORT_LIFE_MS || performance.now() - this.#startedMs >= SHORT_LIFE_MS) return;
    this.#isExpected = true;
    expected++;
    expectEvent(SHORT_LIFE_MS);
  }

  #reap(resolve: (status: ExitStatus) => void, reject: (error: unknown) => void): void {
    const pidfd = this.#parts.pidfd!;
    if (this.#takesRestAlong) this.#killRest();
    const result = reap(pidfd);
    if (result === undefined) return;
    this.#hasEnded = true;
    lastLifeMs = performance.now() - this.#startedMs;
    if (this.#isExpected && --expected === 0) expectNothing();
    this.#watch!.close();
    pidfd.close();
    this.#parts.cgroup?.leave();
    // Somebody else has reaped it, such as a library that waits for any child.
    if (typeof result === "number") reject(new SystemError("waitid", -result, { pid: this.pid }));
    else resolve(result);
  }

  /** Whether it has ended and been reaped. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Its control group's directory, if it was started in one in which nobody else was, nor was started since. */
  get cgroup(): string | undefined {
    return this.#parts.cgroup?.directory;
  }

  /**
   * Its pidfd, for poll(2), setns(2) and the like; stays the child's.
   *
   * @throws {ClosedError} If it has ended.
   */
  get pidfd(): Fd {
    const { pidfd } = this.#parts;
    if (!pidfd) throw new ClosedError("the process has ended");
    void pidfd.number;
    return pidfd;
  }

  /**
   * A pipe to its standard input.
   *
   * @throws {TypeError} If `stdin` was not `"piped"`.
   */
  get stdin(): WritableStream<Uint8Array> {
    return piped(this.#stdin, "stdin");
  }

  /**
   * A pipe from its standard output.
   *
   * @throws {TypeError} If `stdout` was not `"piped"`.
   */
  get stdout(): ReadableStream<Uint8Array> {
    return piped(this.#stdout, "stdout");
  }

  /**
   * A pipe from its standard error.
   *
   * @throws {TypeError} If `stderr` was not `"piped"`.
   */
  get stderr(): ReadableStream<Uint8Array> {
    return piped(this.#stderr, "stderr");
  }

  /**
   * Sends it a signal; no other process can be hit, however late it is.
   *
   * @param signal The signal, by default `"SIGTERM"`.
   * @returns Whether it was there to get it.
   * @throws {SystemError} EPERM if it has become another user's.
   * @throws {TypeError} If there is no such signal.
   */
  kill(signal: string | number = "SIGTERM"): boolean {
    const number = signalNumber(signal);
    if (this.#hasEnded) return false;
    return sendSignal(this.#parts.pidfd!, number, this.pid);
  }

  /**
   * Sends a signal to it and to all that came of it: to its control group, if it
   * was started there alone and the signal is SIGKILL, else to its process group.
   *
   * Processes that have left the group by setsid(2) or setpgid(2) are only
   * reached through the control group.
   *
   * @param signal The signal, by default `"SIGKILL"`.
   * @returns Whether anybody was there to get it.
   * @throws {TypeError} If it has neither a control group nor a process group of its own.
   */
  killTree(signal: string | number = "SIGKILL"): boolean {
    const number = signalNumber(signal);
    const { cgroup, leadsGroup } = this.#parts;
    if (number === signalNumber("SIGKILL") && cgroup?.kill()) return true;
    if (!leadsGroup) {
      throw new TypeError(NO_GROUP);
    }
    const result = this.#signalGroup(number);
    if (result === -ERRNO.ESRCH) return false;
    check(result, "kill", { pid: this.pid });
    return true;
  }

  /** By its pidfd no other group can be hit; before Linux 6.9 its number is its own until it has been reaped. */
  #signalGroup(number: number): number {
    const { pidfd } = this.#parts;
    const result = pidfd?.isOpen ? native.ipcx_signal_own_group(pidfd.number, number) : -ERRNO.EINVAL;
    if (result !== -ERRNO.EINVAL) return result;
    // Whoever has the number now has it because nobody of the group is left.
    if (!pidfd?.isOpen && isTaken(this.pid)) return -ERRNO.ESRCH;
    return native.ipcx_signal_group(this.pid, number);
  }

  /**
   * Whether it or anybody that came of it is there: of its own control group, if
   * it was started in one, else of its process group.
   *
   * @throws {TypeError} If it has neither.
   */
  get isTreeAlive(): boolean {
    const directory = this.#parts.cgroup?.directory;
    if (directory !== undefined) return !isEmptyCgroup(directory);
    if (!this.#parts.leadsGroup) throw new TypeError(NO_GROUP);
    // Mostly there is nobody, which takes no look at whose number it is by now.
    if (this.#hasEnded && native.ipcx_signal_group(this.pid, 0) === -ERRNO.ESRCH) return false;
    return this.#signalGroup(0) !== -ERRNO.ESRCH;
  }

  /**
   * Whether anybody of its tree still runs: of those that {@linkcode isTreeAlive}
   * tells of, who has ended but was not reaped yet by its parent is not counted.
   *
   * It takes a look at each process of the host.
   *
   * @throws {TypeError} If it has neither a control group nor a process group of its own.
   */
  get isTreeRunning(): boolean {
    if (!this.isTreeAlive) return false;
    return this.#parts.cgroup?.directory !== undefined || isGroupRunning(this.pid);
  }

  /**
   * Sees to it that all that came of it ends with it: what is left of its tree
   * then gets SIGKILL, as {@linkcode killTree} sends it.
   *
   * @throws {TypeError} If it has neither a control group nor a process group of its own.
   */
  killRestAtEnd(): void {
    if (this.#parts.cgroup === undefined && !this.#parts.leadsGroup) throw new TypeError(NO_GROUP);
    this.#takesRestAlong = true;
  }

  #killRest(): void {
    try {
      this.killTree("SIGKILL");
    } catch {
      // Who is left belongs to another user by now; the end itself must be seen all the same.
    }
  }

  /** Closes our end of the pipe to its standard input, if there is one, whoever writes to it. */
  closeStdin(): void {
    this.#parts.stdin?.destroy();
  }

  /** Keeps this process alive as long as it runs, and its pipes are open, as is so at first. */
  ref(): void {
    this.#watch?.ref();
    for (const pipe of this.#pipes()) pipe.ref();
  }

  /** Lets this process end although it runs. */
  unref(): void {
    this.#watch?.unref();
    for (const pipe of this.#pipes()) pipe.unref();
  }

  #pipes(): Socket[] {
    const { stdin, stdout, stderr } = this.#parts;
    return [stdin, stdout, stderr].filter((pipe) => pipe !== undefined);
  }
}
