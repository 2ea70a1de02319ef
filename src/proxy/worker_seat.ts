/**
 * A place that is never without a worker for long.
 *
 * @module
 */

import { getLogger } from "@std/log";
import type { RouteMetrics } from "./route_metrics.ts";
import { Worker, type WorkerStart } from "./worker.ts";

/** How long a place stays empty after a worker that was of no use, in milliseconds; then twice as long each time. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;

/** Who has lived so long was of use, even if nobody asked anything, in milliseconds. */
const LONG_LIFE_MS = 10_000;

/** Who is told of workers. */
export interface SeatHandler {
  /** There is another worker. */
  onWorker(worker: Worker): void;
  /** A worker has ended, with all that came of it. */
  onWorkerGone(worker: Worker): void;
  /** The place was closed and is empty. */
  onClosed(seat: WorkerSeat): void;
}

/** One of the places of a pool. */
export class WorkerSeat {
  readonly #start: WorkerStart;
  readonly #metrics: RouteMetrics;
  readonly #handler: SeatHandler;
  #worker: Worker | undefined;
  #pauseMs = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosing = false;

  /**
   * Makes an empty place.
   *
   * @param start How its workers are started.
   * @param metrics What is counted.
   * @param handler Who is told.
   */
  constructor(start: WorkerStart, metrics: RouteMetrics, handler: SeatHandler) {
    this.#start = start;
    this.#metrics = metrics;
    this.#handler = handler;
  }

  /** Who is there. */
  get worker(): Worker | undefined {
    return this.#worker;
  }

  /** Starts a worker. */
  fill(): void {
    this.#timer = undefined;
    try {
      this.#worker = new Worker(this.#start, this.#metrics, (worker) => this.#onGone(worker));
    } catch (error) {
      const reason = (error as Error).message;
      return this.#fillLater({ ...this.#start.route, reason }, "a worker could not be started");
    }
    this.#handler.onWorker(this.#worker);
  }

  /**
   * Lets nobody come any more.
   *
   * @param isAtOnce Whether who is there ends whatever it does, or answers first what it has taken.
   */
  close(isAtOnce: boolean): void {
    this.#isClosing = true;
    clearTimeout(this.#timer);
    if (this.#worker === undefined) this.#handler.onClosed(this);
    else if (isAtOnce) this.#worker.stop();
    else this.#worker.retire();
  }

  #onGone(worker: Worker): void {
    this.#worker = undefined;
    this.#handler.onWorkerGone(worker);
    if (worker.wasTold) getLogger("proxy").debug("a worker has ended", worker.facts);
    if (this.#isClosing) return this.#handler.onClosed(this);
    const wasOfUse = worker.answered > 0 || worker.age >= LONG_LIFE_MS;
    if (!wasOfUse && !worker.wasTold) return this.#fillLater(worker.facts, "a worker has ended");
    if (!worker.wasTold) getLogger("proxy").warn("a worker has ended", worker.facts);
    this.#pauseMs = 0;
    this.fill();
  }

  #fillLater(facts: Record<string, unknown>, message: string): void {
    this.#pauseMs = Math.min(Math.max(FIRST_PAUSE_MS, 2 * this.#pauseMs), LONGEST_PAUSE_MS);
    getLogger("proxy").warn(message, { ...facts, again_in_ms: this.#pauseMs });
    this.#timer = setTimeout(() => this.fill(), this.#pauseMs);
  }
}
