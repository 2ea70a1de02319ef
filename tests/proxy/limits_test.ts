import { assert, assertEquals } from "@std/assert";
import { claim } from "../claim.ts";
import { until } from "../cli/program.ts";
import { type Serving, serving } from "./gateway.ts";

const LONG_MS = 600_000;

/** A program that waits for a file of a name and then says that name. */
function waiting(name: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  const script = 'while [ ! -e "$0" ]; do sleep 0.01; done; echo "$0"';
  return {
    answer: "stdout",
    inject: { cmd: ["sh", "-c", script, name], wd: ".", timeout: LONG_MS, grace: 0 },
    ...more,
  };
}

/** A program that notes its begin and its end in a file. */
function noting(more: Record<string, unknown> = {}): Record<string, unknown> {
  const script = 'echo "+ $0" >> notes; sleep 0.02; echo "- $0" >> notes; echo "$0"';
  const inject = { cmd: ["sh", "-c", script, "{{query.a}}"], wd: ".", timeout: LONG_MS };
  return { answer: "stdout", inject, ...more };
}

const go = ({ directory }: Serving, name: string): void => Deno.writeTextFileSync(directory.file(name), "");
const routeAt = ({ proxy }: Serving, at: string) => proxy.status.routes.find(({ path }) => path === at)!;
const detailOf = ({ text }: { text: string }): string => JSON.parse(text).detail;

async function holds(gateway: Serving, path: string, running: number, waiting: number): Promise<void> {
  const isSo = () => routeAt(gateway, path).running === running && routeAt(gateway, path).waiting === waiting;
  await until(isSo, `${path} has not ${running} processes and ${waiting} requests that wait`);
}

/** What the programs have noted: who began in which order, and how many there were at a time. */
function notes({ directory }: Serving): { order: string[]; most: number } {
  const lines = Deno.readTextFileSync(directory.file("notes")).trimEnd().split("\n");
  let now = 0, most = 0;
  for (const line of lines) most = Math.max(most, now += line.startsWith("+") ? 1 : -1);
  return { order: lines.filter((line) => line.startsWith("+")).map((line) => line.slice(2)), most };
}

claim("of 200 requests at once each is answered, and there are never more processes than may be", async () => {
  const limits = { concurrency: 4, queue: 200 };
  await using gateway = await serving({ "GET /": noting({ limits: { queue: 200 } }) }, { limits });
  const answers = await Promise.all(Array.from({ length: 200 }, (_, at) => gateway.ask(`/?a=${at}`)));
  assertEquals(answers.map(({ status, text }) => `${status} ${text}`), answers.map((_, at) => `200 ${at}\n`));
  const { order, most } = notes(gateway);
  assertEquals([order.length, most], [200, 4]);
  assertEquals(routeAt(gateway, "/").statuses, { 200: 200 });
});

claim("who came first runs first, whatever its route", async () => {
  const routes = { "GET /a": noting(), "GET /b": noting(), "GET /wait": waiting("go") };
  await using gateway = await serving(routes, { limits: { concurrency: 1 } });
  const first = gateway.ask("/wait");
  await holds(gateway, "/wait", 1, 0);
  const others: Promise<unknown>[] = [];
  const paths = Array.from({ length: 12 }, (_, at) => `/${at % 3 === 0 ? "a" : "b"}?a=${at}`);
  for (const path of paths) {
    others.push(gateway.ask(path));
    await until(
      () => routeAt(gateway, "/a").waiting + routeAt(gateway, "/b").waiting === others.length,
      "it waits not",
    );
  }
  go(gateway, "go");
  await Promise.all([first, ...others]);
  assertEquals(notes(gateway), { order: paths.map((_, at) => `${at}`), most: 1 });
});

claim("a route at its limit does not hold up another", async () => {
  const routes = { "GET /a": waiting("go", { limits: { concurrency: 1 } }), "GET /b": noting() };
  await using gateway = await serving(routes);
  const held = [gateway.ask("/a"), gateway.ask("/a")];
  await holds(gateway, "/a", 1, 1);
  assertEquals((await gateway.ask("/b?a=1")).text, "1\n");
  go(gateway, "go");
  await Promise.all(held);
});

claim("a request that finds the queue of its route full is told to come again: 429", async () => {
  await using gateway = await serving({ "GET /a": waiting("go", { limits: { concurrency: 1, queue: 2 } }) });
  const all = Array.from({ length: 3 }, () => gateway.ask("/a"));
  await holds(gateway, "/a", 1, 2);
  const refused = await gateway.ask("/a");
  assertEquals([refused.status, refused.headers.get("retry-after")], [429, "1"]);
  assertEquals(detailOf(refused), "too many requests for this path wait already");
  go(gateway, "go");
  for (const { status } of await Promise.all(all)) assertEquals(status, 200);
});

