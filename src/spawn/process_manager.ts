/**
 * A manager of processes, to be embedded in any daemon.
 *
 * @module
 */

import { getLogger } from "@std/log";
import { ClosedError } from "../core/errors.ts";
import { launch, type Launched } from "./launch.ts";
import { type LineSink, logLine } from "./log_lines.ts";
import {
  checkIdentifier,
  checkMilliseconds,
  type ManagedOptions,
  type ProcessManagerOptions,
} from "./managed_options.ts";
import type { ManagedParts } from "./managed_parts.ts";
import { ManagedProcess } from "./managed_process.ts";
import { ProcessEvents } from "./process_events.ts";
import type { ProcessRecord } from "./process_state.ts";
import { Roster } from "./roster.ts";
import type { EndStatus } from "./taken_over.ts";
import { recordOf, takeOver } from "./takeover.ts";

const DEFAULT_PREFIX = "ipcx-";
const DEFAULT_GRACE_MS = 5000;

/** What a manager has counted since it was set up. */
export interface ProcessCounters {
  /** Processes started. */
  started: number;
  /** Processes that live now, those taken over included. */
  live: number;
  /** Processes that could not be started, or did not become ready. */
  failed: number;
  /** Processes that have ended. */
  ended: number;
}

/**
 * Starts processes, knows them by their identifiers, and sees to it that they end.
 *
 * What it tells of are events: `"started"`, `"ready"` (of those that were asked
 * to say so), `"failed"` and `"ended"`, each a `ProcessEvent`.
 *
 * Processes end with the manager's process, even if that is killed; unless there
 * is a state file: then they live on, and the next manager takes them over. A
 * process is recognised by its pid, its start time, its pidfd and the start of
 * the host, never by its pid alone. A process that is killed together with the
 * manager's between its start and the writing of the file is not remembered.
 *
 * @example
 * ```ts
 * import { ProcessManager } from "ipcx";
 * import { assertEquals } from "@std/assert";
 *
 * const lines: string[] = [];
 * await using manager = new ProcessManager({ onLine: ({ text }) => lines.push(text) });
 * manager.addEventListener("ended", ({ identifier, status }) => lines.push(`${identifier}: ${status?.code}`));
 *
 * const greeter = manager.start({ identifier: "greeter", command: "sh", args: ["-c", "echo hello; exit 3"] });
 * assertEquals(manager.get("greeter"), greeter);
 * await greeter.status;
 * assertEquals(lines, ["hello", "greeter: 3"]);
 * assertEquals(manager.counters, { started: 1, live: 0, failed: 0, ended: 1 });
 * ```
 *
 * @example A server with a socket that it was given, asked by HTTP
 * ```ts
 * import { ProcessManager } from "ipcx";
 * import { assertEquals } from "@std/assert";
 *
 * const server = `
 * import http.server, socket
 * class Hello(http.server.BaseHTTPRequestHandler):
 *     def address_string(self): return "-"
 *     def do_GET(self):
 *         self.send_response(200)
 *         self.end_headers()
 *         self.wfile.write(b"hello")
 * listener = socket.socket(fileno=3)
 * while True:
 *     Hello(listener.accept()[0], None, None)
 * `;
 * await using manager = new ProcessManager({ onLine: () => {}, socketPrefix: `docs-${Deno.pid}-` });
 * const process = manager.start({
 *   identifier: "hello",
 *   command: "python3",
 *   args: ["-c", server],
 *   withSocket: true,
 *   ready: "connect",
 * });
 * await process.ready;
 * const answer = await process.fetch("/");
 * assertEquals(await answer.text(), "hello");
 * ```
 */
export class ProcessManager extends ProcessEvents implements AsyncDisposable {
  readonly #socketPrefix: string;
  readonly #grace: number;
  readonly #onLine: LineSink;
  readonly #roster: Roster;
  readonly #counts = { started: 0, failed: 0, ended: 0 };
  #closed: string | undefined;

