import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import fc from "fast-check";
import { DURATION_BUCKETS, LatencyHistogram } from "../../src/proxy/latency.ts";
import { ProxyMetrics, renderMetrics } from "../../src/proxy/metrics.ts";
import { RecentRate } from "../../src/proxy/recent_rate.ts";
import type { ResourceUsage } from "../../src/spawn/mod.ts";
import { claim } from "../claim.ts";
import { type Exposition, parseExposition } from "./exposition.ts";

function usage(userTime: number, systemTime: number, maxRss: number): ResourceUsage {
  const rest = { minorFaults: 0, majorFaults: 0, blocksIn: 0, blocksOut: 0, voluntarySwitches: 0 };
  return { userTime, systemTime, maxRss, involuntarySwitches: 0, ...rest };
}

async function render(metrics: ProxyMetrics): Promise<Exposition> {
  const { text, contentType } = await renderMetrics(metrics);
  assert(contentType.startsWith("text/plain; version=0.0.4"));
  return parseExposition(text);
}

claim("what is counted for a route is in its figures and in the text for Prometheus", async () => {
  const metrics = new ProxyMetrics();
  const route = metrics.route("POST", "/pets/{petId}");
  for (const status of [200, 200, 504]) route.answered(status, 0.02);
  for (let times = 0; times < 3; times++) route.started();
  route.ended();
  route.queued(1);
  route.queued(1);
  route.queued(-1);
  route.killed("timeout");
  route.killed("client gone");
  route.killed("timeout");
  route.cancelled();
  route.violation("in");
  route.violation("out");
  route.violation("out");
  route.usage(usage(1_500_000, 250_000, 2048));
  route.usage(usage(500_000, 0, 1024));
  metrics.refusedWithoutRoute(404);
  metrics.refusedWithoutRoute(404);
  metrics.refusedWithoutRoute(405);

  const { types, samples } = await render(metrics);
  const labels = 'method="POST",route="/pets/{petId}"';
  const expected: Record<string, number> = {
    [`ipcx_proxy_requests_total{${labels},status="200"}`]: 2,
    [`ipcx_proxy_requests_total{${labels},status="504"}`]: 1,
    'ipcx_proxy_requests_total{method="",route="",status="404"}': 2,
    'ipcx_proxy_requests_total{method="",route="",status="405"}': 1,
    [`ipcx_proxy_processes_running{${labels}}`]: 2,
    [`ipcx_proxy_processes_started_total{${labels}}`]: 3,
    [`ipcx_proxy_requests_queued{${labels}}`]: 1,
    [`ipcx_proxy_processes_killed_total{${labels},reason="timeout"}`]: 2,
    [`ipcx_proxy_processes_killed_total{${labels},reason="client gone"}`]: 1,
    [`ipcx_proxy_requests_cancelled_total{${labels}}`]: 1,
    [`ipcx_proxy_violations_total{${labels},direction="in"}`]: 1,
    [`ipcx_proxy_violations_total{${labels},direction="out"}`]: 2,
    [`ipcx_proxy_process_cpu_seconds_total{${labels},mode="user"}`]: 2,
    [`ipcx_proxy_process_cpu_seconds_total{${labels},mode="system"}`]: 0.25,
    [`ipcx_proxy_process_max_rss_bytes{${labels}}`]: 2048 * 1024,
    [`ipcx_proxy_request_duration_seconds_count{${labels}}`]: 3,
  };
  for (const [name, value] of Object.entries(expected)) assertEquals(samples.get(name), value, name);
  assert(Math.abs(samples.get("ipcx_proxy_start_time_seconds")! - Date.now() / 1000) < 60);
  for (const [name, type] of types) {
    const kind = name.endsWith("_total") ? "counter" : name.includes("duration") ? "histogram" : "gauge";
    assertEquals(type, kind, name);
  }

  const { latency, perSecond, ...figures } = route.figures;
  assertEquals(figures, {
    method: "POST",
    path: "/pets/{petId}",
    requests: 3,
    statuses: { 200: 2, 504: 1 },
    running: 2,
    started: 3,
    waiting: 1,
    killed: { timeout: 2, "client gone": 1 },
    cancelled: 1,
    violations: { in: 1, out: 2 },
    usage: { user: 2, system: 0.25, maxRss: 2048 * 1024 },
  });
  assertEquals(latency.longest, 20);
  assert(perSecond > 0 && perSecond <= 3);
});

