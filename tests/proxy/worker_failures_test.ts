import { assert, assertEquals, assertMatch } from "@std/assert";
import { claim } from "../claim.ts";
import { isAlive, until } from "../cli/program.ts";
import { GatewayLog, type Serving, serving } from "./gateway.ts";
import { idle, PLAYED, PYTHON, workers, workersAre } from "./working.ts";

const post = (body: string): RequestInit => ({ method: "POST", body });

/** Waits until a worker has said that it is at a request, and tells which. */
async function said(gateway: Serving, name: string): Promise<number> {
  const file = gateway.directory.file(name);
  await until(() => Deno.statSync(file).isFile, `nobody is ${name}`);
  const pid = Number(Deno.readTextFileSync(file));
  Deno.removeSync(file);
  return pid;
}

claim("a worker that dies fails the request that it has, at once, and is replaced", async () => {
  const log = new GatewayLog();
  await using gateway = await serving({ "POST /": workers(PYTHON) });
  const pids = new Set<number>();
  for (
    const [command, end] of [["die 3", "exited with 3"], ["kill", "was ended by SIGKILL"], ["die 0", "exited with 0"]]
  ) {
    const [{ pid }] = await idle(gateway, 1);
    pids.add(pid);
    const { status, text } = await gateway.ask("/", post(command));
    assertEquals([status, JSON.parse(text).detail], [502, `the program ${end}`]);
    assert(!text.includes("dying words"));
  }
  const [{ pid }] = await idle(gateway, 1);
  pids.add(pid);
  assertEquals(pids.size, 4);
  assertEquals((await gateway.ask("/", post("pid"))).text, `${pid}`);
  assertMatch(JSON.stringify(log.of("request")[0].reason), /it printed: dying words/);
  const ended = log.of("a worker has ended").filter(({ end }) => end !== undefined);
  assertEquals(ended.map(({ end }) => end), ["exited with 3", "was ended by SIGKILL", "exited with 0"]);
  assertEquals([ended[0].printed, ended[0].path], ["dying words", "/"]);
  const [{ started, running, usage }] = gateway.proxy.status.routes;
  assertEquals([started, running], [4, 1]);
  assert(usage.user + usage.system > 0 && usage.maxRss > 0, "what they used is counted when they end");
});

claim("a worker killed from outside fails its own request, and no other", async () => {
  await using gateway = await serving({ "POST /": workers(PYTHON, { workers: 2 }) });
  await idle(gateway, 2);
  const first = gateway.ask("/", post("wait go"));
  const one = await said(gateway, "waiting");
  const second = gateway.ask("/", post("wait go"));
  const other = await said(gateway, "waiting");
  Deno.kill(one, "SIGKILL");
  assertEquals((await first).status, 502);
  Deno.writeTextFileSync(gateway.directory.file("go"), "");
  assertEquals([(await second).status, (await second).text], [200, `${other}`]);
  await idle(gateway, 2);
});

claim("a worker that does not answer in time is replaced, and its request gets 504", async () => {
  const log = new GatewayLog();
  await using gateway = await serving({ "POST /": workers(PYTHON, { timeout: 2000 }) });
  const [{ pid }] = await idle(gateway, 1);
  const { status, text } = await gateway.ask("/", post("hang"));
  assertEquals([status, JSON.parse(text).detail], [504, "the program did not answer within 2000 ms"]);
  const [next] = await workersAre(gateway, ([one]) => one?.state === "idle" && one.pid !== pid);
  assertEquals((await gateway.ask("/", post("pid"))).text, `${next.pid}`);
  assertEquals(gateway.proxy.status.routes[0].killed, { timeout: 1 });
  assertEquals(log.of("a worker did not answer in time and is replaced").map(({ worker }) => worker), [pid]);
});

claim(
  "a worker that does not end when it is told is killed after its grace, with all that it has started",
  async () => {
    await using gateway = await serving({
      "POST /": workers(
        ["sh", "-c", "trap '' TERM; sleep 1000 & echo $! > child.new; mv child.new child; exec python3 $0", PYTHON[1]],
        { timeout: 200, grace: 1500 },
      ),
    });
    const [{ pid }] = await idle(gateway, 1);
    const child = await said(gateway, "child");
    assertEquals((await gateway.ask("/", post("hang on"))).status, 504);
    assertEquals(gateway.proxy.status.workers.map(({ state }) => state), ["stopping"]);
    await workersAre(gateway, ([one]) => one?.state === "idle" && one.pid !== pid);
    assert(!isAlive(pid) && !isAlive(child));
  },
);

claim("a worker that asks on without an answer has its time for it nevertheless", async () => {
  await using gateway = await serving({ "POST /": workers(PYTHON, { timeout: 3000 }) });
  const [{ pid }] = await idle(gateway, 1);
  const forgotten = gateway.ask("/", post("forget"));
  await until(() => gateway.proxy.status.workers[0].state === "busy", "nobody takes it");
  assertEquals((await gateway.ask("/", post("pid"))).text, `${pid}`, "it goes on");
  assertEquals((await forgotten).status, 504);
  await workersAre(gateway, ([one]) => one?.state === "idle" && one.pid !== pid);
});

claim("a second answer to a request is refused, and changes nothing", async () => {
  await using gateway = await serving({ "POST /": workers(PYTHON) });
  assertEquals((await gateway.ask("/", post("twice"))).text, "twice");
  assertEquals(await said(gateway, "second"), 409);
  assertEquals((await gateway.ask("/", post("echo"))).text, "echo");
});

