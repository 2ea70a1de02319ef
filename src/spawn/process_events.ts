/**
 * What a process manager tells of.
 *
 * @module
 */

import type { ManagedProcess } from "./managed_process.ts";
import type { EndStatus } from "./taken_over.ts";

/**
 * What has happened to a process: it was started; it is ready; it could not be
 * started, or has not become ready; it has ended.
 */
export type ProcessEventType = "started" | "ready" | "failed" | "ended";

/** What there is to say of it. */
export interface ProcessEventDetails {
  /** The process; not there if it could not be started. */
  process?: ManagedProcess;
  /** How it has ended, if it has; `null` if the kernel does not tell. */
  status?: EndStatus | null;
  /** Why it has failed, if it has. */
  error?: unknown;
}

/** Something has happened to a process. */
export class ProcessEvent extends Event {
  /** What the process is known by. */
  readonly identifier: string;
  /** The process; not there if it could not be started. */
  readonly process?: ManagedProcess;
  /** How it has ended, of `"ended"`; `null` if the kernel does not tell. */
  readonly status?: EndStatus | null;
  /** Why it has failed, of `"failed"`. */
  readonly error?: unknown;

  /**
   * Puts an event together.
   *
   * @param type What has happened.
   * @param identifier What the process is known by.
   * @param details What there is to say of it.
   */
  constructor(type: ProcessEventType, identifier: string, details: ProcessEventDetails = {}) {
    super(type);
    this.identifier = identifier;
    this.process = details.process;
    this.status = details.status;
    this.error = details.error;
  }
}

/**
 * Tells listeners of what happens to processes, at once, so that they find things
 * as they are. What a listener throws is reported as an error of this process.
 *
 * @example A process that is started again when it ends
 * ```ts
 * import { ProcessManager } from "ipcx";
 * import { assertEquals } from "@std/assert";
 *
 * await using manager = new ProcessManager({ onLine: () => {} });
 * const twice = Promise.withResolvers<void>();
 * const restart = (): void => {
 *   if (manager.counters.ended === 2) twice.resolve();
 *   else manager.start({ identifier: "worker", command: "true" });
 * };
 * manager.addEventListener("ended", restart);
 * manager.start({ identifier: "worker", command: "true" });
 * await twice.promise;
 * manager.removeEventListener("ended", restart); // a manager that shuts down starts nothing: that would throw
 * assertEquals(manager.counters.started, 2);
 * ```
 */
export abstract class ProcessEvents {
  readonly #target = new EventTarget();

  /**
   * Listens to what happens to processes.
   *
   * @param type What is to be told of.
   * @param listener What is told.
   * @param options As for any `EventTarget`.
   */
  addEventListener(
    type: ProcessEventType,
    listener: (event: ProcessEvent) => void,
    options?: AddEventListenerOptions,
  ): void {
    this.#target.addEventListener(type, listener as EventListener, options);
  }

  /**
   * Listens no more.
   *
   * @param type What was told of.
   * @param listener What was told.
   */
  removeEventListener(type: ProcessEventType, listener: (event: ProcessEvent) => void): void {
    this.#target.removeEventListener(type, listener as EventListener);
  }

  /**
   * Tells of something.
   *
   * @param type What has happened.
   * @param identifier What the process is known by.
   * @param details What there is to say of it.
   */
  protected tell(type: ProcessEventType, identifier: string, details: ProcessEventDetails): void {
    this.#target.dispatchEvent(new ProcessEvent(type, identifier, details));
  }
}
