/**
 * The workers of a route, and which of them takes which request.
 *
 * @module
 */

import type { Poll, PollOwner } from "./poll.ts";
import type { RouteMetrics } from "./route_metrics.ts";
import type { Worker, WorkerStart } from "./worker.ts";
import type { WorkerExchange } from "./worker_exchange.ts";
import { type SeatHandler, WorkerSeat } from "./worker_seat.ts";

/** Who is told of a pool. */
export interface PoolHandler {
  /** There is another worker. */
  onWorker(worker: Worker, pool: WorkerPool): void;
  /** A worker has ended. */
  onWorkerGone(worker: Worker): void;
  /** A request may be given away. */
  onIdle(): void;
  /** All workers of a pool that was closed have ended. */
  onClosed(pool: WorkerPool): void;
}

/** The workers of one route. */
export class WorkerPool implements SeatHandler, PollOwner {
  /** How many workers there are to be. */
  size = 0;
  /** How many requests one worker may have asked for and not answered. */
  mostPolls = 1;
  readonly #start: WorkerStart;
  readonly #metrics: RouteMetrics;
  readonly #handler: PoolHandler;
  readonly #seats = new Set<WorkerSeat>();
  readonly #closing = new Set<WorkerSeat>();
  readonly #idle = new Set<Poll>();
  readonly #returned: WorkerExchange[] = [];
  #plans = 0;
  #isRetired = false;

  /**
   * Makes an empty pool.
   *
   * @param start How its workers are started.
   * @param metrics What is counted.
   * @param handler Who is told.
   */
  constructor(start: WorkerStart, metrics: RouteMetrics, handler: PoolHandler) {
    this.#start = start;
    this.#metrics = metrics;
    this.#handler = handler;
  }

  /** Whether a worker waits for a request. */
  get isIdle(): boolean {
    return this.#idle.size > 0;
  }

  /** Who is there. */
  get workers(): Worker[] {
    return [...this.#seats, ...this.#closing].flatMap(({ worker }) => worker ?? []);
  }

  /** Starts or ends workers until there are as many as there are to be. */
  fill(): void {
    while (this.#seats.size < this.size) {
      const seat = new WorkerSeat(this.#start, this.#metrics, this);
      this.#seats.add(seat);
      seat.fill();
    }
    // Those who have nothing to do first.
    const dispensable = [...this.#seats].sort((one, other) => load(one) - load(other));
    for (const seat of dispensable.slice(0, this.#seats.size - this.size)) this.#close(seat, false);
  }

  #close(seat: WorkerSeat, isAtOnce: boolean): void {
    this.#seats.delete(seat);
    this.#closing.add(seat);
    seat.close(isAtOnce);
  }

  /** A request is on its way to its workers. */
  planned(): void {
    this.#plans++;
  }

  /** A request is over, or does not come after all. */
  unplanned(): void {
    this.#plans--;
    if (this.#isRetired && this.#plans === 0) this.#empty();
  }

  /** Ends its workers when there are no requests left for them. */
  retire(): void {
    this.#isRetired = true;
    if (this.#plans === 0) this.#empty();
  }

  #empty(): void {
    this.size = 0;
    this.fill();
    this.#lookWhetherClosed();
  }

  /** Ends its workers whatever they do. */
  stop(): void {
    this.#isRetired = true;
    for (const seat of [...this.#seats, ...this.#closing]) this.#close(seat, true);
    this.#lookWhetherClosed();
  }

  /**
   * Gives a request to the worker that has waited longest; if there is none, to the next that asks.
   *
   * @param exchange The request.
   */
  give(exchange: WorkerExchange): void {
    const [poll] = this.#idle;
    if (poll === undefined) return void this.#returned.push(exchange);
    exchange.giveTo(poll);
  }

  /**
   * A worker of its asks for a request.
   *
   * @param poll Where.
   */
  take(poll: Poll): void {
    for (let exchange = this.#returned.shift(); exchange !== undefined; exchange = this.#returned.shift()) {
      if (!exchange.isAbandoned) return exchange.giveTo(poll);
    }
    this.#idle.add(poll);
    this.#handler.onIdle();
  }

  forget(poll: Poll): void {
    this.#idle.delete(poll);
  }

  onWorker(worker: Worker): void {
    this.#handler.onWorker(worker, this);
  }

  onWorkerGone(worker: Worker): void {
    this.#handler.onWorkerGone(worker);
  }

  onClosed(seat: WorkerSeat): void {
    this.#closing.delete(seat);
    this.#lookWhetherClosed();
  }

  #lookWhetherClosed(): void {
    if (this.#isRetired && this.#seats.size + this.#closing.size === 0) this.#handler.onClosed(this);
  }
}

function load({ worker }: WorkerSeat): number {
  return worker === undefined ? -1 : worker.taken.size;
}
