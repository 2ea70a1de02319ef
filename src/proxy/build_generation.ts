/**
 * From a configuration to what is served.
 *
 * @module
 */

import type { ProxyConfig } from "./config.ts";
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

/**
 * Builds what is served.
 *
 * @param config The configuration.
 * @param metrics What is counted; counters of routes that there were before go on.
 * @returns It.
 * @throws {ConfigError} If the OpenAPI document cannot be used, or lacks operations that are to be checked.
 * @throws {Error} If there is no such user or group.
 */
export async function buildGeneration(config: ProxyConfig, metrics: ProxyMetrics): Promise<BuiltGeneration> {
  const { document, byRoute } = await loadOperations(config);
  const router = new Router<Route>();
  const routes = config.routes.map((route) => {
    const { path, method } = route;
    const built = new Route(route, prepareRoute(config, route), metrics.route(method, path), byRoute.get(route));
    router.add(path, method, built);
    return built;
  });
  return { config, routes, router, document, strictCompat: config.strictCompat, accessLog: config.accessLog };
}
