/**
 * What the OpenAPI document says of the routes that are checked against it.
 *
 * @module
 */

import type { ProxyConfig, RouteConfig } from "./config.ts";
import { ConfigError } from "./configuration/config_error.ts";
import type { ApiDocument, ApiOperation } from "./openapi/mod.ts";

/** The document of a configuration, and what it says of its routes. */
export interface Operations {
  /** The document, if there is one. */
  readonly document?: ApiDocument;
  /** What checks messages, of the routes that have something to be checked. */
  readonly byRoute: ReadonlyMap<RouteConfig, ApiOperation>;
}

function isChecked({ validateIn, validateOut }: RouteConfig): boolean {
  return validateIn !== "off" || validateOut !== "off";
}

/**
 * Loads the OpenAPI document of a configuration, and finds the operations of its routes.
 *
 * @param config The configuration.
 * @returns Them.
 * @throws {ConfigError} If it cannot be used, or lacks operations; all routes that want for one are listed.
 */
export async function loadOperations(config: ProxyConfig): Promise<Operations> {
  const byRoute = new Map<RouteConfig, ApiOperation>();
  if (config.openapi === undefined) return { byRoute };
  const { ApiDocument, OpenApiError } = await import("./openapi/mod.ts");
  const faults = new Set<string>();
  const note = (error: unknown): undefined => {
    if (!(error instanceof OpenApiError)) throw error;
    faults.add(error.message);
  };
  const document = await ApiDocument.load(config.openapi).catch(note);
  for (const route of document ? config.routes.filter(isChecked) : []) {
    const { place, method, path } = route;
    try {
      const operation = document!.operation(path, method);
      if (operation) byRoute.set(route, operation);
      else {faults.add(
          `${place}: ${config.openapi} says nothing of ${method} ${path}, which is to be checked against it`,
        );}
    } catch (error) {
      note(error);
    }
  }
  if (faults.size > 0) throw new ConfigError([...faults].join("\n"));
  return { document, byRoute };
}
