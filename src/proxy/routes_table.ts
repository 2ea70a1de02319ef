/**
 * The routes of a gateway, for people.
 *
 * @module
 */

import type { ProxyConfig, RouteConfig } from "./config.ts";
import { formatTemplate } from "./placeholders.ts";

/** The headings of {@linkcode routesTable}. */
export const ROUTE_HEADINGS: readonly string[] = [
  "VERB",
  "PATH",
  "BODY",
  "ANSWER",
  "TIMEOUT",
  "AT ONCE",
  "CHECKED",
  "PROGRAM",
];

function commandOf({ inject }: RouteConfig): string {
  return inject.cmd.map((argument) => {
    const text = formatTemplate(argument).replaceAll(/[\n\t\r]/g, " ");
    return /^[^\s'"]+$/.test(text) ? text : `'${text}'`;
  }).join(" ");
}

function timeOf(ms: number): string {
  return ms % 1000 === 0 ? `${ms / 1000} s` : `${ms} ms`;
}

function answerOf(route: RouteConfig): string {
  const { mode, workers } = route.inject;
  if (mode === "worker") return workers === 1 ? "worker" : `${workers} workers`;
  return [route.answer, ...(route.output === "cgi" ? ["cgi"] : []), ...(route.async ? ["async"] : [])].join(", ");
}

function checksOf({ validateIn, validateOut }: RouteConfig): string {
  const checks = [["in", validateIn], ["out", validateOut]].filter(([, how]) => how !== "off");
  return checks.map(([where, how]) => how === "report" ? `${where} (report)` : where).join(", ") || "-";
}

/**
 * Tells what each route does.
 *
 * @param config The configuration.
 * @returns A row a route, in the order of the file, with as many cells as there are {@linkcode ROUTE_HEADINGS}.
 */
export function routesTable(config: ProxyConfig): string[][] {
  return config.routes.map((route) => [
    route.method,
    route.path,
    route.inject.channel ?? "-",
    answerOf(route),
    timeOf(route.inject.timeout),
    `${route.limits.concurrency}`,
    checksOf(route),
    commandOf(route),
  ]);
}