  /**
   * Sets up a manager; takes over what the last one has left in the state file.
   *
   * @param options Names, times, the log, the state file.
   * @throws {Error} If the state file belongs to a manager that runs, cannot be
   * understood, or may be written to by others.
   * @throws {RangeError} If nobody could wait that long.
   */
  constructor(options: ProcessManagerOptions = {}) {
    super();
    this.#socketPrefix = options.socketPrefix ?? DEFAULT_PREFIX;
    this.#grace = checkMilliseconds("grace", options.grace ?? DEFAULT_GRACE_MS);
    this.#onLine = options.onLine ?? logLine;
    this.#roster = new Roster(options.stateFile);
    try {
      for (const record of this.#roster.readFile()) {
        const parts = takeOver(record, this.#onLine);
        if (parts) this.#hold(parts, record);
      }
      this.#roster.save();
    } catch (error) {
      this.#letGo();
      throw error;
    }
  }

  /**
   * Starts a process. When this returns, it has become its program, or stands
   * before its first instruction if it was to be `paused`.
   *
   * Whatever fails, its identifier is free again and nothing of it is left.
   *
   * @param options What to start, and how.
   * @returns The process.
   * @throws {SystemError} As {@linkcode spawn}, and EADDRINUSE if its socket's name is taken.
   * @throws {TypeError} For options that contradict each other.
   * @throws {Error} If a process with this identifier lives.
   * @throws {ClosedError} If the manager was shut down.
   */
  start(options: ManagedOptions): ManagedProcess {
    const uuid = crypto.randomUUID();
    const identifier = options.identifier ?? uuid;
    let process: ManagedProcess;
    try {
      this.#insistOnFree(checkIdentifier(identifier));
      process = this.#keep(launch(options, {
        identifier,
        uuid,
        socketPrefix: this.#socketPrefix,
        grace: this.#grace,
        outlives: this.#roster.isRemembered,
        onPrinted: (stream, pid, text, truncated) => this.#onLine({ identifier, pid, stream, text, truncated }),
      }));
    } catch (error) {
      this.#counts.failed++;
      this.tell("failed", identifier, { error });
      throw error;
    }
    this.#counts.started++;
    this.tell("started", identifier, { process });
    stopWhenAborted(process, options.signal);
    return process;
  }

  #insistOnFree(identifier: string): void {
    if (this.#closed) throw new ClosedError(this.#closed);
    const other = this.#roster.get(identifier);
    if (other) throw new Error(`'${identifier}' is running already, as process ${other.process.pid}`);
  }

  #keep({ parts, inodes }: Launched): ManagedProcess {
    let process: ManagedProcess | undefined;
    try {
      process = this.#hold(parts, this.#roster.isRemembered ? recordOf(parts, inodes) : undefined);
      this.#roster.save();
      return process;
    } catch (error) {
      if (process) this.#roster.remove(process);
      else abandon(parts, error);
      parts.running.killTree("SIGKILL");
      throw error;
    }
  }

  #hold(parts: ManagedParts, record?: ProcessRecord): ManagedProcess {
    const { identifier, readiness } = parts;
    // One that was let go, or could not be remembered, is no business of ours any more.
    const ifOurs = (act: () => void): void => {
      if (this.#roster.has(process)) act();
    };
    const onReady = (): void => {
      this.#roster.saveIfPossible();
      this.tell("ready", identifier, { process });
    };
    const onFailed = (error: unknown): void => {
      this.#counts.failed++;
      this.tell("failed", identifier, { process, error });
      stopUnasked(process);
    };
    const onEnded = (status: EndStatus | null): void => {
      this.#roster.remove(process);
      this.#counts.ended++;
      this.#roster.saveIfPossible();
      this.tell("ended", identifier, { process, status });
    };
    readiness.handler = {
      onReady: () => ifOurs(onReady),
      onFailed: (error) => ifOurs(() => onFailed(error)),
    };
    const process = new ManagedProcess(parts, {
      onResumed: () => ifOurs(() => this.#roster.saveIfPossible()),
      onEnded: (status) => ifOurs(() => onEnded(status)),
    });
    this.#roster.add({ process, parts, record });
    return process;
  }

  /**
   * Finds a process that lives.
   *
   * @param identifier What it is known by.
   * @returns The process, or `undefined` if there is none.
   */
  get(identifier: string): ManagedProcess | undefined {
    return this.#roster.get(identifier)?.process;
  }

  /**
   * Lists the processes that live.
   *
   * @returns Them, in the order of their start.
   */
  list(): ManagedProcess[] {
    return this.#roster.list().map(({ process }) => process);
  }

  /** What it has counted. */
  get counters(): ProcessCounters {
    return { ...this.#counts, live: this.#roster.size };
  }

  /**
   * Stops all processes and waits until they are gone; starts none any more.
   *
   * @param options The grace period in milliseconds, if it is to be another one than they were started with.
   * @throws {SystemError} EPERM if a process has become another user's.
   * @throws {RangeError} If nobody could wait that long.
   */
  async shutdown(options: { grace?: number } = {}): Promise<void> {
    this.#closed ??= "the process manager was shut down";
    try {
      await Promise.all(this.list().map((process) => process.stop(options)));
    } finally {
      if (this.#roster.size === 0) this.#roster[Symbol.dispose]();
    }
  }

  /**
   * Lets go of all processes: they live on, for the next manager with this state
   * file. Nobody reads what they print meanwhile: once a pipe is full (64 KiB,
   * as a rule), they wait.
   *
   * @throws {TypeError} If there is no state file.
   */
  detach(): void {
    if (!this.#roster.isRemembered) throw new TypeError("without a state file nobody could take the processes over");
    this.#closed ??= "the process manager has let go of its processes";
    this.#letGo();
  }

  #letGo(): void {
    const held = this.#roster.list();
    this.#roster[Symbol.dispose]();
    for (const { parts } of held) {
      abandon(parts, new ClosedError(`the manager has let go of '${parts.identifier}' before it was ready`));
      parts.running.unref();
    }
  }

  /** Shuts down at the end of an `await using` block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown();
  }
}

/** Listens to a process no more, whatever becomes of it. */
function abandon({ readiness, resources }: ManagedParts, reason: unknown): void {
  readiness.fail(reason);
  resources[Symbol.dispose]();
}

/** Stops a process of which nobody waits for the end: what goes wrong is logged. */
function stopUnasked(process: ManagedProcess): void {
  process.stop().catch((error) => {
    getLogger("spawn").error(`${process.identifier}: it could not be stopped`, { error: (error as Error).message });
  });
}

function stopWhenAborted(process: ManagedProcess, signal: AbortSignal | undefined): void {
  const stop = (): void => stopUnasked(process);
  // Whoever was told of its start may have aborted it.
  if (signal?.aborted) return stop();
  signal?.addEventListener("abort", stop, { once: true });
  process.status.then(() => signal?.removeEventListener("abort", stop));
}
