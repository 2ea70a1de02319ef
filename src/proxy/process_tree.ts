/**
 * The process of a request, with all that came of it.
 *
 * @module
 */

import type { ChildProcess, ExitStatus } from "../spawn/mod.ts";

/** How often it is looked whether what a process left behind has ended, in milliseconds. */
const LOOK_MS = 50;

/** Each so often it is looked whether they have only not been reaped yet, which takes longer. */
const CLOSE_LOOK = 20;

/** What is told of a tree. */
export interface TreeHandler {
  /** The process itself has ended; others may run on. */
  onExit(status: ExitStatus): void;
  /** All of its process group, or of its control group, have ended. */
  onGone(): void;
}

/** A process that leads a process group, and those that it has started. */
export class ProcessTree {
  readonly #child: ChildProcess;
  readonly #handler: TreeHandler;
  readonly #graceMs: number;
  #killTimer: ReturnType<typeof setTimeout> | undefined;
  #lookTimer: ReturnType<typeof setTimeout> | undefined;
  #isGone = false;
  #isStopping = false;
  #isKilled = false;
  #looks = 0;

  /**
   * Watches over a process.
   *
   * @param child The process; it leads a process group.
   * @param graceMs How long it has between SIGTERM and SIGKILL, in milliseconds.
   * @param handler What is told; must not throw.
   */
  constructor(child: ChildProcess, graceMs: number, handler: TreeHandler) {
    this.#child = child;
    this.#graceMs = graceMs;
    this.#handler = handler;
    child.status.then((status) => {
      handler.onExit(status);
      this.#look();
    }, (error) => {
      // Somebody else has reaped it: how it ended is not to be had.
      reportError(error);
      this.#finish();
    });
  }

  /** The process's id. */
  get pid(): number {
    return this.#child.pid;
  }

  /** Whether the process itself has ended. */
  get hasExited(): boolean {
    return this.#child.hasEnded;
  }

  /** Whether all have ended. */
  get isGone(): boolean {
    return this.#isGone;
  }

  /** Tells all of them to end with SIGTERM, and kills those that are left after the grace. */
  stop(): void {
    if (this.#isStopping || this.#isGone) return;
    this.#isStopping = true;
    if (!this.#signal("SIGTERM")) return this.#look();
    this.#killTimer = setTimeout(() => this.kill(), this.#graceMs);
  }

  /** Kills all of them at once. */
  kill(): void {
    if (this.#isGone) return;
    this.#isStopping = true;
    clearTimeout(this.#killTimer);
    this.#isKilled = true;
    this.#signal("SIGKILL");
    this.#look();
  }

  /** @returns Whether anybody was there. */
  #signal(signal: string): boolean {
    try {
      return this.#child.killTree(signal);
    } catch {
      // They have become another user's: there they are.
      return true;
    }
  }

  /** Looks whether anybody is left, now and then as long as there is. */
  #look(): void {
    clearTimeout(this.#lookTimer);
    if (this.#isGone || !this.#child.hasEnded) return;
    if (this.#isSomebodyLeft()) this.#lookTimer = setTimeout(() => this.#look(), LOOK_MS);
    else this.#finish();
  }

  #isSomebodyLeft(): boolean {
    const looksClosely = ++this.#looks % CLOSE_LOOK === 0 || this.#isKilled;
    return looksClosely ? this.#child.isTreeRunning : this.#child.isTreeAlive;
  }

  #finish(): void {
    this.#isGone = true;
    clearTimeout(this.#killTimer);
    clearTimeout(this.#lookTimer);
    this.#handler.onGone();
  }
}