claim("one that finds the queue of all full is told so, too: 503", async () => {
  const routes = { "GET /a": waiting("go"), "GET /b": waiting("go") };
  await using gateway = await serving(routes, { limits: { concurrency: 1, queue: 1 } });
  const all = [gateway.ask("/a")];
  await holds(gateway, "/a", 1, 0);
  all.push(gateway.ask("/a"));
  await holds(gateway, "/a", 1, 1);
  const refused = await gateway.ask("/b");
  assertEquals([refused.status, refused.headers.get("retry-after")], [503, "1"]);
  assertEquals(detailOf(refused), "too many requests wait already");
  go(gateway, "go");
  for (const { status } of await Promise.all(all)) assertEquals(status, 200);
});

claim("without a queue a request runs at once or not at all", async () => {
  await using gateway = await serving({ "GET /a": waiting("go", { limits: { concurrency: 1, queue: 0 } }) });
  const first = gateway.ask("/a");
  await holds(gateway, "/a", 1, 0);
  assertEquals((await gateway.ask("/a")).status, 429);
  go(gateway, "go");
  assertEquals((await first).status, 200);
});

claim("a request waits no longer than it may: 503", async () => {
  await using gateway = await serving({ "GET /a": waiting("go", { limits: { concurrency: 1, queue_timeout: 100 } }) });
  const first = gateway.ask("/a");
  await holds(gateway, "/a", 1, 0);
  const late = await gateway.ask("/a");
  assertEquals([late.status, late.headers.get("retry-after")], [503, "1"]);
  assertEquals(detailOf(late), "the request has waited too long for a process");
  await holds(gateway, "/a", 1, 0);
  go(gateway, "go");
  assertEquals((await first).status, 200);
});

claim("the time that a request waits is not that of its process", async () => {
  const script = 'while [ ! -e "$0" ]; do sleep 0.01; done';
  await using gateway = await serving({
    "GET /a": { answer: "stdout", inject: { cmd: ["sh", "-c", script, "go"], wd: ".", timeout: LONG_MS } },
    "GET /b": { answer: "stdout", inject: { cmd: ["sleep", "0.1"], timeout: 1500 } },
  }, { limits: { concurrency: 1 } });
  const first = gateway.ask("/a");
  await holds(gateway, "/a", 1, 0);
  const second = gateway.ask("/b");
  await holds(gateway, "/b", 0, 1);
  const began = performance.now();
  await until(() => performance.now() - began > 1600, "time stands still");
  go(gateway, "go");
  assertEquals([(await first).status, (await second).status], [200, 200]);
});

claim("a client that leaves gives up its place", async () => {
  await using gateway = await serving({ "GET /a": waiting("go", { limits: { concurrency: 1, queue: 1 } }) });
  const first = gateway.ask("/a");
  await holds(gateway, "/a", 1, 0);
  const leaving = await gateway.connect();
  await leaving.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
  await holds(gateway, "/a", 1, 1);
  leaving.close();
  await holds(gateway, "/a", 1, 0);
  const second = gateway.ask("/a");
  await holds(gateway, "/a", 1, 1);
  go(gateway, "go");
  assertEquals([(await first).status, (await second).status], [200, 200]);
  assertEquals(routeAt(gateway, "/a").started, 2);
});

claim("a place is free when all that a process has left behind has ended, not before", async () => {
  const script = 'sh -c "while [ ! -e go ]; do sleep 0.01; done" >/dev/null 2>&1 & echo done';
  await using gateway = await serving({
    "GET /a": {
      answer: "stdout",
      limits: { concurrency: 1 },
      inject: { cmd: ["sh", "-c", script], wd: ".", timeout: LONG_MS, grace: 0 },
    },
  });
  assertEquals((await gateway.ask("/a")).text, "done\n");
  const second = gateway.ask("/a");
  await holds(gateway, "/a", 1, 1);
  go(gateway, "go");
  assertEquals((await second).text, "done\n");
});

claim("a program that cannot be started frees its place, for any number of requests that wait", async () => {
  const own = { "own": "#!/bin/sh\necho here\n" };
  await using gateway = await serving(
    {
      "GET /a": waiting("go"),
      "GET /b": { answer: "stdout", limits: { queue: 1000 }, inject: { cmd: ["./own"], wd: "." } },
    },
    { limits: { concurrency: 1, queue: 1000 } },
    own,
  );
  Deno.removeSync(gateway.directory.file("own"));
  const first = gateway.ask("/a");
  await holds(gateway, "/a", 1, 0);
  const others = Array.from({ length: 300 }, () => gateway.ask("/b"));
  await holds(gateway, "/b", 0, 300);
  go(gateway, "go");
  assertEquals((await first).status, 200);
  for (const answer of await Promise.all(others)) {
    assertEquals([answer.status, detailOf(answer)], [502, "the program could not be started (ENOENT)"]);
  }
  await gateway.isIdle();
  assert(routeAt(gateway, "/b").started === 0);
});
