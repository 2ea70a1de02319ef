import { assert, assertEquals, assertRejects } from "@std/assert";
import { parseProxyConfig } from "../../src/proxy/read_config.ts";
import { claim } from "../claim.ts";
import { until, within } from "../cli/program.ts";
import { type Routes, type Serving, serving } from "./gateway.ts";

const HOST = "Host: x\r\n";
const LONG_MS = 600_000;
/** Longer than anything here takes, and short enough for a test that fails. */
const GRACE_MS = 30_000;

/** A program that waits for a file and then says a word. */
function held(word: string): Record<string, unknown> {
  const script = 'while [ ! -e go ]; do sleep 0.01; done; echo "$0"';
  return {
    answer: "stdout",
    stats: true,
    inject: { cmd: ["sh", "-c", script, word], wd: ".", timeout: LONG_MS, grace: 0 },
  };
}

const ROUTES: Routes = {
  "GET /held": held("late"),
  "POST /echo": { answer: "stdout", stats: true, inject: { cmd: ["cat"], channel: "stdin" } },
  "GET /long": { answer: "stdout", inject: { cmd: ["sleep", "600"], timeout: LONG_MS, grace: 0 } },
  "GET /big": { answer: "stdout", inject: { cmd: ["head", "-c", "16000000", "/dev/zero"], timeout: LONG_MS } },
};

const go = ({ directory }: Serving): void => Deno.writeTextFileSync(directory.file("go"), "");
const running = ({ proxy }: Serving): number => proxy.status.routes.reduce((sum, one) => sum + one.running, 0);

async function runs(gateway: Serving, count: number): Promise<void> {
  await until(() => running(gateway) === count, `there are not ${count} processes`);
}

claim("requests that run when it stops are answered within the grace, and nobody new is let in", async () => {
  await using gateway = await serving(ROUTES, { grace: GRACE_MS });
  using kept = await gateway.connect();
  await kept.send(`POST /echo HTTP/1.1\r\n${HOST}Content-Length: 2\r\n\r\nhi`);
  await kept.until("\r\n\r\nhi");
  using busy = await gateway.connect();
  await busy.send(`GET /held HTTP/1.1\r\n${HOST}\r\n`);
  const answer = gateway.ask("/held");
  await runs(gateway, 2);
  const stopped = gateway.proxy.stop();
  assertEquals(gateway.proxy.status.state, "stopping");
  // The kernel may have let in another one for a moment.
  await until(
    () =>
      gateway.connect().then(
        (connection) => (connection.close(), false),
        (error) => error instanceof Deno.errors.ConnectionRefused,
      ),
    "it listens",
  );
  // An idle connection ends.
  assertEquals(await kept.rest(), "");
  go(gateway);
  assertEquals((await answer).text, "late\n");
  assert((await busy.rest()).endsWith("late\n"));
  await within(stopped, "it does not stop");
});

claim("who asks once more on a connection that was kept is told to come again", async () => {
  await using gateway = await serving(ROUTES, { grace: GRACE_MS });
  using connection = await gateway.connect();
  // The second request is there already when the first is answered, and read only then.
  await connection.send(`GET /held HTTP/1.1\r\n${HOST}\r\n`);
  await runs(gateway, 1);
  const stopped = gateway.proxy.stop();
  await connection.send(`GET /held HTTP/1.1\r\n${HOST}\r\n`);
  await until(() => gateway.proxy.status.unrouted[503] === 1, "it is not refused");
  go(gateway);
  const [first, second] = (await connection.rest()).split("late\n");
  assert(first.startsWith("HTTP/1.1 200 OK\r\n"), first);
  assert(/^HTTP\/1\.1 503 .*retry-after: 1\r\n.*"detail":"the gateway is stopping"/s.test(second), second);
  await within(stopped, "it does not stop");
});

claim(
  "requests that run on after the grace are answered with 503, and their processes end; so are those that wait",
  async () => {
    await using gateway = await serving(ROUTES, { grace: 200, limits: { concurrency: 2 } });
    const answers = Array.from({ length: 4 }, () => gateway.ask("/long"));
    await runs(gateway, 2);
    await until(() => gateway.proxy.status.routes.some(({ waiting }) => waiting === 2), "they do not wait");
    await within(gateway.proxy.stop(), "it does not stop");
    for (const { status, text } of await Promise.all(answers)) {
      assertEquals([status, JSON.parse(text).detail], [503, "the gateway is stopping"]);
    }
    const { running, waiting, started, killed } = gateway.proxy.status.routes.find(({ path }) => path === "/long")!;
    assertEquals({ running, waiting, started, killed }, {
      running: 0,
      waiting: 0,
      started: 2,
      killed: { shutdown: 2 },
    });
  },
);

