/**
 * All workers of a gateway: who they are, and what they are given when they ask.
 *
 * @module
 */

import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { Deadlines } from "../core/deadlines.ts";
import { Poll } from "./poll.ts";
import { type Problem, problemAnswer } from "./problem.ts";
import type { NextHandler } from "./reply_server.ts";
import { answerWith } from "./responder.ts";
import type { Route } from "./route.ts";
import type { WorkerStatus } from "./status.ts";
import type { Worker } from "./worker.ts";
import { type PoolHandler, WorkerPool } from "./worker_pool.ts";
import { WorkerRoute, workerStart } from "./worker_route.ts";

/** How long a worker waits at most before it has to ask again, in milliseconds. */
const POLL_MS = 30_000;

const NO_WORKER: Problem = { status: 403, detail: "only workers may ask for requests" };

interface Known {
  readonly worker: Worker;
  readonly pool: WorkerPool;
}

/** A connection at which somebody has asked for requests. */
interface Connection {
  known?: Known;
  poll?: Poll;
}

/** All pools. */
export class WorkerPools implements NextHandler, PoolHandler {
  readonly #onIdle: () => void;
  readonly #pools = new Map<string, WorkerPool>();
  readonly #retired = new Set<WorkerPool>();
  readonly #byToken = new Map<string, Known>();
  readonly #connections = new WeakMap<object, Connection>();
  readonly #polls = new Deadlines<Poll>(POLL_MS, (poll) => poll.isWaiting, (poll) => poll.giveNothing());
  #onEmpty: (() => void) | undefined;

  /**
   * Begins without any.
   *
   * @param onIdle Told when a worker waits for a request.
   */
  constructor(onIdle: () => void) {
    this.#onIdle = onIdle;
  }

  /**
   * Gives each route its workers: those that it has, if they would be started in the same way again.
   *
   * @param routes All routes there are from now on; workers of others end when they have answered.
   */
  apply(routes: readonly Route[]): void {
    const before = new Map(this.#pools);
    this.#pools.clear();
    for (const route of routes) {
      const { inject, limits } = route.config;
      if (inject.mode !== "worker") continue;
      const start = workerStart(route);
      const key = JSON.stringify(start);
      const pool = before.get(key) ?? new WorkerPool(start, route.metrics, this);
      before.delete(key);
      this.#pools.set(key, pool);
      pool.mostPolls = limits.concurrency;
      route.workers = new WorkerRoute(route, pool);
      route.slots.isReady = () => pool.isIdle;
      pool.size = inject.workers;
    }
    for (const pool of before.values()) {
      this.#retired.add(pool);
      pool.retire();
    }
  }

  /** Starts the workers that are not there yet. */
  begin(): void {
    for (const pool of this.#pools.values()) pool.fill();
  }

  /** What is to be told of all workers. */
  get status(): WorkerStatus[] {
    return Array.from(this.#byToken.values(), ({ worker }) => worker.status);
  }

  onNext(token: string | undefined, pid: number, response: ServerResponse): void {
    const { socket } = response;
    if (socket === null) return;
    const connection = this.#connectionOf(socket);
    const known = token === undefined ? this.#findByProcess(pid, connection) : this.#byToken.get(token);
    if (known === undefined) return answerWith(response, problemAnswer(NO_WORKER));
    const { worker, pool } = known;
    const poll = connection.poll = new Poll(worker, response, pool);
    if (worker.isLeaving) return worker.dismiss(poll);
    worker.asks();
    if (worker.polls.size + worker.taken.size > pool.mostPolls) {
      const detail = `a worker may have ${pool.mostPolls} requests at once`;
      return poll.refuse({ status: 429, detail, headers: [["retry-after", "1"]] });
    }
    this.#polls.set(poll);
    pool.take(poll);
  }

  #connectionOf(socket: Socket): Connection {
    const before = this.#connections.get(socket);
    if (before) return before;
    const connection: Connection = {};
    this.#connections.set(socket, connection);
    // Half of a connection may be closed when a request has been sent, but then nobody seems to wait there.
    socket.once("end", () => connection.poll?.break());
    return connection;
  }

  #findByProcess(pid: number, connection: Connection): Known | undefined {
    const workers = this.#byToken.values();
    const known = connection.known ?? workers.find(({ worker }) => worker.pid === pid) ??
      this.#byToken.values().find(({ worker }) => worker.includes(pid));
    if (known === undefined || !this.#byToken.has(known.worker.token)) return undefined;
    return connection.known = known;
  }

  onWorker(worker: Worker, pool: WorkerPool): void {
    this.#byToken.set(worker.token, { worker, pool });
  }

  onWorkerGone(worker: Worker): void {
    this.#byToken.delete(worker.token);
  }

  onIdle(): void {
    this.#onIdle();
  }

  onClosed(pool: WorkerPool): void {
    this.#retired.delete(pool);
    this.#lookWhetherEmpty();
  }

  #lookWhetherEmpty(): void {
    if (this.#pools.size + this.#retired.size === 0) this.#onEmpty?.();
  }

  /**
   * Ends all workers, whatever they do.
   *
   * @returns A promise without a value, when all have ended.
   */
  async stop(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onEmpty = resolve;
    for (const pool of this.#pools.values()) this.#retired.add(pool);
    this.#pools.clear();
    for (const pool of [...this.#retired]) pool.stop();
    this.#lookWhetherEmpty();
    await promise;
    this.#polls[Symbol.dispose]();
  }
}
