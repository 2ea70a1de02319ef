/**
 * What docs/proxy.md says in tables is what the code says; config_docs_test.ts has that of the configuration.
 *
 * @module
 */

import { maxHeaderSize } from "node:http";
import { assert, assertEquals } from "@std/assert";
import { parseProxyConfig, Proxy } from "ipcx";
import { MAX_ARGUMENT_BYTES } from "../../src/proxy/arguments.ts";
import { MAX_HEAD_BYTES } from "../../src/proxy/cgi_head.ts";
import { DEFAULT_ENVIRONMENT, DEFAULTS } from "../../src/proxy/config.ts";
import { HISTORY_LENGTH } from "../../src/proxy/history.ts";
import { ProxyMetrics, renderMetrics } from "../../src/proxy/metrics.ts";
import { MAX_FAULTS } from "../../src/proxy/openapi/faults.ts";
import { MAX_SOURCE_BYTES } from "../../src/proxy/openapi/source.ts";
import { MAX_LOGGED_LINES } from "../../src/proxy/output_log.ts";
import { claim } from "../claim.ts";
import { codeIn, constant, read, rows, section, sources } from "../documents.ts";

const page = read("docs/proxy.md");

claim("the limits in docs/proxy.md are those of the code", () => {
  const limit = new Map(rows(section(page, "## Limits")).map(([name, value, what]) => [name, `${value} ${what}`]));
  const says = (name: string, text: string): void =>
    assert(limit.get(name)?.includes(text), `${name}: '${text}' is not in '${limit.get(name)}'`);
  const seconds = (ms: number): string => `${ms / 1000} second`;
  const mib = (bytes: number): string => `${bytes / 2 ** 20} MiB`;
  const of = (file: string, name: string): number => constant(`src/proxy/${file}.ts`, name);
  says("connections of clients", `${DEFAULTS.connections}`);
  says("processes at once", `${DEFAULTS.concurrency}`);
  says("requests of a route that wait", `${DEFAULTS.routeQueue}`);
  says("requests of all that wait", `${DEFAULTS.queue}`);
  says("time to wait", seconds(DEFAULTS.queueTimeout));
  says("time for a request to arrive", seconds(DEFAULTS.requestTimeout));
  says("time for a request to arrive", `head ${seconds(of("http_service", "HEADERS_TIMEOUT_MS"))}`);
  says("time between requests of a connection", seconds(of("http_service", "IDLE_MS")));
  says("request line and header fields", `${maxHeaderSize / 1024} KiB`);
  says("body of a request", mib(DEFAULTS.body));
  says("an argument, or a variable with its name", `${MAX_ARGUMENT_BYTES} bytes`);
  says("time of a process", seconds(DEFAULTS.timeout));
  says("time to end for it", seconds(DEFAULTS.killGrace));
  says("an answer", mib(DEFAULTS.output));
  says("header fields of a CGI program", `${MAX_HEAD_BYTES} bytes`);
  says("parameters of a request for a worker", `${of("worker_request", "MOST_PARAMETERS")} bytes`);
  says("time for which a worker waits", seconds(of("worker_pools", "POLL_MS")));
  says("results of jobs", mib(DEFAULTS.results));
  says("time for which a result is kept", `${DEFAULTS.resultTtl / 60_000} minutes`);
  says("jobs, ended ones included", `${of("jobs", "MOST_JOBS")}`);
  says("lines in the log", `${MAX_LOGGED_LINES} of`);
  says("a line in the log", `${constant("src/core/lines.ts", "MAX_LINE_BYTES")} bytes`);
  says("ids that have been answered", `${of("pending", "REMEMBERED")}`);
  says("last requests in status and page", `${HISTORY_LENGTH}, and ${of("history", "LONGEST_TEXT")} characters`);
  says("a file of an OpenAPI document", `${mib(MAX_SOURCE_BYTES)}, ${of("openapi/files", "MAX_FILES")} files`);
  says("faults that are told of a message", `${MAX_FAULTS}`);
  says("time of requests when the gateway stops", seconds(DEFAULTS.grace));
  const printed = section(page, "## Answers on standard output");
  for (const [name, unit] of [["HOLD_MS", "milliseconds"], ["HOLD_BYTES", "KiB"]] as const) {
    const value = of("stdout_answer", name) / (unit === "KiB" ? 1024 : 1);
    assert(printed.includes(`${value} ${unit}`), name);
  }
  assert(printed.includes(`${of("settling", "SETTLE_MS")} milliseconds`));
  assert(printed.includes(`${of("output_log", "TAIL_BYTES")} bytes`));
});