claim("a client that goes away does not end a worker, whose answer finds nobody", async () => {
  await using gateway = await serving({ "POST /": workers(PYTHON), "PUT /": workers(PYTHON, {}, { cancel: false }) });
  const before = await idle(gateway, 2);
  for (const [method, confirmation] of [["POST", 404], ["PUT", 200]] as const) {
    const connection = await gateway.connect();
    const body = `wait ${method}`;
    await connection.send(`${method} / HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    await said(gateway, "waiting");
    connection.close();
    const isGone = () => gateway.proxy.status.recent.some((one) => one.method === method && one.status === 499);
    await until(isGone, "the client is still there");
    Deno.writeTextFileSync(gateway.directory.file(method), "");
    assertEquals(await said(gateway, "confirmed"), confirmation, method);
    await idle(gateway, 2);
    assertEquals((await gateway.ask("/", { method, body: "echo" })).text, "echo");
  }
  assertEquals((await idle(gateway, 2)).map(({ pid }) => pid), before.map(({ pid }) => pid));
});

claim("a worker that does not come back is replaced although its client has gone", async () => {
  await using gateway = await serving({ "POST /": workers(PYTHON, { timeout: 2000 }) });
  const [{ pid }] = await idle(gateway, 1);
  const connection = await gateway.connect();
  await connection.send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nhang");
  await said(gateway, "hanging");
  connection.close();
  await workersAre(gateway, ([one]) => one?.state === "idle" && one.pid !== pid);
  const [{ killed, statuses }] = gateway.proxy.status.routes;
  assertEquals([killed, statuses], [{ timeout: 1 }, { 499: 1 }]);
});

claim("workers that die at once are started again more and more seldom", async () => {
  const log = new GatewayLog();
  await using gateway = await serving({
    "POST /": workers([...PYTHON, "dies"], {}, { limits: { queue_timeout: 100 } }),
  });
  const pauses = () => log.of("a worker has ended").flatMap(({ again_in_ms }) => again_in_ms ?? []);
  await until(() => pauses().length === 4, "it is not started again");
  assertEquals(pauses(), [100, 200, 400, 800]);
  const { status, text, headers } = await gateway.ask("/", post("echo"));
  assertEquals([status, headers.get("retry-after")], [503, "1"]);
  assertEquals(JSON.parse(text).detail, "the request has waited too long for a process");
  const [{ end, printed }] = log.of("a worker has ended");
  assertEquals([end, printed], ["exited with 1", "no reason to live"]);
});

claim("workers that cannot be started are tried again", async () => {
  const log = new GatewayLog();
  await using gateway = await serving({ "POST /": workers(["./late"]) }, {}, { late: "#!/dev/null\n" });
  await until(() => log.of("a worker could not be started").length >= 2, "it is not tried again");
  assertEquals(log.of("a worker could not be started").map(({ again_in_ms }) => again_in_ms).slice(0, 2), [100, 200]);
  Deno.removeSync(gateway.directory.file("late"));
  Deno.symlinkSync("/bin/true", gateway.directory.file("late"));
  await until(() => gateway.proxy.status.routes[0].started > 0, "it is not started although it could be");
});

claim("a worker that never asks gets nothing, and its requests do not wait for ever", async () => {
  await using gateway = await serving({ "POST /": workers(PLAYED, {}, { limits: { queue_timeout: 100 } }) });
  assertEquals((await gateway.ask("/", post("echo"))).status, 503);
  assertEquals(gateway.proxy.status.workers.map(({ state }) => state), ["starting"]);
});

claim("requests for which there is no worker wait in the queue of their route", async () => {
  await using gateway = await serving({
    "POST /": workers(PLAYED, {}, { limits: { queue: 1 } }),
    "GET /": { answer: "stdout", inject: { cmd: ["echo", "fine"], timeout: 20_000 } },
  }, { limits: { concurrency: 1 } });
  const waiting = gateway.ask("/", post("echo"));
  await until(() => gateway.proxy.status.routes[0].waiting === 1, "it does not wait");
  assertEquals((await gateway.ask("/", post("echo"))).status, 429);
  assertEquals((await gateway.ask("/")).text, "fine\n", "they do not keep others from running");
  await gateway.proxy.stop();
  assertEquals((await waiting).status, 503);
});

claim("workers end when the gateway stops: what they have taken, within the grace", async () => {
  const gateway = await serving({ "POST /": workers(PYTHON, { workers: 2 }) }, { grace: 30_000 });
  try {
    const all = await idle(gateway, 2);
    const running = gateway.ask("/", post("wait go"));
    await said(gateway, "waiting");
    const stopped = gateway.proxy.stop();
    Deno.writeTextFileSync(gateway.directory.file("go"), "");
    assertEquals((await running).status, 200);
    await stopped;
    assert(all.every(({ pid }) => !isAlive(pid)));
    assertEquals(gateway.proxy.status.workers, []);
  } finally {
    await gateway[Symbol.asyncDispose]();
  }
});

claim("a request that a worker has when the grace is over gets 503", async () => {
  const gateway = await serving({ "POST /": workers(PYTHON, { grace: 100 }) }, { grace: 0 });
  try {
    const running = gateway.ask("/", post("hang on"));
    const pid = await said(gateway, "hanging");
    await gateway.proxy.stop();
    assertEquals((await running).status, 503);
    assert(!isAlive(pid));
  } finally {
    await gateway[Symbol.asyncDispose]();
  }
});
