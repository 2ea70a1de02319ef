import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { Job, Jobs } from "../../src/proxy/jobs.ts";
import { ConfigError, parseProxyConfig } from "../../src/proxy/mod.ts";
import { claim } from "../claim.ts";
import { until } from "../cli/program.ts";
import { GatewayLog, type Serving, serving } from "./gateway.ts";

/** A route whose program says what it is told to, when the file `go` is there. */
const SCRIPT = "while [ ! -e go ]; do sleep 0.01; done; cat";

function job(more: Record<string, unknown> = {}, inject: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    async: true,
    answer: "stdout",
    ...more,
    inject: { cmd: ["sh", "-c", SCRIPT], wd: ".", channel: "stdin", timeout: 20_000, ...inject },
  };
}

function go(gateway: Serving): void {
  Deno.writeTextFileSync(gateway.directory.file("go"), "");
}

async function begin(gateway: Serving, body = "hello", path = "/job"): Promise<string> {
  const answer = await gateway.ask(path, { method: "POST", body });
  assertEquals(answer.status, 202, answer.text);
  return answer.headers.get("location")!;
}

/** Waits for the result. */
async function result(gateway: Serving, at: string): Promise<Awaited<ReturnType<Serving["ask"]>>> {
  let answer = await gateway.ask(at);
  await until(async () => (answer = await gateway.ask(at)).status !== 202, "the job does not end");
  return answer;
}

const FORGOTTEN = "there is no such job, or its result is not kept any more";

async function assertForgotten(gateway: Serving, at: string): Promise<void> {
  const { status, headers, text } = await gateway.ask(at);
  assertEquals([status, headers.get("content-type")], [404, "application/problem+json"]);
  assertEquals(JSON.parse(text).detail, FORGOTTEN);
}