claim(
  "a process that does not heed SIGTERM is killed after its own grace, and the gateway waits for that",
  async () => {
    const script = 'trap "" TERM; echo > ready; while :; do sleep 0.01; done';
    await using gateway = await serving({
      "GET /": { answer: "stdout", inject: { cmd: ["sh", "-c", script], wd: ".", timeout: LONG_MS, grace: 100 } },
    });
    const answer = gateway.ask("/");
    await until(() => Deno.statSync(gateway.directory.file("ready")).isFile, "it does not run");
    await within(gateway.proxy.stop(), "it does not stop");
    assertEquals((await answer).status, 503);
    assertEquals(running(gateway), 0);
  },
);

claim("an answer that a slow client reads is sent to its end, though its process has ended long ago", async () => {
  await using gateway = await serving(ROUTES, { grace: GRACE_MS });
  using slow = await gateway.connect();
  await slow.send(`GET /big HTTP/1.0\r\n\r\n`);
  await slow.until("\r\n\r\n");
  const stopped = gateway.proxy.stop();
  // It is not so that it has been sent by now: no kernel keeps as much.
  assertEquals((await slow.rest()).length, 16_000_000);
  await within(stopped, "it does not stop");
});

claim("one that nobody reads ends with the grace", async () => {
  await using gateway = await serving(ROUTES, { grace: 100 });
  using slow = await gateway.connect();
  await slow.send(`GET /big HTTP/1.0\r\n\r\n`);
  await slow.until("\r\n\r\n");
  await within(gateway.proxy.stop(), "it does not stop");
  assert((await slow.rest()).length < 16_000_000);
});

const PART = `POST /echo HTTP/1.1\r\n${HOST}Connection: close\r\nContent-Length: 4\r\n\r\nab`;

claim("a request that has begun to arrive is answered within the grace", async () => {
  await using gateway = await serving(ROUTES, { grace: GRACE_MS });
  using arriving = await gateway.connect();
  await arriving.send(PART);
  // What is answered on another connection has come later.
  await gateway.ask("/nothing");
  const stopped = gateway.proxy.stop();
  await arriving.send("cd");
  assert((await arriving.rest()).endsWith("\r\n\r\nabcd"));
  await within(stopped, "it does not stop");
});

claim("one that has not arrived after the grace is not let in any more", async () => {
  await using gateway = await serving(ROUTES, { grace: 100 });
  using arriving = await gateway.connect();
  await arriving.send(PART);
  const other = gateway.ask("/long");
  await runs(gateway, 1);
  const stopped = gateway.proxy.stop();
  // That this one is refused shows that the grace is over.
  assertEquals((await other).status, 503);
  await arriving.send("cd").catch(() => {});
  const text = await arriving.rest();
  assert(text === "" || text.startsWith("HTTP/1.1 503"), text);
  await within(stopped, "it does not stop");
  assertEquals(gateway.proxy.status.routes.find(({ path }) => path === "/echo")!.started, 0);
});

claim("who hurries it ends the grace", async () => {
  await using gateway = await serving(ROUTES, { grace: GRACE_MS });
  const answer = gateway.ask("/long");
  await runs(gateway, 1);
  const hurry = new AbortController();
  const stopped = gateway.proxy.stop(hurry.signal);
  hurry.abort();
  assertEquals((await answer).status, 503);
  await within(stopped, "it does not stop");
});

claim("with nothing to wait for it stops at once, however long the grace is", async () => {
  await using gateway = await serving(ROUTES, { grace: GRACE_MS });
  using _idle = await gateway.connect();
  await within(gateway.proxy.stop(), "it does not stop");
});

claim("its socket files are gone when it has stopped, and it is not reloaded any more", async () => {
  await using gateway = await serving(ROUTES, { admin: { address: "./admin" } });
  const { directory, proxy } = gateway;
  const names = () => Array.from(Deno.readDirSync(directory.path), ({ name }) => name).sort();
  assertEquals(names(), ["admin", "urocket-service.yaml", "urocket.sock"]);
  await within(proxy.stop(), "it does not stop");
  assertEquals(names(), ["urocket-service.yaml"]);
  const config = parseProxyConfig(Deno.readTextFileSync(directory.file("urocket-service.yaml")), {
    file: directory.file("x"),
  });
  await assertRejects(() => proxy.reload(config), Error, "the gateway is stopping");
  assertEquals(names(), ["urocket-service.yaml"]);
});

claim("those who look after it find it alive, and not ready, while it stops", async () => {
  await using gateway = await serving(ROUTES, { grace: GRACE_MS, admin: { port: 0 } });
  const at = (path: string) =>
    fetch(`${gateway.proxy.adminUrl}${path}`).then(async (answer) => (await answer.body?.cancel(), answer.status));
  const answer = gateway.ask("/held");
  await runs(gateway, 1);
  assertEquals([await at("/healthz"), await at("/readyz")], [200, 200]);
  const stopped = gateway.proxy.stop();
  assertEquals([await at("/healthz"), await at("/readyz")], [200, 503]);
  go(gateway);
  await answer;
  await within(stopped, "it does not stop");
});
