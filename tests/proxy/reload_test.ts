import { assert, assertEquals, assertRejects } from "@std/assert";
import { parseProxyConfig } from "../../src/proxy/read_config.ts";
import { claim } from "../claim.ts";
import { until, within } from "../cli/program.ts";
import { type Routes, type Serving, serving } from "./gateway.ts";

const LONG_MS = 600_000;

const saying = (word: string, more: Record<string, unknown> = {}): Record<string, unknown> => ({
  answer: "stdout",
  inject: { cmd: ["echo", word], timeout: LONG_MS },
  ...more,
});

/** A program that waits for a file and then says a word. */
function held(word: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  const script = 'while [ ! -e go ]; do sleep 0.01; done; echo "$0"';
  return {
    answer: "stdout",
    inject: { cmd: ["sh", "-c", script, word], wd: ".", timeout: LONG_MS, grace: 0 },
    ...more,
  };
}

const go = ({ directory }: Serving): void => Deno.writeTextFileSync(directory.file("go"), "");
const routeAt = ({ proxy }: Serving, at: string) => proxy.status.routes.find(({ path }) => path === at)!;

async function runs(gateway: Serving, path: string, running: number, waiting = 0): Promise<void> {
  const holds = () => routeAt(gateway, path).running === running && routeAt(gateway, path).waiting === waiting;
  await until(holds, `${path} has not ${running} processes and ${waiting} requests that wait`);
}

/** Reloads with routes, and what else the top level has. */
async function reload(
  { proxy, directory, socket }: Serving,
  routes: Routes,
  settings: Record<string, unknown> = {},
): Promise<void> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [name, route] of Object.entries(routes)) {
    const [verb, path] = name.split(" ");
    paths[path] = { ...paths[path], [verb.toLowerCase()]: route };
  }
  const port = settings.address === undefined ? { port: 0 } : {};
  const text = JSON.stringify({ ...port, socketpath: socket, grace: 0, ...settings, paths });
  await proxy.reload(parseProxyConfig(text, { file: directory.file("urocket-service.yaml") }));
}

const answers = async (url: string): Promise<boolean> => {
  try {
    await (await fetch(url)).body?.cancel();
    return true;
  } catch {
    return false;
  }
};

claim("a reload changes what is served, and requests that run go on as they began", async () => {
  await using gateway = await serving({ "GET /held": held("old"), "GET /gone": saying("gone") });
  const { url } = gateway.proxy;
  const old = gateway.ask("/held");
  await runs(gateway, "/held", 1);
  await reload(gateway, { "GET /held": saying("new"), "GET /there": saying("there") });
  assertEquals((await gateway.ask("/held")).text, "new\n");
  assertEquals((await gateway.ask("/there")).text, "there\n");
  assertEquals((await gateway.ask("/gone")).status, 404);
  go(gateway);
  assertEquals((await old).text, "old\n");
  assertEquals(gateway.proxy.url, url);
});

claim(
  "no request of many at once fails while it is reloaded 20 times, each has one answer of one configuration, and all are counted",
  async () => {
    const one = (at: number): Routes => ({
      "GET /": { answer: "stdout", inject: { cmd: ["echo", `${at} {{query.a}}`], timeout: 60_000 } },
    });
    await using gateway = await serving(one(0));
    let at = 0, sent = 0;
    const seen = new Set<number>();
    const client = async (name: number): Promise<void> => {
      for (let last = 0; last < 20;) {
        const before = at;
        const query = `${name}-${sent++}`;
        const { status, text } = await gateway.ask(`/?a=${query}`);
        assertEquals(status, 200, text);
        const [configuration, asked] = text.trimEnd().split(" ");
        assertEquals(asked, query);
        last = Number(configuration);
        seen.add(last);
        assert(last >= before && last <= at, `${last} is not in ${before}–${at}`);
      }
    };
    const clients = Promise.all(Array.from({ length: 8 }, (_, name) => client(name)));
    for (let next = 1; next <= 20; next++) {
      const done = routeAt(gateway, "/").requests;
      await reload(gateway, one(next));
      at = next;
      await until(() => routeAt(gateway, "/").requests > done + 4, "nothing is answered");
    }
    await within(clients, "not all are answered");
    assert(seen.size > 10, `${seen.size} configurations have answered`);
    assertEquals(routeAt(gateway, "/").requests, sent);
    assertEquals(routeAt(gateway, "/").statuses, { 200: sent });
  },
);