claim("a client is told at once where to ask, and gets the answer there when it is ready", async () => {
  await using gateway = await serving({ "POST /job": job({ content_type: "text/x-own" }) });
  const first = await gateway.ask("/job", { method: "POST", body: "hello" });
  const at = first.headers.get("location")!;
  assertEquals([first.status, first.headers.get("content-type")], [202, "application/json"]);
  assertMatch(at, /^\/_urocket\/jobs\/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  assertEquals(JSON.parse(first.text), { job: at, state: "running" });
  assertEquals(first.headers.get("cache-control"), "no-store");

  const meanwhile = await gateway.ask(at);
  assertEquals([meanwhile.status, meanwhile.headers.get("retry-after")], [202, "1"]);
  assertEquals(JSON.parse(meanwhile.text), { state: "running" });
  go(gateway);
  const { status, headers, text } = await result(gateway, at);
  assertEquals([status, headers.get("content-type"), text], [200, "text/x-own", "hello"]);
  assertEquals((await gateway.ask(at)).text, "hello", "it is kept");
  const head = await gateway.ask(at, { method: "HEAD" });
  assertEquals([head.status, head.headers.get("content-length"), head.text], [200, "5", ""]);
  const [{ id, status: counted }] = gateway.proxy.status.recent;
  assertEquals(counted, 200, "it is counted when it ends");
  assert(!at.includes(id), "the id of a request, which processes know, does not lead to its result");
});

claim("a job may set status and header fields, at its output or at the reply socket", async () => {
  const cgi = "printf 'Status: 418\\nX-Own: 1\\nContent-Type: text/x-tea\\n\\nshort'";
  const curl = "curl -s --unix-socket $REPLY_SOCKET -H 'Urocket-Status: 201' -H 'Urocket-Header-X-Own: 2' " +
    "-H 'Content-Type: text/x-tea' -d stout $REPLY_URL";
  await using gateway = await serving({
    "POST /job": job({ output: "cgi" }, { cmd: ["sh", "-c", cgi] }),
    "PUT /job": { async: true, inject: { cmd: ["sh", "-c", curl], timeout: 20_000 } },
  });
  for (const [method, expected] of [["POST", [418, "1", "short"]], ["PUT", [201, "2", "stout"]]] as const) {
    const at = (await gateway.ask("/job", { method })).headers.get("location")!;
    const { status, headers, text } = await result(gateway, at);
    assertEquals([status, headers.get("x-own"), text], [...expected]);
    assertEquals(headers.get("content-type"), "text/x-tea");
  }
});

claim("a client that goes away does not matter to its job", async () => {
  await using gateway = await serving({ "POST /job": job() });
  const connection = await gateway.connect();
  await connection.send("POST /job HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello");
  const [, at] = /location: (\S+)/i.exec(await connection.until("\r\n\r\n"))!;
  connection.close();
  go(gateway);
  assertEquals((await result(gateway, at)).text, "hello");
});

claim("a job that fails has a problem for its result", async () => {
  await using gateway = await serving({
    "POST /fails": job({}, { cmd: ["false"] }),
    "POST /late": job({}, { timeout: 50, grace: 100 }),
    "POST /large": job({ limits: { output: 10 } }, { cmd: ["echo", "more than ten bytes"] }),
  });
  for (const [path, expected] of [["/fails", 502], ["/late", 504], ["/large", 502]] as const) {
    const { status, headers } = await result(gateway, await begin(gateway, "", path));
    assertEquals([path, status, headers.get("content-type")], [path, expected, "application/problem+json"]);
  }
});

claim("what cannot be let in is refused at once", async () => {
  await using gateway = await serving(
    {
      "POST /job": job({ limits: { concurrency: 1, queue: 1 } }),
      "POST /json": job({ limits: { body: 10 } }, { encoding: "json" }),
    },
  );
  const running = await begin(gateway);
  const queued = await begin(gateway);
  const states = await Promise.all([running, queued].map(async (at) => JSON.parse((await gateway.ask(at)).text).state));
  assertEquals(states, ["running", "queued"]);
  const refused = await gateway.ask("/job", { method: "POST" });
  assertEquals([refused.status, refused.headers.get("retry-after")], [429, "1"]);
  assertEquals((await gateway.ask("/json", { method: "POST", body: "{no" })).status, 400);
  assertEquals((await gateway.ask("/json", { method: "POST", body: "more than ten" })).status, 413);
  go(gateway);
  for (const at of [running, queued]) assertEquals((await result(gateway, at)).text, "hello");
});

claim("a job whose program cannot be started has that for its result", async () => {
  await using gateway = await serving({ "POST /none": job({}, { cmd: ["./none"] }) }, {}, { none: "#!/dev/null\n" });
  assertEquals((await result(gateway, await begin(gateway, "", "/none"))).status, 502);
});

claim("a job that waits too long for a process ends with 503", async () => {
  await using gateway = await serving({ "POST /job": job({ limits: { concurrency: 1, queue_timeout: 20 } }) });
  await begin(gateway);
  assertEquals((await result(gateway, await begin(gateway))).status, 503);
});

claim("DELETE ends a job with its processes and forgets it, whether it runs, waits or has ended", async () => {
  const log = new GatewayLog();
  await using gateway = await serving({ "POST /job": job({ limits: { concurrency: 1 } }) }, { access_log: true });
  const running = await begin(gateway);
  const queued = await begin(gateway);
  for (const at of [queued, running]) {
    assertEquals((await gateway.ask(at, { method: "DELETE" })).status, 204);
    await assertForgotten(gateway, at);
  }
  await gateway.isIdle();
  assertEquals(log.of("request").map(({ outcome }) => outcome), ["cancelled", "cancelled"]);
  go(gateway);
  const ended = await begin(gateway);
  assertEquals((await result(gateway, ended)).text, "hello");
  assertEquals((await gateway.ask(ended, { method: "DELETE" })).status, 204);
  await assertForgotten(gateway, ended);
  assertEquals((await gateway.ask(ended, { method: "DELETE" })).status, 404);
});

claim("other verbs, other jobs and other paths of the gateway's own are refused", async () => {
  await using gateway = await serving({ "POST /job": job(), "GET /{x}/{y}/{z}": job() });
  const at = await begin(gateway);
  const refused = await gateway.ask(at, { method: "POST", body: "x" });
  assertEquals([refused.status, refused.headers.get("allow")], [405, "GET, HEAD, DELETE"]);
  for (const path of ["/_urocket/jobs/", `/_urocket/jobs/${crypto.randomUUID()}`, "/_urocket/", "/_urocket/jobs/x"]) {
    await assertForgotten(gateway, path);
  }
});

claim("a result is kept for as long as the route says", async () => {
  await using gateway = await serving({ "POST /job": job({ result_ttl: 1500 }, { cmd: ["cat"] }) });
  const at = await begin(gateway);
  const before = performance.now();
  await until(async () => (await gateway.ask(at)).status === 404, "the result is kept");
  assert(performance.now() - before >= 1000, "not for long enough");
});

claim(
  "the oldest results are forgotten if all together are too large, and one that is too large by itself",
  async () => {
    await using gateway = await serving({ "POST /job": job({}, { cmd: ["cat"] }) }, { limits: { results: 1000 } });
    const jobs: string[] = [];
    for (const text of ["a", "b", "c"]) {
      const at = await begin(gateway, text.repeat(400));
      assertEquals((await result(gateway, at)).text, text.repeat(400));
      jobs.push(at);
    }
    await assertForgotten(gateway, jobs[0]);
    assertEquals((await gateway.ask(jobs[1])).text, "b".repeat(400));
    const { status, text } = await result(gateway, await begin(gateway, "x".repeat(1001)));
    assertEquals([status, JSON.parse(text).detail], [507, "the result has more bytes than are kept"]);
  },
);

claim("jobs go on over a reload, and have the grace when the gateway stops", async () => {
  const gateway = await serving({ "POST /job": job() }, { grace: 20_000 });
  try {
    const at = await begin(gateway);
    await gateway.reload({ "GET /other": job() }, { grace: 20_000 });
    assertEquals((await gateway.ask("/job", { method: "POST" })).status, 404);
    assertEquals((await gateway.ask(at)).status, 202);
    const stopped = gateway.proxy.stop();
    go(gateway);
    await stopped;
    const [{ status, outcome }] = gateway.proxy.status.recent;
    assertEquals([status, outcome], [200, "answered"]);
  } finally {
    await gateway[Symbol.asyncDispose]();
  }
});

claim("the oldest results go when there are 10 000 jobs, and nobody is refused for them", () => {
  const jobs = new Jobs();
  jobs.mostBytes = 1_000_000;
  const nothing = () => {};
  const client = { hasBegun: false, isOver: false, canStream: true, onGone: nothing, onDrain: nothing };
  const end = (): Job => {
    const told = { answer: nothing, begin: nothing, write: () => true, end: nothing, abort: nothing };
    const one = new Job({ ...client, ...told }, jobs, 60_000);
    one.admitted();
    one.answer({ status: 200, headers: [], body: new Uint8Array(1) });
    return one;
  };
  const statusOf = ({ id }: Job) => jobs.ask("GET", `/_urocket/jobs/${id}`).status;
  const ended = Array.from({ length: 10_000 }, end);
  assertEquals([jobs.isFull, statusOf(ended[0])], [false, 200]);
  const last = end();
  assertEquals([jobs.isFull, statusOf(ended[0]), statusOf(ended[1]), statusOf(last)], [false, 404, 200, 200]);
  jobs.clear();
});

claim("at most 10 000 jobs go on", async () => {
  await using gateway = await serving({
    "POST /job": job({ limits: { concurrency: 1, queue: 20_000 } }),
  }, { limits: { queue: 20_000 } });
  using connection = await gateway.connect();
  for (let count = 0; count < 10_000; count += 100) {
    await connection.send("POST /job HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n".repeat(100));
    for (let at = 0; at < 100; at++) assertMatch(await connection.until("}\n"), /^HTTP\/1.1 202 /);
  }
  const refused = await gateway.ask("/job", { method: "POST" });
  assertEquals([refused.status, refused.headers.get("retry-after")], [503, "1"]);
});

claim("no route can have a path that is the gateway's own", () => {
  for (const path of ["/_urocket", "/_urocket/jobs/x", "_urocket/{id}"]) {
    const text = JSON.stringify({ paths: { [path]: { get: job({}, { wd: "/" }) } } });
    const error = assertThrows(() => parseProxyConfig(text, { file: "service.yaml" }), ConfigError);
    assertMatch(error.message, /^service\.yaml:1:\d+: '\/_urocket.*' is of the gateway itself/);
  }
});
