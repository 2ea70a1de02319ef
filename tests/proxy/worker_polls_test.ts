import { assert, assertEquals } from "@std/assert";
import { claim } from "../claim.ts";
import { until } from "../cli/program.ts";
import { serving } from "./gateway.ts";
import { given, idle, PLAYED, Played, PYTHON, reply, workers, workersAre } from "./working.ts";

const post = (body: BodyInit): RequestInit => ({ method: "POST", body });

claim("requests go to workers in the order of their arrival, and to who has waited longest", async () => {
  await using gateway = await serving({ "POST /": workers(PLAYED, { workers: 2 }) });
  const [one, other] = await Played.find(gateway, 2);
  const answers: Promise<{ text: string }>[] = [];
  for (const body of ["a", "b", "c"]) {
    answers.push(gateway.ask("/", post(body)));
    await until(() => gateway.proxy.status.routes[0].waiting === answers.length, "it does not wait");
  }
  using first = await one.poll();
  using second = await other.poll();
  const requests = [await given(first), await given(second)];
  assertEquals(requests.map(({ body }) => body), ["a", "b"]);
  assertEquals(gateway.proxy.status.routes[0].waiting, 1);
  assertEquals(await reply(second, requests[1], "B"), 200);
  await other.ask(second);
  const third = await given(second);
  assertEquals([third.body, await reply(second, third, "C")], ["c", 200]);
  assertEquals(await reply(first, requests[0], "A"), 200);
  assertEquals(await Promise.all(answers.map(async (answer) => (await answer).text)), ["A", "B", "C"]);
  assertEquals((await workersAre(gateway, () => true)).map(({ requests }) => requests).sort(), [1, 2]);

  await other.ask(second);
  await one.ask(first);
  const last = gateway.ask("/", post("d"));
  assertEquals(await reply(second, await given(second), "D"), 200, "the other has waited longer");
  assertEquals((await last).text, "D");
});

