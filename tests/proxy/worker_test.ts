import { assert, assertEquals, assertMatch } from "@std/assert";
import { claim } from "../claim.ts";
import { GatewayLog, serving } from "./gateway.ts";
import { DENO, idle, PYTHON, SHELL, workers } from "./working.ts";

const post = (body: BodyInit, headers: HeadersInit = {}): RequestInit => ({ method: "POST", body, headers });

claim("one process takes one request after another", async () => {
  await using gateway = await serving({ "POST /": workers(PYTHON) });
  const [{ pid }] = await idle(gateway, 1);
  for (let count = 0; count < 3; count++) {
    assertEquals((await gateway.ask("/", post("pid"))).text, `${pid}`);
  }
  const [worker] = await idle(gateway, 1);
  assertEquals([worker.pid, worker.requests, worker.method, worker.path], [pid, 3, "POST", "/"]);
  assert(worker.uptime > 0);
  const [{ started, running, requests }] = gateway.proxy.status.routes;
  assertEquals({ started, running, requests }, { started: 1, running: 1, requests: 3 });
  assertEquals(gateway.proxy.status.recent[0].pid, pid);
});

claim("a request waits for a worker that has yet to begin", async () => {
  await using gateway = await serving({ "POST /": workers(PYTHON) });
  const { status, text } = await gateway.ask("/", post("echo"));
  assertEquals([status, text], [200, "echo"]);
});

claim("a worker gets the body as it came, and is told of the rest in header fields", async () => {
  await using gateway = await serving({
    "PUT /pets/{id}/{name}": workers(PYTHON, { timeout: 12_345 }, { outtake: "usocket://answers/{req_id}/here" }),
  });
  const path = "/pets/7/caf%C3%A9%20x";
  const { text } = await gateway.ask(`${path}?a=1&a=2&b=%0A%E2%82%AC&__proto__=x`, {
    method: "PUT",
    body: "head",
    headers: { "Content-Type": "text/x-own; a=b", "X-Own": 'caf\xe9 "\\\t' },
  });
  const fields = JSON.parse(text);
  const id = gateway.proxy.status.recent[0].id;
  assertEquals(fields["urocket-request-id"], id);
  assertEquals(fields["urocket-method"], "PUT");
  assertEquals(fields["urocket-path"], path);
  assertEquals(fields["urocket-query"], "a=1&a=2&b=%0A%E2%82%AC&__proto__=x");
  assertEquals(fields["urocket-reply-url"], `http://localhost/answers/${id}/here`);
  assertEquals(fields["urocket-deadline-ms"], "12345");
  assertEquals(fields["content-type"], "text/x-own; a=b");
  assertEquals(fields["content-length"], "4");
  assertMatch(fields["urocket-parameters"], /^[\x20-\x7e]+$/);
  const parameters = JSON.parse(fields["urocket-parameters"]);
  assertEquals(parameters.path, { id: "7", name: "café x" });
  assertEquals(Object.entries(parameters.query), [["a", ["1", "2"]], ["b", "\n€"], ["__proto__", "x"]]);
  assertEquals([parameters.header["content-type"], parameters.header["x-own"]], ["text/x-own; a=b", 'caf\xe9 "\\']);
});

claim("the path and the query reach a worker as they were sent", async () => {
  await using gateway = await serving({ "POST /{x}": workers(PYTHON) });
  const answer = await gateway.raw(
    'POST /a|b%2f"?c=[%ff]{`} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nConnection: close\r\n\r\nhead',
  );
  const fields = JSON.parse(answer.slice(answer.indexOf("\r\n\r\n")));
  assertEquals([fields["urocket-path"], fields["urocket-query"]], ['/a|b%2f"', "c=[%ff]{`}"]);
});

claim("a worker written in sh with curl asks and answers", async () => {
  await using gateway = await serving({ "POST /": workers(SHELL) });
  const [{ pid }] = await idle(gateway, 1);
  for (const body of ["one", "", "t\nwo"]) {
    assertEquals((await gateway.ask("/", post(body))).text, `${pid} says ${body}`);
  }
});

claim("a worker that asks at two connections works at two requests at once", async () => {
  await using gateway = await serving({ "POST /": workers(DENO) });
  const answers = await Promise.all(["a", "b", "c", "d"].map((body) => gateway.ask("/", post(body))));
  assertEquals(answers.map(({ status, text }) => `${status} ${text}`), ["201 A", "201 B", "201 C", "201 D"]);
  const [{ pid, requests }] = await idle(gateway, 1);
  assertEquals([answers[0].headers.get("x-worker"), requests], [`${pid}`, 4]);
});

