/**
 * The commands that `ipcx beam listen` runs, each for a message.
 *
 * @module
 */

import { getLogger } from "@std/log";
import type { Credentials } from "../core/credentials.ts";
import { delay } from "../core/delay.ts";
import type { Message } from "../core/message.ts";
import type { ChildProcess } from "../spawn/child_process.ts";
import { spawn } from "../spawn/spawn.ts";
import { optionsFor } from "./beam_exec.ts";
import { Semaphore } from "../core/semaphore.ts";

/** Starts commands, so many at a time, and sees to their end. */
export class BeamCommands {
  readonly #command: readonly string[];
  readonly #places: Semaphore;
  readonly #running = new Set<ChildProcess>();
  #allEnded: (() => void) | undefined;

  /**
   * Prepares to start commands.
   *
   * @param command The command and its arguments.
   * @param most How many may run at a time.
   */
  constructor(command: readonly string[], most: number) {
    this.#command = command;
    this.#places = new Semaphore(most);
  }

  /**
   * Waits until one more may be started.
   *
   * @param signal Ends the wait.
   * @returns Gives the place back, unless {@linkcode start} has got it.
   */
  place(signal: AbortSignal): Promise<() => void> {
    return this.#places.take(signal);
  }

  /**
   * Starts the command for a message. What fails is logged: the next message has nothing to do with it.
   *
   * @param message The message; its descriptors are closed.
   * @param peer Who sent it.
   * @param leave Gives its place back.
   */
  start(message: Message, peer: Credentials, leave: () => void): void {
    const log = getLogger("beam");
    using _message = message;
    let child: ChildProcess;
    try {
      // In a group of its own, all that comes of it can be told to end.
      child = spawn({ ...optionsFor(this.#command, message, peer), processGroup: true });
    } catch (error) {
      leave();
      log.error("command not started", { ...peer, error: (error as Error).message });
      return;
    }
    log.debug("command started", { ...peer, child: child.pid });
    this.#running.add(child);
    child.status.then(
      ({ success, code, signal }) => {
        const ending = { ...peer, child: child.pid, code, signal };
        if (success) log.debug("command ended", ending);
        else log.warn("command failed", ending);
      },
      (error) => log.error("command lost", { ...peer, child: child.pid, error: error.message }),
    ).finally(() => {
      this.#running.delete(child);
      leave();
      if (this.#running.size === 0) this.#allEnded?.();
    });
  }

  /** Waits until none runs any more. */
  async ended(): Promise<void> {
    if (this.#running.size === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#allEnded = resolve;
    await promise;
  }

  /**
   * Ends those that run, and all that came of them.
   *
   * @param grace How long they have from SIGTERM to SIGKILL, in milliseconds.
   * @param hurry Ends that time.
   */
  async stop(grace: number, hurry: AbortSignal): Promise<void> {
    this.#signal("SIGTERM");
    const end = new AbortController();
    const late = delay(grace, AbortSignal.any([hurry, end.signal])).catch(() => {});
    late.then(() => this.#signal("SIGKILL"));
    await this.ended();
    end.abort();
    await late;
  }

  #signal(signal: string): void {
    for (const child of this.#running) {
      try {
        child.killTree(signal);
      } catch (error) {
        getLogger("beam").error("command not ended", { child: child.pid, error: (error as Error).message });
      }
    }
  }
}