claim("durations are counted in every bucket that they fit in", async () => {
  const metrics = new ProxyMetrics();
  const durations = [0, 0.0005, 0.000_501, 0.09, 0.3, 1, 60, 61, 900];
  for (const duration of durations) metrics.route("GET", "/a").answered(200, duration);
  const { samples } = await render(metrics);
  const name = "ipcx_proxy_request_duration_seconds";
  for (const bound of DURATION_BUCKETS) {
    const count = durations.filter((duration) => duration <= bound).length;
    assertEquals(samples.get(`${name}_bucket{method="GET",route="/a",le="${bound}"}`), count, `${bound}`);
  }
  assertEquals(samples.get(`${name}_bucket{method="GET",route="/a",le="+Inf"}`), durations.length);
  const sum = samples.get(`${name}_sum{method="GET",route="/a"}`)!;
  assert(Math.abs(sum - durations.reduce((all, one) => all + one)) < 1e-9);
});

claim("a path with quotes, backslashes and line ends does not break the text", async () => {
  const metrics = new ProxyMetrics();
  metrics.route("GET", '/a"b\\c\nd').answered(200, 1);
  const { samples } = await render(metrics);
  const name = String.raw`ipcx_proxy_requests_total{method="GET",route="/a\"b\\c\nd",status="200"}`;
  assertEquals(samples.get(name), 1);
});

claim("a reload keeps the counts of routes that stay and forgets the others", async () => {
  const metrics = new ProxyMetrics();
  const stays = metrics.route("GET", "/stays");
  stays.answered(200, 1);
  const goes = metrics.route("GET", "/goes");
  goes.started();
  metrics.retain([{ method: "GET", path: "/stays" }, { method: "POST", path: "/goes" }]);
  assertStrictEquals(metrics.route("GET", "/stays"), stays);
  assertEquals(metrics.routes.map(({ method, path }) => `${method} ${path}`), ["GET /stays", "POST /goes"]);
  metrics.retain([{ method: "POST", path: "/goes" }, { method: "GET", path: "/stays" }]);
  assertEquals(metrics.routes.map(({ path }) => path), ["/goes", "/stays"], "in the order of the configuration");
  goes.ended();
  assertEquals(goes.running, 0, "what still runs can be counted to its end");
  assertEquals(metrics.route("GET", "/goes").figures.started, 0);
  const { samples } = await render(metrics);
  assertEquals(samples.get('ipcx_proxy_requests_total{method="GET",route="/stays",status="200"}'), 1);
});

claim("metrics can be rendered with nothing counted, and again and again", async () => {
  const metrics = new ProxyMetrics();
  for (let round = 0; round < 2; round++) assertEquals((await render(metrics)).samples.size, 1);
});

claim("a percentile is in the bucket of the true one and never above the longest", () => {
  const durations = fc.array(fc.double({ min: 0, max: 120, noNaN: true }), { minLength: 1, maxLength: 200 });
  fc.assert(fc.property(durations, fc.constantFrom(0.01, 0.5, 0.95, 0.99, 1), (all, share) => {
    const histogram = new LatencyHistogram();
    for (const one of all) histogram.add(one);
    const sorted = all.toSorted((a, b) => a - b);
    const exact = sorted[Math.ceil(share * sorted.length) - 1];
    const bucket = DURATION_BUCKETS.findIndex((bound) => exact <= bound);
    const [lower, upper] = [DURATION_BUCKETS[(bucket < 0 ? DURATION_BUCKETS.length : bucket) - 1] ?? 0, sorted.at(-1)!];
    const estimate = histogram.quantile(share);
    const most = Math.min(DURATION_BUCKETS[bucket] ?? upper, upper) + 1e-9;
    assert(estimate >= lower && estimate <= most, `${estimate} ${exact}`);
  }));
  assertEquals(new LatencyHistogram().quantile(0.5), 0);
});

claim("the rate is that of the last minute, and of what there was of it at the start", () => {
  let now = 1_000_000;
  const rate = new RecentRate(() => now);
  assertEquals(rate.perSecond, 0);
  for (let times = 0; times < 5; times++) rate.add();
  assertEquals(rate.perSecond, 5, "over a second at least");
  now += 10_000;
  assertEquals(rate.perSecond, 0.5);
  now += 49_000;
  rate.add();
  assert(Math.abs(rate.perSecond - 6 / 59) < 1e-9);
  now += 1_000;
  assert(Math.abs(rate.perSecond - 1 / 59) < 1e-9, "the first second is over a minute ago");
  now += 3_600_000;
  assertEquals(rate.perSecond, 0);
});
