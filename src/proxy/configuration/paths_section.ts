/**
 * The keys below `paths`: paths, and below them verbs.
 *
 * @module
 */

import { suggestion } from "../../core/nearest.ts";
import { OWN_PATHS } from "../own_paths.ts";
import type { ConfigValue } from "./config_value.ts";
import { whereItBelongs } from "./known_keys.ts";
import { type PlacedRoute, readRoute, type RouteSurroundings } from "./route_section.ts";

const VERBS = ["get", "post", "put", "patch", "delete", "head", "options", "trace"];

/** The names in a path; throws for what is none. */
function parameterNames(path: string): string[] {
  const names = Array.from(path.matchAll(/\{([^{}\/]*)\}/g), ([, name]) => name);
  const rest = path.replaceAll(/\{[^{}\/]*\}/g, "");
  if (/[{}]/.test(rest)) throw new Error(`'${path}' has a brace that does not fit: write placeholders as {name}`);
  if (/[?#]/.test(rest)) throw new Error(`'${path}' has a query: a path ends before it`);
  const encoded = /%[0-9A-Fa-f]{2}/.exec(path);
  if (encoded) throw new Error(`'${path}' has ${encoded[0]} in it: write what it stands for, requests are decoded`);
  for (const [at, name] of names.entries()) {
    if (name === "") throw new Error(`'${path}' has a placeholder without a name`);
    if (names.indexOf(name) !== at) throw new Error(`'${path}' has {${name}} twice`);
  }
  return names;
}

/** What two routes that answer the same requests have in common. */
function shapeOf(method: string, path: string): string {
  return `${method} ${path.replaceAll(/\{[^{}]*\}/g, "{}")}`;
}

/**
 * Reads all routes.
 *
 * @param value What `paths` has.
 * @param surroundings What of the service concerns them.
 * @returns The routes in their order.
 */
export function readPaths(value: ConfigValue, surroundings: RouteSurroundings): PlacedRoute[] {
  const routes: PlacedRoute[] = [];
  const taken = new Map<string, ConfigValue>();
  const paths = value.pairs()?.entries;
  if (paths?.length === 0) value.complain("there is no route");
  for (const { key, at, value: verbs } of paths ?? []) {
    const path = key.startsWith("/") ? key : `/${key}`;
    let parameters: string[] = [];
    try {
      parameters = parameterNames(path);
    } catch (error) {
      at.complain((error as Error).message);
    }
    if (path === "/_urocket" || path.startsWith(OWN_PATHS)) {
      at.complain(`'${path}' is of the gateway itself, as all below ${OWN_PATHS}: choose another path`);
    }
    const entries = verbs.pairs()?.entries;
    if (entries?.length === 0) at.complain(`${key} has no verb: ${VERBS.join(", ")}`);
    for (const { key: verb, at: verbAt, value: node } of entries ?? []) {
      if (!VERBS.includes(verb.toLowerCase())) {
        verbAt.complain(`there is no verb '${verb}': ${whereItBelongs(verb) ?? suggestion(verb, VERBS)}`);
        continue;
      }
      const method = verb.toUpperCase();
      const earlier = taken.get(shapeOf(method, path));
      if (earlier) {
        const { line } = value.file.position(earlier.offset);
        verbAt.complain(`${method} ${path} is answered in line ${line} already`);
      } else taken.set(shapeOf(method, path), verbAt);
      const route = readRoute(node, verbAt, { path, parameters, method }, surroundings);
      if (route) routes.push(route);
    }
  }
  return routes;
}