claim("a configuration of which anything cannot be used changes nothing", async () => {
  await using gateway = await serving({ "GET /a": saying("old") }, { admin: { address: "./admin" } });
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  using _live = Deno.listen({ transport: "unix", path: gateway.directory.file("live") });
  const { port } = taken.addr as Deno.NetAddr;
  const { front, admin } = gateway.proxy.status;
  const routes = { "GET /a": saying("new"), "GET /b": saying("new") };
  const bad: Record<string, unknown>[] = [
    { port },
    { admin: { address: "./live" } },
    { address: "./other", admin: { port } },
    { address: "./other", socketpath: gateway.directory.file("live") },
  ];
  for (const settings of bad) {
    await assertRejects(() => reload(gateway, routes, settings), Error, "EADDRINUSE");
    assertEquals((await gateway.ask("/a")).text, "old\n");
    assertEquals((await gateway.ask("/b")).status, 404);
    const { status } = gateway.proxy;
    assertEquals([status.front, status.admin, status.routes.map(({ path }) => path)], [front, admin, ["/a"]]);
    // What was opened before the fault was found is closed again.
    const names = Array.from(Deno.readDirSync(gateway.directory.path), ({ name }) => name).sort();
    assertEquals(names, ["admin", "live", "urocket-service.yaml", "urocket.sock"]);
  }
});

claim("another address is opened, and the old one is closed when its requests have been answered", async () => {
  await using gateway = await serving({ "GET /held": held("old"), "GET /a": saying("old") });
  const { url } = gateway.proxy;
  const old = gateway.ask("/held");
  using kept = await gateway.connect();
  await kept.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
  await kept.until("old\n");
  await runs(gateway, "/held", 1);
  await reload(gateway, { "GET /held": held("new"), "GET /a": saying("new") }, { address: "127.0.0.2", port: 0 });
  assert(gateway.proxy.url.startsWith("http://127.0.0.2:"), gateway.proxy.url);
  assertEquals((await gateway.ask("/a")).text, "new\n");
  await until(async () => !await answers(`${url}/a`), "the old address is served");
  await kept.rest();
  go(gateway);
  assertEquals((await old).text, "old\n");
});

claim("a front and an admin server change places, and servers come and go", async () => {
  await using gateway = await serving({ "GET /a": saying("a") });
  const names = () => Array.from(Deno.readDirSync(gateway.directory.path), ({ name }) => name).sort();
  await reload(gateway, { "GET /a": saying("a") }, { address: "./one", admin: { address: "./two" } });
  // What each other has still listens there: nothing is taken away from under anybody.
  const swapped = { address: "./two", admin: { address: "./one" } };
  await assertRejects(() => reload(gateway, { "GET /a": saying("a") }, swapped), Error, "EADDRINUSE");
  await reload(gateway, { "GET /a": saying("a") }, { address: "./three" });
  assertEquals(names(), ["three", "urocket-service.yaml", "urocket.sock"]);
  await reload(gateway, { "GET /a": saying("a") }, swapped);
  assertEquals(names(), ["one", "two", "urocket-service.yaml", "urocket.sock"]);
});

claim("other limits hold at once: who waits may run, who is too many is not let in", async () => {
  const routes = (limits: Record<string, unknown>): Routes => ({ "GET /held": held("x", { limits }) });
  await using gateway = await serving(routes({ concurrency: 1, queue: 3 }), { limits: { concurrency: 4 } });
  const all = Array.from({ length: 4 }, () => gateway.ask("/held"));
  await runs(gateway, "/held", 1, 3);
  assertEquals((await gateway.ask("/held")).status, 429);
  await reload(gateway, routes({ concurrency: 3, queue: 1 }), { limits: { concurrency: 2 } });
  await runs(gateway, "/held", 2, 2);
  assertEquals((await gateway.ask("/held")).status, 429);
  await reload(gateway, routes({ concurrency: 3, queue: 2 }), { limits: { concurrency: 10 } });
  await runs(gateway, "/held", 3, 1);
  await reload(gateway, routes({ concurrency: 9 }), { limits: { concurrency: 10 } });
  await runs(gateway, "/held", 4);
  go(gateway);
  for (const { text } of await Promise.all(all)) assertEquals(text, "x\n");
});

