/**
 * How managed processes are started, and how their manager is set up.
 *
 * @module
 */

import type { LineSink } from "./log_lines.ts";
import type { ChildStream, SpawnOptions } from "./options.ts";

/**
 * When a process is ready:
 *
 * - `"connect"`: it has accepted a first connection to its socket, and has closed
 *   it again, or said something. The connection says nothing and has ended already.
 * - `{ line }`: it has printed a line that contains this text or matches this
 *   expression, to an output that goes to the log.
 * - `"notify"`: it, or what came of it, has sent READY=1 to NOTIFY_SOCKET, as
 *   sd_notify(3) does. That is an abstract name, unless it is started in another
 *   network namespace: then it is the path of a descriptor that it is given
 *   beside its others, which takes a /proc of its own pid namespace. A sender who
 *   is gone when the message is read is not believed; sd_notify_barrier(3) waits
 *   for that.
 */
export type ReadyWhen = "connect" | "notify" | {
  /** What is to be in the line. */
  line: string | RegExp;
};

/** How a process listens. */
export interface ManagedSocketOptions {
  /** `"stream"`, the default, or `"seqpacket"`. */
  type?: "stream" | "seqpacket";
  /** How many connections may wait to be accepted, by default 4096; the kernel caps it at net.core.somaxconn. */
  backlog?: number;
}

/** How to start a managed process: as {@linkcode spawn} does, but for the standard streams, and more. */
export interface ManagedOptions extends Omit<SpawnOptions, "stdin" | "stdout" | "stderr" | "deathSignal"> {
  /**
   * What it is known by, 1–255 bytes of printable text; by default its uuid. No
   * other process of the manager has it as long as this one lives.
   */
  identifier?: string;
  /**
   * Whether it is given a listening socket, as descriptor 3, in blocking mode.
   * Its abstract name is the manager's prefix and the identifier.
   */
  withSocket?: boolean | ManagedSocketOptions;
  /** When it is ready; by default as soon as it is started. */
  ready?: ReadyWhen;
  /** How long it may take to become ready, in milliseconds from its start or resumption; by default 30 000. */
  readyTimeout?: number;
  /** How long it may take to end once it was told to, in milliseconds; by default the manager's. */
  grace?: number;
  /** Stops it when it is aborted. */
  signal?: AbortSignal;
  /** Standard input, by default `"null"`. */
  stdin?: ChildStream;
  /** Standard output: what {@linkcode SpawnOptions} knows, or `"log"`, the default. */
  stdout?: ChildStream | "log";
  /** Standard error: what {@linkcode SpawnOptions} knows, or `"log"`, the default. */
  stderr?: ChildStream | "log";
  /**
   * A signal for it when the manager's process ends; by default `"SIGKILL"`, and
   * none if there is a state file. It reaches the process, not what came of it.
   */
  deathSignal?: string | number;
}

/** How a manager is set up. */
export interface ProcessManagerOptions {
  /** What the names of sockets begin with, by default `"ipcx-"`. */
  socketPrefix?: string;
  /** How long processes may take to end once they were told to, in milliseconds; by default 5000. */
  grace?: number;
  /** What takes the lines that processes print; by default `@std/log`'s logger "spawn". */
  onLine?: LineSink;
  /**
   * A file that remembers the processes. They outlive the manager's process then,
   * and the next manager with this file takes them over.
   */
  stateFile?: string;
}

/** The longest that a timer can wait. */
const MAX_MS = 0x7fff_ffff;

/**
 * Makes sure that a time can be waited for.
 *
 * @param name What it is, for the message.
 * @param ms The time, in milliseconds.
 * @returns The time.
 * @throws {RangeError} If it cannot.
 */
export function checkMilliseconds(name: string, ms: number): number {
  if (ms >= 0 && ms <= MAX_MS) return ms;
  throw new RangeError(`${name} is a time of 0 to ${MAX_MS} milliseconds, not ${ms}`);
}

const MAX_IDENTIFIER_BYTES = 255;

/**
 * Makes sure that a text can be an identifier.
 *
 * @param identifier The text.
 * @returns The identifier.
 * @throws {TypeError} If it is empty, too long, or contains control characters.
 */
export function checkIdentifier(identifier: string): string {
  const bytes = new TextEncoder().encode(identifier).length;
  if (bytes === 0 || bytes > MAX_IDENTIFIER_BYTES || /\p{Cc}/u.test(identifier)) {
    throw new TypeError(
      `${JSON.stringify(identifier)} is no identifier: it takes 1 to ${MAX_IDENTIFIER_BYTES} bytes of printable text`,
    );
  }
  return identifier;
}