claim("docs/proxy.md has every status that the gateway gives, and where", () => {
  const front = rows(section(page, "## How a request goes")).map(([status]) => status);
  const replies = rows(section(page, "## Answers at the reply socket")).map(([status]) => status);
  const titled = Array.from(read("src/proxy/problem.ts").matchAll(/^ {2}(\d{3}): "/gm), ([, status]) => status);
  const told = [...front, ...replies];
  assertEquals(titled.filter((status) => !told.includes(status)), []);
  assertEquals(front.filter((status) => !["200–599", "202", "499", ...titled].includes(status)), []);
});

claim("docs/proxy.md has every variable that the gateway sets itself", () => {
  const names = rows(section(page, "## What a process gets")).map(([name]) => name);
  const [, list] = /Variables that the gateway sets itself cannot be set here: ([^.]+)\./.exec(page)!;
  for (const name of list.split(/,\s+/)) assert(names.includes(name), name);
  assert(names.includes(DEFAULT_ENVIRONMENT.join(", ")));
  assert(names.includes("TRACEPARENT"));
});

claim("docs/proxy.md has every metric, with its type, labels and reasons", async () => {
  const metrics = new ProxyMetrics();
  const route = metrics.route("GET", "/");
  const reasons = ["timeout", "client gone", "shutdown", "output limit", "malformed output"] as const;
  for (const reason of reasons) route.killed(reason);
  route.answered(200, 1);
  const { text } = await renderMetrics(metrics);
  const told = Array.from(text.matchAll(/^# TYPE (\S+) (\S+)$/gm), ([, name, type]) => [`\`${name}\``, type]);
  const table = rows(section(page, "### Metrics"));
  assertEquals(table.map(([name, type]) => [name, type]), told);
  for (const [name, , labels] of table) {
    const lines = Array.from(text.matchAll(new RegExp(`^${codeIn(name)[0]}(?:_count)?(?:{(.*)})? `, "gm")));
    const has = new Set(lines.flatMap(([, all = ""]) => Array.from(all.matchAll(/(\w+)="/g), ([, label]) => label)));
    assertEquals(codeIn(labels).sort(), [...has].sort(), name);
  }
  const [, union] = /export type KillReason = ([^;]+);/.exec(read("src/proxy/route_metrics.ts"))!;
  assertEquals(union.split(" | ").map((one) => one.slice(1, -1)), [...reasons]);
  const killed = table.find(([name]) => name.includes("killed"))!;
  assertEquals(codeIn(killed[3]), [...reasons]);
});

claim("docs/proxy.md has every path of the admin server, and every field of the status", async () => {
  const source = read("src/proxy/admin/handler.ts");
  const paths = Array.from(source.matchAll(/^ {2}"(\/[\w.]*)": /gm), ([, path]) => path);
  const admin = section(page, "## The admin server").split("\n### ")[0];
  const documented = rows(admin).map(([path]) => codeIn(path)[0]).filter((one) => one.startsWith("/"));
  assertEquals(documented.sort(), paths.filter((path) => !path.includes(".")).sort());

  const text = "port: 0\nadmin: {port: 0}\npaths: {/: {get: {answer: stdout, inject: {cmd: [echo], timeout: 20s}}}}";
  const proxy = await Proxy.start(parseProxyConfig(text, { file: "docs.yaml" }), { configFile: "docs.yaml" });
  try {
    await (await fetch(proxy.url)).text();
    const { status } = proxy;
    const rest = ["config", "reply"];
    const fields = rows(admin).filter(([, what]) => what !== undefined).flatMap(([names]) => codeIn(names))
      .filter((one) => !one.startsWith("/"));
    assertEquals(fields.sort(), [...new Set([...Object.keys(status), ...rest])].sort());
    for (const [name, one] of [["routes", status.routes[0]], ["recent", status.recent[0]]] as const) {
      const cell = rows(admin).find(([first]) => first === `\`${name}\``)![1];
      for (const field of Object.keys(one)) assert(codeIn(cell).includes(field), `${name}: ${field}`);
    }
  } finally {
    await proxy.stop();
  }
});

claim("docs/proxy.md has every attribute of spans", () => {
  const source = read("src/proxy/tracing.ts");
  const set = Array.from(source.matchAll(/"((?:http|url|client|user_agent|error|ipcx|process)\.[a-z_.]+)"/g));
  const told = rows(section(page, "### Traces")).flatMap(([, , attributes]) => codeIn(attributes));
  assertEquals([...new Set(told)].sort(), [...new Set(set.map(([, name]) => name))].sort());
});

claim("docs/proxy.md has every line of the gateway's log", () => {
  const source = sources("src/proxy") + read("src/cli/proxy_service.ts") + read("src/cli/faults.ts");
  const lines = source.matchAll(/(?:getLogger\((?:"proxy"|logger)\)|logger)\.(debug|info|warn|error)\("([^"]+)"/g);
  const logged = new Map<string, Set<string>>();
  const add = (message: string, level: string): unknown =>
    logged.set(message, (logged.get(message) ?? new Set()).add(level));
  for (const [, level, message] of lines) add(message, level);
  for (const [, message] of source.matchAll(/#fillLater\(.*?, "([^"]+)"\)/g)) add(message, "warn");
  const told = rows(section(page, "### Log")).filter(([message]) => message.startsWith("`"));
  assertEquals(
    told.map(([message, levels]) => `${codeIn(message)[0]}: ${levels.split(", ").sort()}`).sort(),
    Array.from(logged, ([message, levels]) => `${message}: ${[...levels].sort()}`).sort(),
  );
});