claim("only workers may ask for requests", async () => {
  await using gateway = await serving({ "POST /": workers(PLAYED) });
  await Played.find(gateway, 1);
  for (const path of ["/next", `/next/${crypto.randomUUID()}`]) {
    using connection = await gateway.connectToReplies();
    await connection.send(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    const { status, fields } = await given(connection);
    assertEquals([status, fields.get("content-type")], [403, "application/problem+json"]);
  }
});

claim("a process that a worker has started may ask for it", async () => {
  const script = "export NEXT_URL=http://localhost/next; setsid python3 $0 & wait";
  await using gateway = await serving({ "PUT /": workers(["sh", "-c", script, PYTHON[1]]) });
  assertEquals((await gateway.ask("/", { method: "PUT", body: "echo" })).text, "echo");
});

claim("a worker may ask at several connections, but only for as many requests as its route runs at once", async () => {
  await using gateway = await serving({ "POST /": workers(PLAYED, {}, { limits: { concurrency: 2 } }) });
  const [worker] = await Played.find(gateway, 1);
  using first = await worker.poll();
  using second = await worker.poll();
  using third = await worker.poll();
  assertEquals((await given(third)).status, 429);
  const answers = ["a", "b"].map((body) => gateway.ask("/", post(body)));
  const requests = [await given(first), await given(second)];
  await worker.ask(third);
  assertEquals((await given(third)).status, 429, "what it has taken counts, too");
  assertEquals(await reply(third, requests[0], "x"), 200);
  assertEquals(await reply(third, requests[1], "x"), 200);
  await Promise.all(answers);
  await worker.ask(third);
  const last = gateway.ask("/", post("c"));
  assertEquals(await reply(third, await given(third), "C"), 200);
  assertEquals((await last).text, "C");
});

claim("a worker that has gone away while it waited is given nothing", async () => {
  await using gateway = await serving({ "POST /": workers(PLAYED) });
  const [worker] = await Played.find(gateway, 1);
  const gone = await worker.poll();
  gone.close();
  // The end of a connection is seen in its turn.
  await gateway.rawReply("GET /none HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  const answer = gateway.ask("/", post("hello"));
  using connection = await worker.poll();
  const request = await given(connection);
  assertEquals([request.body, await reply(connection, request, "fine")], ["hello", 200]);
  assertEquals((await answer).text, "fine");
});

claim("a request whose connection breaks before a worker has all of it goes to the next", async () => {
  await using gateway = await serving({ "POST /": workers(PLAYED, { workers: 2 }) });
  const [one, other] = await Played.find(gateway, 2);
  const broken = await one.poll();
  const body = new Uint8Array(1_000_000).fill(65);
  const answer = gateway.ask("/", post(body));
  await broken.until("\r\n\r\n");
  broken.close();
  using connection = await other.poll();
  const request = await given(connection);
  assertEquals([request.body.length, await reply(connection, request, "whole")], [body.length, 200]);
  assertEquals([(await answer).status, (await answer).text], [200, "whole"]);
});

claim("a request whose connection broke waits for a worker as long as it may take, not longer", async () => {
  await using gateway = await serving({ "POST /": workers(PLAYED, { timeout: 1000 }) });
  const [worker] = await Played.find(gateway, 1);
  const broken = await worker.poll();
  const answer = gateway.ask("/", post(new Uint8Array(1_000_000)));
  await broken.until("\r\n\r\n");
  broken.close();
  assertEquals((await answer).status, 504);
  using connection = await worker.poll();
  const next = gateway.ask("/", post("next"));
  const request = await given(connection);
  assertEquals([request.body, await reply(connection, request, "fine")], ["next", 200]);
  await next;
  assertEquals(gateway.proxy.status.workers[0].pid, worker.pid, "no worker had it: none is replaced");
});

claim("an answer that comes when the worker has ended just then is taken", async () => {
  await using gateway = await serving({ "POST /": workers(PLAYED) });
  const [worker] = await Played.find(gateway, 1);
  using connection = await worker.poll();
  const answer = gateway.ask("/", post("hello"));
  const request = await given(connection);
  const replied = reply(connection, request, "last words");
  Deno.kill(worker.pid, "SIGKILL");
  assertEquals([await replied, (await answer).status, (await answer).text], [200, 200, "last words"]);
});

claim("who asks for a worker that is to end is told so", async () => {
  await using gateway = await serving({ "POST /": workers(PLAYED, { timeout: 100, grace: 20_000 }) });
  const [worker] = await Played.find(gateway, 1);
  using waiting = await worker.poll();
  using taking = await worker.poll();
  const answer = gateway.ask("/", post("hello"));
  await given(waiting);
  assertEquals((await answer).status, 504);
  assertEquals((await given(taking)).status, 410);
  await idle(gateway, 0);
});

claim("only what came of its worker may answer a request, if the route says so", async () => {
  await using gateway = await serving({
    "POST /": workers(PLAYED, {}, { reply_from: "descendants" }),
    "PUT /": workers(PYTHON, {}, { reply_from: "descendants" }),
  });
  assertEquals((await gateway.ask("/", { method: "PUT", body: "echo" })).text, "echo");
  const played = await Played.find(gateway, 1);
  using connection = await played[0].poll();
  const answer = gateway.ask("/", post("hello"));
  assertEquals(await reply(connection, await given(connection), "forged"), 403);
  Deno.kill(played[0].pid, "SIGKILL");
  assertEquals((await answer).status, 502);
});

claim("an answer that is too large is refused, and its worker goes on", async () => {
  await using gateway = await serving({ "POST /": workers(PYTHON, {}, { limits: { output: 100 } }) });
  const [{ pid }] = await idle(gateway, 1);
  const { status, text } = await gateway.ask("/", post("x".repeat(101)));
  assertEquals([status, JSON.parse(text).detail], [502, "the program's answer has more than 100 bytes"]);
  assertEquals((await gateway.ask("/", post("pid"))).text, `${pid}`);
});

claim("a worker is told after 30 seconds that there is nothing to do, and asks again", async () => {
  await using gateway = await serving({ "POST /": workers(PLAYED) });
  const [worker] = await Played.find(gateway, 1);
  const before = performance.now();
  using connection = await worker.poll();
  const nothing = await given(connection);
  assertEquals([nothing.status, nothing.body], [204, ""]);
  assert(performance.now() - before > 29_000);
  await worker.ask(connection);
  const answer = gateway.ask("/", post("hello"));
  assertEquals(await reply(connection, await given(connection), "fine"), 200);
  assertEquals((await answer).text, "fine");
});
