/**
 * A route whose requests go to workers.
 *
 * @module
 */

import { Deadlines } from "../core/deadlines.ts";
import type { SpawnOptions } from "../spawn/mod.ts";
import type { RouteConfig, Template } from "./config.ts";
import type { FrontRequest } from "./request.ts";
import type { Route } from "./route.ts";
import type { WorkerStart } from "./worker.ts";
import type { ExchangeDeadline } from "./worker_exchange.ts";
import type { WorkerPool } from "./worker_pool.ts";
import { type WorkerRequest, workerRequest } from "./worker_request.ts";

/** What a worker gets for a request; its pool has work until it is disposed of. */
export interface WorkerPlan extends Disposable {
  /** The route. */
  readonly route: WorkerRoute;
  /** What the worker gets. */
  readonly request: WorkerRequest;
}

/** The configuration does not let anything else into what a worker is started with. */
function literal(template: Template): string {
  return template.map((part) => part.kind === "text" ? part.text : "").join("");
}

/**
 * Decides how the workers of a route are started.
 *
 * @param route The route.
 * @returns How.
 */
export function workerStart({ config, start }: Route): WorkerStart {
  const { method, path, inject, limits, logStdout } = config;
  const env: SpawnOptions["env"] = {
    ...start.env,
    ...Object.fromEntries(Object.entries(inject.env).map(([name, value]) => [name, literal(value)])),
  };
  return {
    route: { method, path },
    options: { ...start.base, args: inject.cmd.slice(1).map(literal), env },
    ...(limits.cgroup ? { cgroup: limits.cgroup } : {}),
    graceMs: inject.grace,
    logStdout,
  };
}

/** One route, as long as its configuration holds. */
export class WorkerRoute {
  /** Who answers. */
  readonly pool: WorkerPool;
  /** The program, for tracing. */
  readonly command: string;
  /** Until when requests are to be answered. */
  readonly timeouts: Deadlines<ExchangeDeadline>;
  readonly #config: RouteConfig;

  /**
   * Connects a route with its workers.
   *
   * @param route The route.
   * @param pool Who answers.
   */
  constructor({ config, start }: Route, pool: WorkerPool) {
    this.pool = pool;
    this.command = start.base.command;
    this.#config = config;
    const isDue = ({ exchange }: ExchangeDeadline): boolean => exchange !== undefined;
    this.timeouts = new Deadlines(config.inject.timeout, isDue, ({ exchange }) => exchange?.timeOut());
  }

  /**
   * Decides what a worker gets.
   *
   * @param request The request.
   * @returns The plan.
   * @throws {PayloadError} If the body is not what the route expects.
   * @throws {ArgumentError} If its header fields are too long for a worker.
   */
  plan(request: FrontRequest): WorkerPlan {
    const { pool } = this;
    const plan = {
      route: this,
      request: workerRequest(request, this.#config),
      [Symbol.dispose]: () => pool.unplanned(),
    };
    pool.planned();
    return plan;
  }
}
