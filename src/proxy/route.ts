/**
 * A route as the gateway runs it.
 *
 * @module
 */

import type { RouteConfig } from "./config.ts";
import type { RouteMetrics } from "./metrics.ts";
import type { ApiOperation } from "./openapi/mod.ts";
import { RouteSlots } from "./slots.ts";
import type { RouteStart } from "./start_plan.ts";
import type { WorkerRoute } from "./worker_route.ts";

/** What is known of one verb of one path. */
export class Route {
  /** Who runs and who waits. */
  readonly slots: RouteSlots;
  /** Who answers, if workers do; set before the first request comes. */
  workers?: WorkerRoute;

  /**
   * Brings it all together.
   *
   * @param config What was told of it.
   * @param start What is the same for all of its processes.
   * @param metrics What is counted.
   * @param operation What the OpenAPI document says of it.
   * @param slots Who runs and who waits already.
   */
  constructor(
    readonly config: RouteConfig,
    readonly start: RouteStart,
    readonly metrics: RouteMetrics,
    readonly operation?: ApiOperation,
    slots?: RouteSlots,
  ) {
    this.slots = slots ?? new RouteSlots(config.limits);
  }
}
