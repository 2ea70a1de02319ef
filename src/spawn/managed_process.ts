/**
 * A process that a manager looks after.
 *
 * @module
 */

import type { UnixAddress } from "../core/address.ts";
import type { ConnectOptions } from "../core/connect.ts";
import type { Fd } from "../core/fd.ts";
import type { UnixSocket } from "../core/socket.ts";
import { cgroupDirectory } from "./cgroup.ts";
import type { ChildProcess } from "./child_process.ts";
import { checkMilliseconds } from "./managed_options.ts";
import type { ManagedParts } from "./managed_parts.ts";
import type { ManagedSocket } from "./managed_socket.ts";
import type { EndStatus } from "./taken_over.ts";

/**
 * How a process is: stopped before its first instruction, not ready yet, running
 * (ready, or given up on becoming it), told to end, or gone.
 */
export type ProcessState = "paused" | "starting" | "running" | "stopping" | "ended";

/** Who looks after a process. */
export interface Attendant {
  /** Called when it was resumed. */
  onResumed(): void;
  /** Called when it has ended and all that it has printed was told. */
  onEnded(status: EndStatus | null): void;
}

/**
 * A process that a {@linkcode ProcessManager} has started, or taken over.
 *
 * It keeps this process alive until it ends, or the manager lets go of it.
 *
 * @example Prepared while it stands before its first instruction
 * ```ts
 * import { ProcessManager } from "ipcx";
 * import { assertEquals } from "@std/assert";
 *
 * await using manager = new ProcessManager({ onLine: () => {} });
 * const worker = manager.start({
 *   command: "sh",
 *   args: ["-c", "echo at work; exec sleep 100"],
 *   paused: true,
 *   ready: { line: "at work" },
 * });
 * assertEquals(worker.state, "paused");
 * // worker.joinCgroup("/sys/fs/cgroup/workers");
 * worker.resume();
 * await worker.ready;
 * assertEquals(worker.state, "running");
 * assertEquals((await worker.stop({ grace: 1000 }))!.signal, "SIGTERM");
 * assertEquals(worker.state, "ended");
 * ```
 */
export class ManagedProcess {
  /** What it is known by. */
  readonly identifier: string;
  /** What no other process has ever had. */
  readonly uuid: string;
  /** Its program. */
  readonly command: string;
  /** When it was started. */
  readonly startedAt: Date;
  /** Its process id here. */
  readonly pid: number;
  /** Its process id in its own pid namespace. */
  readonly ownPid: number;
  /** Whether an earlier manager has started it. */
  readonly isTakenOver: boolean;
  /**
   * Settled when it is ready, at once if nothing else was asked for.
   *
   * It is rejected with a `TimeoutError` if that takes too long, and the process
   * is stopped; with an `Error` if it ends before, or was taken over before.
   */
  readonly ready: Promise<void>;
  /**
   * How it ends, settled when it is gone, its identifier is free, and what it
   * has printed was told; `null` if the kernel does not tell, as it may be with
   * one that was taken over.
   */
  readonly status: Promise<EndStatus | null>;
  readonly #parts: ManagedParts;
  readonly #attendant: Attendant;
  #isPaused: boolean;
  #isStopping = false;
  #hasEnded = false;

  /**
   * Looks after a process.
   *
   * @param parts The process.
   * @param attendant Who is told.
   */
  constructor(parts: ManagedParts, attendant: Attendant) {
    this.identifier = parts.identifier;
    this.uuid = parts.uuid;
    this.command = parts.command;
    this.startedAt = parts.startedAt;
    this.pid = parts.running.pid;
    this.ownPid = parts.ownPid;
    this.isTakenOver = parts.child === undefined;
    this.ready = parts.readiness.promise;
    this.#parts = parts;
    this.#attendant = attendant;
    this.#isPaused = parts.isPaused;
    if (!parts.isPaused) parts.readiness.begin();
    this.status = this.#attend();
  }

