import { assertEquals } from "@std/assert";
import { claim } from "../claim.ts";
import { until, within } from "../cli/program.ts";
import { type Connection, GatewayLog, type Routes, type Serving, serving } from "./gateway.ts";

/** Numbers that are the same for the same seed (mulberry32). */
function numbersFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const sh = (script: string, more: Record<string, unknown> = {}): Record<string, unknown> => ({
  inject: { cmd: ["sh", "-c", script], timeout: 400, grace: 50, channel: "stdin" },
  ...more,
});
const stdout = { answer: "stdout" };
const reply = 'curl -s --unix-socket "$REPLY_SOCKET"';

const ROUTES: Routes = {
  "POST /echo": sh("cat", stdout),
  "GET /big": sh("head -c 3000000 /dev/zero", stdout),
  "GET /endless": sh("while echo x; do :; done", stdout),
  "GET /silent": sh("exec sleep 5", stdout),
  "GET /stubborn": sh('trap "" TERM; while :; do sleep 0.01; done', stdout),
  "GET /fails": sh("exit 3", stdout),
  "GET /cgi": sh('echo "Status: 201"; echo; echo made', { ...stdout, output: "cgi" }),
  "GET /badcgi": sh("echo nonsense", { ...stdout, output: "cgi" }),
  "POST /reply": sh(`cat > /dev/null; ${reply} -d answer "$REPLY_URL"`),
  "GET /twice": sh(`${reply} -d a "$REPLY_URL"; ${reply} -d b "$REPLY_URL"`),
  "GET /never": sh("exit 0"),
  "GET /orphan": sh(`(sleep 0.1; ${reply} -d late "$REPLY_URL") >/dev/null 2>&1 &`),
  "POST /kept": sh("cat; sleep 0.2", { ...stdout, cancel: false }),
  "POST /narrow": sh("cat", { ...stdout, limits: { concurrency: 1, queue: 2, queue_timeout: 100, body: 1000 } }),
};

const KEYS = Object.keys(ROUTES);

/** For those who come when all is over. */
const CALM: Routes = {
  "POST /calm": { ...stdout, inject: { cmd: ["cat"], channel: "stdin", timeout: 60_000 } },
  "GET /calm": { inject: { cmd: ["sh", "-c", `${reply} -d answer "$REPLY_URL"`], timeout: 60_000 } },
};

/** Part of what a client sends: a request that is one, or is not. */
function requestFrom(random: (below: number) => number): Uint8Array<ArrayBuffer> {
  const [verb, path] = KEYS[random(KEYS.length)].split(" ");
  const body = "x".repeat(random(4) === 0 ? random(200_000) : random(200));
  const length = verb === "GET"
    ? ""
    : random(3) === 0
    ? "Transfer-Encoding: chunked\r\n"
    : `Content-Length: ${body.length}\r\n`;
  const content = verb === "GET"
    ? ""
    : length.startsWith("T")
    ? `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`
    : body;
  const expect = verb === "POST" && random(8) === 0 ? "Expect: 100-continue\r\n" : "";
  const text = `${verb} ${path}?a=${random(100)} HTTP/1.${
    random(8) === 0 ? 0 : 1
  }\r\nHost: x\r\n${length}${expect}\r\n${content}`;
  const bytes = new TextEncoder().encode(text);
  // Some of it is not what it should be.
  for (let faults = random(4) === 0 ? 1 + random(4) : 0; faults > 0; faults--) {
    bytes[random(Math.min(bytes.length, 200))] = random(256);
  }
  return random(5) === 0 ? bytes.slice(0, random(bytes.length)) : bytes;
}

/** What a client does, from beginning to end; how the gateway answers is all the same. */
async function behave(gateway: Serving, random: (below: number) => number): Promise<void> {
  using connection = await gateway.connect();
  for (let requests = 1 + random(3); requests > 0; requests--) {
    const bytes = requestFrom(random);
    const step = random(3) === 0 ? 1 + random(5000) : bytes.length;
    for (let at = 0; at < bytes.length; at += step) {
      await connection.send(bytes.slice(at, at + step));
      if (random(20) === 0) return;
    }
    if (random(3) === 0) await Promise.race([connection.more(), waited(random(60))]);
  }
  switch (random(5)) {
    case 0:
      return;
    case 1:
      return await waited(random(200));
    case 2:
      await connection.conn.closeWrite();
      return await readFor(connection, 300);
    default:
      return await readFor(connection, 700);
  }
}

const waited = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function readFor(connection: Connection, ms: number): Promise<void> {
  let isOver = false;
  const end = waited(ms).then(() => (isOver = true, connection.close()));
  while (!isOver && await connection.more());
  if (!isOver) connection.close();
  await end;
}

/** The processes whose parent is this one. */
function children(): string[] {
  return Array.from(Deno.readDirSync("/proc")).filter(({ name }) => /^\d+$/.test(name)).filter(({ name }) => {
    try {
      const [, parent] = Deno.readTextFileSync(`/proc/${name}/stat`).split(") ")[1].split(" ");
      return Number(parent) === Deno.pid;
    } catch {
      return false; // It has ended meanwhile.
    }
  }).map(({ name }) => name);
}

for (const seed of [1, 2, 3]) {
  claim(
    `whatever clients do, each request ends, nothing of it is left, and others are served (seed ${seed})`,
    async () => {
      const log = new GatewayLog();
      const before = children();
      await using gateway = await serving({ ...ROUTES, ...CALM }, {
        limits: { concurrency: 8, queue: 20, request_timeout: 1500 },
      });
      const random = numbersFrom(seed);
      const clients = Array.from({ length: 150 }, () => numbersFrom(random(2 ** 31)));
      const tasks = Array.from({ length: 25 }, async () => {
        for (let client = clients.pop(); client; client = clients.pop()) await behave(gateway, client).catch(() => {});
      });
      await within(Promise.all(tasks), "the clients are not done");
      await gateway.isIdle();
      await until(() => gateway.proxy.status.connections === 0, "connections are left");
      await until(() => children().every((pid) => before.includes(pid)), "processes are left");
      const { routes } = gateway.proxy.status;
      for (const { path, requests, statuses, running, waiting } of routes) {
        const ended = Object.values(statuses).reduce((sum, count) => sum + count, 0);
        assertEquals([running, waiting, ended], [0, 0, requests], path);
      }
      assertEquals(log.records.filter(({ levelName }) => levelName === "ERROR"), []);
      const { status, text } = await gateway.ask("/calm", { method: "POST", body: "still there" });
      assertEquals([status, text], [200, "still there"]);
      assertEquals((await gateway.ask("/calm")).text, "answer");
    },
  );
}
