/**
 * What a manager remembers of its processes beyond its own life.
 *
 * @module
 */

import { UnixAddress } from "../core/address.ts";
import type { ProcessIdentity } from "../core/process_identity.ts";

const VERSION = 1;

/** One process, as the file has it. */
export interface ProcessRecord {
  /** What it is known by. */
  identifier: string;
  /** Its uuid. */
  uuid: string;
  /** Which process it is. */
  identity: ProcessIdentity;
  /** Its process id as it sees it. */
  ownPid: number;
  /** Its program. */
  command: string;
  /** When it was started, as ISO 8601. */
  startedAt: string;
  /** How long it may take to end, in milliseconds. */
  grace: number;
  /** Whether it has not been resumed yet. */
  isPaused: boolean;
  /** Whether it was ready. */
  isReady: boolean;
  /** The directory of its control group, if it has one of its own. */
  cgroup?: string;
  /** Its socket. */
  socket?: { address: string; type: "stream" | "seqpacket" };
  /** The inodes of the pipes that it prints to. */
  stdout?: number;
  /** The same for standard error. */
  stderr?: number;
}

type Shape = Readonly<Record<string, (value: unknown) => boolean>>;

const isText = (value: unknown): boolean => typeof value === "string";
const isNumber = (value: unknown): boolean => typeof value === "number";
const isBoolean = (value: unknown): boolean => typeof value === "boolean";
const isAddress = (value: unknown): boolean => {
  try {
    return UnixAddress.parse(value as string).kind === "abstract";
  } catch {
    return false;
  }
};
const isPid = (value: unknown): boolean => Number.isInteger(value) && (value as number) > 1;
const isDate = (value: unknown): boolean => isText(value) && !Number.isNaN(Date.parse(value as string));
const isOneOf = (...words: string[]) => (value: unknown): boolean => words.includes(value as string);
const optional = (holds: (value: unknown) => boolean) => (value: unknown): boolean =>
  value === undefined || holds(value);
const shaped = (shape: Shape) => (value: unknown): boolean => wrongField(value, shape) === undefined;

/** The first field that is not as it should be. */
function wrongField(value: unknown, shape: Shape): string | undefined {
  if (typeof value !== "object" || value === null) return "it";
  return Object.entries(shape).find(([name, holds]) => !holds((value as Record<string, unknown>)[name]))?.[0];
}

const RECORD: Shape = {
  identifier: isText,
  uuid: isText,
  identity: shaped({ pid: isPid, startTime: isNumber, inode: isText, bootId: isText }),
  ownPid: isNumber,
  command: isText,
  startedAt: isDate,
  grace: isNumber,
  isPaused: isBoolean,
  isReady: isBoolean,
  cgroup: optional(isText),
  socket: optional(shaped({ address: isAddress, type: isOneOf("stream", "seqpacket") })),
  stdout: optional(isNumber),
  stderr: optional(isNumber),
};

function parse(text: string): ProcessRecord[] {
  const { version, processes } = JSON.parse(text) ?? {};
  if (version !== VERSION) throw new Error(`its version is ${version}, not ${VERSION}`);
  if (!Array.isArray(processes)) throw new Error("processes is no list");
  for (const [at, process] of processes.entries()) {
    const field = wrongField(process, RECORD);
    if (field !== undefined) throw new Error(`processes[${at}].${field} is not as it should be`);
  }
  return processes;
}

function writeNew(path: string, text: string): void {
  Deno.writeTextFileSync(path, text, { createNew: true, mode: 0o600 });
}

/** A state file, which one manager at a time has. */
export class StateFile implements Disposable {
  readonly #path: string;
  #lock: Deno.FsFile | undefined;

  private constructor(path: string, lock: Deno.FsFile) {
    this.#path = path;
    this.#lock = lock;
  }

  /**
   * Takes a state file for this process. A file beside it, `PATH.lock`, keeps
   * others away, and stays.
   *
   * @param path Where it is, or will be.
   * @returns The file.
   * @throws {Error} If a manager that runs has it.
   */
  static open(path: string): StateFile {
    // The working directory may be another one later.
    const absolute = path.startsWith("/") ? path : `${Deno.cwd()}/${path}`;
    const lock = Deno.openSync(`${absolute}.lock`, { write: true, create: true, mode: 0o600 });
    if (lock.tryLockSync(true)) return new StateFile(absolute, lock);
    lock.close();
    throw new Error(`${path} belongs to a process manager that is running`);
  }

  /**
   * Reads what the last manager has left.
   *
   * @returns Its processes; none if there is no file, or an empty one.
   * @throws {Error} If the file cannot be understood, or others may write to it:
   * whoever can write to it says which processes are ended.
   */
  read(): ProcessRecord[] {
    let text: string;
    try {
      const { uid, mode } = Deno.statSync(this.#path);
      if (uid !== Deno.uid() || ((mode ?? 0) & 0o022) !== 0) {
        throw new Error(`${this.#path} may be written to by others: it must be this user's, with mode 600`);
      }
      text = Deno.readTextFileSync(this.#path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      throw error;
    }
    // What a host leaves that has crashed while it was written; and how mktemp(1) makes it.
    if (/^\0*$/.test(text)) return [];
    try {
      return parse(text);
    } catch (error) {
      const reason = (error as Error).message;
      throw new Error(
        `${this.#path} holds no state of a process manager (${reason}): remove it, and its processes are on their own`,
      );
    }
  }

  /**
   * Writes the file anew. Whoever looks sees the old one or the new one, never a part.
   *
   * @param processes The processes that live.
   */
  write(processes: readonly ProcessRecord[]): void {
    const draft = `${this.#path}.new`;
    const text = `${JSON.stringify({ version: VERSION, processes }, null, 2)}\n`;
    try {
      writeNew(draft, text);
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
      // Left by a manager that was killed; or a trap, if others may write to the directory.
      Deno.removeSync(draft);
      writeNew(draft, text);
    }
    Deno.renameSync(draft, this.#path);
  }

  /** Leaves the file to the next manager; does nothing the second time. */
  [Symbol.dispose](): void {
    this.#lock?.close();
    this.#lock = undefined;
  }
}