claim("processes of a route count for its limit although they were started under another configuration", async () => {
  const one = (word: string): Routes => ({ "GET /held": held(word, { limits: { concurrency: 1 } }) });
  await using gateway = await serving(one("old"));
  const old = gateway.ask("/held");
  await runs(gateway, "/held", 1);
  await reload(gateway, one("new"));
  const next = gateway.ask("/held");
  await runs(gateway, "/held", 1, 1);
  go(gateway);
  assertEquals([(await old).text, (await next).text], ["old\n", "new\n"]);
});

claim("who waited for the old program gets the old program", async () => {
  const one = (word: string): Routes => ({ "GET /held": held(word, { limits: { concurrency: 1 } }) });
  await using gateway = await serving(one("old"));
  const all = [gateway.ask("/held"), gateway.ask("/held")];
  await runs(gateway, "/held", 1, 1);
  await reload(gateway, { "GET /other": saying("x") });
  assertEquals((await gateway.ask("/held")).status, 404);
  go(gateway);
  assertEquals((await Promise.all(all)).map(({ text }) => text), ["old\n", "old\n"]);
});

claim("the limits of connections and of time hold for clients from then on", async () => {
  const routes = { "GET /a": saying("a") };
  await using gateway = await serving(routes, { limits: { connections: 1 } });
  using _one = await gateway.connect();
  await until(() => gateway.proxy.status.connections === 1, "it is not connected");
  assertEquals(await gateway.raw("GET /a HTTP/1.0\r\n\r\n").catch(() => ""), "");
  await reload(gateway, routes, { limits: { connections: 5, request_timeout: 500 } });
  assert((await gateway.raw("GET /a HTTP/1.0\r\n\r\n")).includes("200 OK"));
  assert((await gateway.raw("GET /a HTTP/1.1\r\nHost:")).startsWith("HTTP/1.1 408 "));
});

claim("counters of routes that stay go on, others are there no more", async () => {
  await using gateway = await serving({ "GET /a": saying("a"), "GET /b": saying("b") });
  for (const path of ["/a", "/a", "/b"]) await gateway.ask(path);
  await gateway.isIdle();
  await reload(gateway, { "GET /a": saying("a"), "GET /c": saying("c") });
  await gateway.ask("/a");
  const counts = gateway.proxy.status.routes.map(({ path, requests }) => [path, requests]);
  assertEquals(counts, [["/a", 3], ["/c", 0]]);
});

claim("reloads that come at once are done one after the other", async () => {
  await using gateway = await serving({ "GET /a": saying("0") });
  const front = (at: number) => ({ address: `./front${at}` });
  await Promise.all([1, 2, 3].map((at) => reload(gateway, { "GET /a": saying(`${at}`) }, front(at))));
  assertEquals(gateway.proxy.url, `unix:${gateway.directory.file("front3")}`);
  const names = Array.from(Deno.readDirSync(gateway.directory.path), ({ name }) => name).sort();
  assertEquals(names, ["front3", "urocket-service.yaml", "urocket.sock"]);
});

claim("the mode of a socket that is open cannot be changed: that is said, and everything stays", async () => {
  await using gateway = await serving({ "GET /a": saying("old") });
  const changed = reload(gateway, { "GET /a": saying("new") }, { socketmode: "0666" });
  await assertRejects(() => changed, Error, "it takes a restart to change");
  assertEquals((await gateway.ask("/a")).text, "old\n");
  assertEquals(Deno.lstatSync(gateway.socket).mode! & 0o777, 0o600);
});