  async #attend(): Promise<EndStatus | null> {
    const { running, child, lines, readiness, resources } = this.#parts;
    // Rejected only if somebody else has reaped it.
    const status = await running.status.catch(() => null);
    // Nobody is to read from it any more, and few close what they write to when its reader ends.
    child?.closeStdin();
    await Promise.all(lines.map((one) => one.drained()));
    this.#hasEnded = true;
    readiness.fail(new Error(`'${this.identifier}' has ended before it was ready: ${told(status)}`));
    resources[Symbol.dispose]();
    this.#attendant.onEnded(status);
    return status;
  }

  /** How it is. */
  get state(): ProcessState {
    if (this.#hasEnded) return "ended";
    if (this.#isStopping) return "stopping";
    if (this.#isPaused) return "paused";
    return this.#parts.readiness.isPending ? "starting" : "running";
  }

  /**
   * Its pidfd; stays the process's.
   *
   * @throws {ClosedError} If it has ended.
   */
  get pidfd(): Fd {
    return this.#parts.running.pidfd;
  }

  /**
   * A pipe to its standard input; closed when it ends.
   *
   * @throws {TypeError} If `stdin` was not `"piped"`, or it was taken over.
   */
  get stdin(): WritableStream<Uint8Array> {
    return this.#child.stdin;
  }

  /**
   * A pipe from its standard output.
   *
   * @throws {TypeError} If `stdout` was not `"piped"`, or it was taken over.
   */
  get stdout(): ReadableStream<Uint8Array> {
    return this.#child.stdout;
  }

  /**
   * A pipe from its standard error.
   *
   * @throws {TypeError} If `stderr` was not `"piped"`, or it was taken over.
   */
  get stderr(): ReadableStream<Uint8Array> {
    return this.#child.stderr;
  }

  get #child(): ChildProcess {
    const { child } = this.#parts;
    if (!child) throw new TypeError(`'${this.identifier}' was taken over: its pipes went with its first manager`);
    return child;
  }

  get #socket(): ManagedSocket {
    const { socket } = this.#parts;
    if (!socket) throw new TypeError(`'${this.identifier}' has no socket: start it withSocket`);
    return socket;
  }

  /**
   * Where it listens: an abstract name in the manager's network namespace.
   *
   * @throws {TypeError} If it was not started `withSocket`.
   */
  get address(): UnixAddress {
    return this.#socket.address;
  }

  /**
   * Connects to its socket.
   *
   * @param options Time-out and signal.
   * @returns The connection, the caller's.
   * @throws {SystemError} ECONNREFUSED, at once, if nobody has the listener any more.
   * @throws {TypeError} If it was not started `withSocket`.
   */
  async connect(options: Omit<ConnectOptions, "type"> = {}): Promise<UnixSocket> {
    return await this.#socket.connect(options);
  }

  /**
   * Asks it by HTTP over its socket, on a connection of its own. Read the answer
   * to its end, or cancel it. Redirections are not followed.
   *
   * @param path What for, with its leading slash.
   * @param init Method, headers, body and signal, as for the global `fetch`.
   * @returns The answer.
   * @throws {SystemError} ECONNREFUSED if nobody has the listener any more.
   * @throws {TypeError} If that is no request, or it has no stream socket.
   * @throws {Error} If it hangs up, or does not speak HTTP.
   */
  async fetch(path: string, init?: RequestInit): Promise<Response> {
    return await this.#socket.fetch(path, init);
  }

  /** Lets it run that was started `paused`; its time to become ready begins. */
  resume(): void {
    if (!this.#isPaused) return;
    this.#parts.running.kill("SIGCONT");
    this.#isPaused = false;
    this.#parts.readiness.begin();
    this.#attendant.onResumed();
  }

  /**
   * Moves it into a control group, of version 1 or 2. What it has started stays
   * where it is: do this while it is paused.
   *
   * @param directory The group's directory, or a path below the mount of cgroup v2.
   * @throws {Deno.errors.NotFound} If there is no such group.
   * @throws {Error} If it has ended, or the kernel refuses.
   */
  joinCgroup(directory: string): void {
    if (this.#hasEnded) throw new Error(`'${this.identifier}' has ended`);
    Deno.writeTextFileSync(`${cgroupDirectory(directory)}/cgroup.procs`, `${this.pid}`, { create: false });
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
    return this.#parts.running.kill(signal);
  }

  /**
   * Ends it: SIGTERM to it, and SIGKILL to it and all that came of it if it is
   * still there when the grace period is over. What it leaves behind in its
   * process group, or in a control group of its own, gets SIGKILL in any case.
   *
   * @param options The grace period in milliseconds, if it is to be another one than it was started with.
   * @returns How it has ended; the same again if it has already.
   * @throws {SystemError} EPERM if it has become another user's.
   * @throws {RangeError} If nobody could wait that long.
   */
  async stop(options: { grace?: number } = {}): Promise<EndStatus | null> {
    const grace = checkMilliseconds("grace", options.grace ?? this.#parts.grace);
    const { running } = this.#parts;
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      try {
        running.killTree("SIGKILL");
      } catch (error) {
        late.reject(error);
      }
    }, grace);
    try {
      this.#terminate();
      return await Promise.race([this.status, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  #terminate(): void {
    if (this.#isStopping || this.#hasEnded) return;
    this.#parts.running.kill("SIGTERM");
    this.#isStopping = true;
    // Stopped, it would not heed it.
    if (this.#isPaused) this.#parts.running.kill("SIGCONT");
  }
}

function told(status: EndStatus | null): string {
  if (status === null) return "its status is not known";
  return status.signal === null ? `exit status ${status.code}` : `${status.signal}`;
}