claim("bodies of any bytes and sizes reach workers and come back", async () => {
  await using gateway = await serving({ "POST /": workers(PYTHON, { workers: 2 }) });
  const bodies = [
    new Uint8Array(),
    Uint8Array.from({ length: 256 }, (_, at) => at),
    new Uint8Array(1_000_000).fill(200),
  ];
  for (const body of bodies) {
    const response = await gateway.fetch("/", post(body));
    assertEquals(await response.bytes(), body);
  }
});

claim("a body is made into what the route expects, or refused", async () => {
  await using gateway = await serving({ "POST /": workers(PYTHON, { encoding: "json" }) });
  const form = await gateway.ask("/", post("a=1&b=2", { "Content-Type": "application/x-www-form-urlencoded" }));
  assertEquals(form.text, '{"a":"1","b":"2"}');
  assertEquals((await gateway.ask("/", post("{no"))).status, 400);
  await idle(gateway, 1);
});

claim("2000 requests over 4 workers are each answered once, with their own answer", async () => {
  await using gateway = await serving({ "POST /": workers(PYTHON, { workers: 4 }) }, { access_log: true });
  const log = new GatewayLog();
  const texts = Array.from({ length: 2000 }, (_, at) => `request ${at} ${crypto.randomUUID()}`);
  const waiting = [...texts];
  const got: string[] = [];
  await Promise.all(Array.from({ length: 32 }, async () => {
    for (let text = waiting.pop(); text !== undefined; text = waiting.pop()) {
      const { status, text: answer } = await gateway.ask("/", post(text));
      assertEquals([status, answer], [200, text]);
      got.push(answer);
    }
  }));
  assertEquals(got.sort(), texts.sort());
  const all = await idle(gateway, 4);
  assertEquals(all.reduce((sum, { requests }) => sum + requests, 0), 2000);
  assert(all.every(({ requests }) => requests > 100), "they share the work");
  assertEquals(log.of("request").length, 2000);
  assertEquals(gateway.proxy.status.routes[0].started, 4);
});

claim("what workers print is drained whatever it is, and logged if the route says so", async () => {
  const log = new GatewayLog();
  await using gateway = await serving({
    "POST /": workers([...PYTHON, "noisy"]),
    "POST /logged": workers(PYTHON, {}, { logstdout: true }),
  });
  assertEquals((await gateway.ask("/", post("print 1"))).text, "printed");
  const lines = () => log.records.filter(({ msg }) => /^line \d+$/.test(msg));
  assertEquals(lines(), [], "this route logs nothing");
  for (let round = 1; round <= 2; round++) {
    assertEquals((await gateway.ask("/logged", post("print 1100"))).text, "printed");
    await idle(gateway, 2);
    assertEquals(lines().length, round * 1000, "so many lines are logged for each request");
  }
  const { pid } = gateway.proxy.status.workers.find(({ path }) => path === "/logged")!;
  assertEquals(lines()[0].args[0], { method: "POST", path: "/logged", worker: pid, stream: "stdout" });
  assertEquals(log.of("lines left out").map(({ lines }) => lines), [100]);
});

claim("the environment of a worker says where to ask, and nothing of the gateway's own", async () => {
  await using gateway = await serving({
    "POST /": workers(["sh", "-c", "env > all.new; mv all.new all; exec python3 $0", PYTHON[1]], {
      env: { OWN: "value" },
    }),
  });
  const [{ pid }] = await idle(gateway, 1);
  const lines = Deno.readTextFileSync(gateway.directory.file("all")).trim().split("\n");
  const names = new Map(lines.map((line) => line.split(/=(.*)/).slice(0, 2) as [string, string]));
  assertEquals([names.get("OWN"), names.get("REPLY_SOCKET")], ["value", gateway.socket]);
  assertMatch(names.get("NEXT_URL")!, /^http:\/\/localhost\/next\/[0-9a-f-]{36}$/);
  for (const name of ["REQUEST_ID", "REPLY_URL", "URIPATH", "PAYLOAD", "DENO_DIR"]) assert(!names.has(name), name);
  assert(pid > 0);
});

claim("a request is refused whose header fields no worker would take", async () => {
  await using gateway = await serving({ "POST /": workers(PYTHON) });
  await idle(gateway, 1);
  const answer = await gateway.raw(
    `POST / HTTP/1.1\r\nHost: localhost\r\nX: ${
      "\xe9".repeat(12_000)
    }\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
  );
  assertMatch(answer, /^HTTP\/1.1 431 /);
  assertEquals((await gateway.ask("/", post("echo"))).text, "echo", "the worker has not seen it");
});

claim("a job may be a worker's", async () => {
  await using gateway = await serving({ "POST /": workers(PYTHON, {}, { async: true }) });
  const at = (await gateway.ask("/", post("wait go"))).headers.get("location")!;
  assertEquals((await gateway.ask(at)).status, 202);
  Deno.writeTextFileSync(gateway.directory.file("go"), "");
  const [{ pid }] = await idle(gateway, 1);
  assertEquals((await gateway.ask(at)).text, `${pid}`);
});
