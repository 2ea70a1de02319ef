/**
 * From a configuration to what is served.
 *
 * @module
 */

import type { ProxyConfig, RouteConfig } from "./config.ts";
import type { Generation } from "./gateway.ts";
import type { ProxyMetrics } from "./metrics.ts";
import type { ApiDocument } from "./openapi/mod.ts";
import { loadOperations } from "./operations.ts";
import { Route } from "./route.ts";
import { Router } from "./router.ts";
import { prepareRoute } from "./start_plan.ts";

/** What is served, and what it was made from. */
export interface BuiltGeneration extends Generation {
  /** The configuration. */
  readonly config: ProxyConfig;
  /** The routes, in the order of the configuration. */
  readonly routes: readonly Route[];
  /** The OpenAPI document. */
  readonly document?: ApiDocument;
}

/** Whether two routes start processes for the same requests; workers are counted by their pools. */
function isSame(one: RouteConfig, other: RouteConfig): boolean {
  const isOnce = one.inject.mode === "once" && other.inject.mode === "once";
  return isOnce && one.method === other.method && one.path === other.path;
}

/**
 * Builds what is served.
 *
 * @param config The configuration.
 * @param metrics What is counted; counters of routes that there were before go on.
 * @param before What was served before: what runs of a route that stays counts for its limits.
 * @returns It.
 * @throws {ConfigError} If the OpenAPI document cannot be used, or lacks operations that are to be checked.
 * @throws {Error} If there is no such user or group.
 */
export async function buildGeneration(
  config: ProxyConfig,
  metrics: ProxyMetrics,
  before?: BuiltGeneration,
): Promise<BuiltGeneration> {
  const { document, byRoute } = await loadOperations(config);
  const router = new Router<Route>();
  const routes = config.routes.map((route) => {
    const { path, method } = route;
    const slots = before?.routes.find((one) => isSame(one.config, route))?.slots;
    const built = new Route(route, prepareRoute(config, route), metrics.route(method, path), byRoute.get(route), slots);
    router.add(path, method, built);
    return built;
  });
  return { config, routes, router, document, strictCompat: config.strictCompat, accessLog: config.accessLog };
}
