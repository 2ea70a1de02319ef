/**
 * What a gateway counts, and how Prometheus reads it.
 *
 * @module
 */

import { Exposition, histogramSamples, type Sample } from "../core/prometheus.ts";
import { DURATION_BUCKETS } from "./latency.ts";
import { RouteMetrics } from "./route_metrics.ts";

export { type KillReason, type RouteFigures, RouteMetrics } from "./route_metrics.ts";

function keyOf({ method, path }: { readonly method: string; readonly path: string }): string {
  return `${method} ${path}`;
}

/** The counters of one gateway; they outlive a reload of its configuration. */
export class ProxyMetrics {
  /** When counting began, in milliseconds since 1970. */
  readonly startedAt: number = Date.now();
  /** Requests refused before a route was found, by status. */
  readonly unrouted: Map<number, number> = new Map();
  readonly #routes = new Map<string, RouteMetrics>();
  readonly #now?: () => number;

  /**
   * Begins to count.
   *
   * @param now The time in milliseconds; a clock that never goes back.
   */
  constructor(now?: () => number) {
    this.#now = now;
  }

  /** The counters of every route, in the order of the configuration. */
  get routes(): RouteMetrics[] {
    return Array.from(this.#routes.values());
  }

  /**
   * Finds the counters of a route: the same ones each time.
   *
   * @param method The verb, in capitals.
   * @param path The path with its placeholders.
   * @returns Its counters.
   */
  route(method: string, path: string): RouteMetrics {
    const key = keyOf({ method, path });
    let route = this.#routes.get(key);
    if (!route) this.#routes.set(key, route = new RouteMetrics(method, path, this.#now));
    return route;
  }

  /**
   * Takes over the routes of a configuration and forgets those that it does not have; what stays keeps its counts.
   *
   * @param routes The routes there are now, in their order.
   */
  retain(routes: Iterable<{ readonly method: string; readonly path: string }>): void {
    const kept = Array.from(routes, ({ method, path }) => this.route(method, path));
    this.#routes.clear();
    for (const route of kept) this.#routes.set(keyOf(route), route);
  }

  /**
   * Counts a request that was refused before a route was found.
   *
   * @param status The status of the refusal, such as 404.
   */
  refusedWithoutRoute(status: number): void {
    this.unrouted.set(status, (this.unrouted.get(status) ?? 0) + 1);
  }
}

/**
 * Writes the metrics in the text format of Prometheus.
 *
 * @param metrics The counters.
 * @returns The text and its media type.
 */
export async function renderMetrics(metrics: ProxyMetrics): Promise<{ text: string; contentType: string }> {
  const exposition = await Exposition.begin();
  const routes = metrics.routes.map((route) => ({
    route,
    labels: { method: route.method, route: route.path },
    figures: route.figures,
  }));
  const each = (take: (of: typeof routes[number]) => Sample[]): Sample[] => routes.flatMap(take);
  const one = (take: (of: typeof routes[number]) => number): Sample[] =>
    routes.map((of) => ({ labels: of.labels, value: take(of) }));

  exposition.add("counter", "ipcx_proxy_requests_total", "Requests answered; those without a route have no method.", [
    ...each(({ labels, route }) =>
      Array.from(route.statuses, ([status, value]) => ({ labels: { ...labels, status }, value }))
    ),
    ...Array.from(metrics.unrouted, ([status, value]) => ({ labels: { method: "", route: "", status }, value })),
  ]);
  const duration = "ipcx_proxy_request_duration_seconds";
  exposition.add(
    "histogram",
    duration,
    "From the beginning of a request to the end of its answer.",
    each(({ labels, route }) => histogramSamples(duration, labels, DURATION_BUCKETS, route.latency)),
  );
  exposition.add("gauge", "ipcx_proxy_processes_running", "Processes that run.", one(({ route }) => route.running));
  exposition.add(
    "gauge",
    "ipcx_proxy_requests_queued",
    "Requests that wait for a process.",
    one(({ route }) => route.waiting),
  );
  exposition.add(
    "counter",
    "ipcx_proxy_processes_started_total",
    "Processes started.",
    one(({ figures }) => figures.started),
  );
  exposition.add(
    "counter",
    "ipcx_proxy_processes_killed_total",
    "Processes that the gateway ended, by reason.",
    each(({ labels, route }) =>
      Array.from(route.killedBy, ([reason, value]) => ({ labels: { ...labels, reason }, value }))
    ),
  );
  exposition.add(
    "counter",
    "ipcx_proxy_requests_cancelled_total",
    "Clients that went away before they were answered.",
    one(({ figures }) => figures.cancelled),
  );
  exposition.add(
    "counter",
    "ipcx_proxy_violations_total",
    "Requests (in) and answers (out) that broke the OpenAPI document.",
    each(({ labels, route }) =>
      Object.entries(route.violations).map(([direction, value]) => ({ labels: { ...labels, direction }, value }))
    ),
  );
  exposition.add(
    "counter",
    "ipcx_proxy_process_cpu_seconds_total",
    "CPU time of processes that have ended.",
    each(({ labels, figures: { usage } }) => [
      { labels: { ...labels, mode: "user" }, value: usage.user },
      { labels: { ...labels, mode: "system" }, value: usage.system },
    ]),
  );
  exposition.add(
    "gauge",
    "ipcx_proxy_process_max_rss_bytes",
    "The most memory that any process had resident.",
    one(({ figures }) => figures.usage.maxRss),
  );
  exposition.add("gauge", "ipcx_proxy_start_time_seconds", "When the gateway began to count, since 1970.", [
    { labels: {}, value: metrics.startedAt / 1000 },
  ]);
  return await exposition.render();
}
