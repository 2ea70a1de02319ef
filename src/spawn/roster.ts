/**
 * The processes of a manager, and the file that remembers them.
 *
 * @module
 */

import { getLogger } from "@std/log";
import type { ManagedParts } from "./managed_parts.ts";
import type { ManagedProcess } from "./managed_process.ts";
import { type ProcessRecord, StateFile } from "./process_state.ts";

/** A process that lives. */
export interface Held {
  /** The process. */
  process: ManagedProcess;
  /** What it is made of. */
  parts: ManagedParts;
  /** What is remembered of it. */
  record?: ProcessRecord;
}

/** What may have changed since the process was started. */
function upToDate(record: ProcessRecord, process: ManagedProcess, { running, readiness }: ManagedParts): ProcessRecord {
  return {
    ...record,
    isPaused: process.state === "paused",
    isReady: readiness.isConfirmed,
    cgroup: running.cgroup,
  };
}

/** Who lives, by identifier. */
export class Roster implements Disposable {
  readonly #held = new Map<string, Held>();
  readonly #file: StateFile | undefined;

  /**
   * Begins with nobody.
   *
   * @param path The file, if there is to be one.
   * @throws {Error} If a manager that runs has it.
   */
  constructor(path: string | undefined) {
    this.#file = path === undefined ? undefined : StateFile.open(path);
  }

  /** Whether there is a file. */
  get isRemembered(): boolean {
    return this.#file !== undefined;
  }

  /** How many live. */
  get size(): number {
    return this.#held.size;
  }

  /**
   * Reads what the last manager has left.
   *
   * @returns Its processes.
   * @throws {Error} If the file cannot be understood, or others may write to it.
   */
  readFile(): ProcessRecord[] {
    return this.#file?.read() ?? [];
  }

  /**
   * Takes a process in.
   *
   * @param held The process.
   */
  add(held: Held): void {
    this.#held.set(held.process.identifier, held);
  }

  /**
   * Finds a process.
   *
   * @param identifier What it is known by.
   * @returns It, if it lives.
   */
  get(identifier: string): Held | undefined {
    return this.#held.get(identifier);
  }

  /**
   * Tells whether a process is in it, and not another one of its identifier.
   *
   * @param process The process.
   * @returns Whether it is.
   */
  has(process: ManagedProcess): boolean {
    return this.#held.get(process.identifier)?.process === process;
  }

  /** All, in the order of their coming. */
  list(): Held[] {
    return [...this.#held.values()];
  }

  /**
   * Takes a process out.
   *
   * @param process The process.
   */
  remove(process: ManagedProcess): void {
    this.#held.delete(process.identifier);
  }

  /**
   * Writes the file.
   *
   * @throws {Error} If it cannot be written.
   */
  save(): void {
    const records = this.list().flatMap(({ process, parts, record }) =>
      record ? [upToDate(record, process, parts)] : []
    );
    this.#file?.write(records);
  }

  /** Writes the file if that can be done. One that is not up to date does no harm: no process is taken for another. */
  saveIfPossible(): void {
    try {
      this.save();
    } catch (error) {
      getLogger("spawn").error("the state file could not be written", { error: (error as Error).message });
    }
  }

  /** Takes everybody out, and leaves the file to the next manager. */
  [Symbol.dispose](): void {
    this.#held.clear();
    this.#file?.[Symbol.dispose]();
  }
}
