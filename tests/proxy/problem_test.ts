import { assertEquals, assertMatch } from "@std/assert";
import { problemAnswer, violationProblem } from "../../src/proxy/problem.ts";
import { claim } from "../claim.ts";
import { until } from "../cli/program.ts";
import { type Serving, serving } from "./gateway.ts";

const decoder = new TextDecoder();
const UUID = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}";

claim("a problem has its type, title, status and detail; its id and faults if there are any", () => {
  const { status, headers, body } = problemAnswer({ status: 404, detail: "nothing", headers: [["x", "y"]] });
  assertEquals([status, headers], [404, [["content-type", "application/problem+json"], ["x", "y"]]]);
  assertEquals(decoder.decode(body), '{"type":"about:blank","title":"Not Found","status":404,"detail":"nothing"}\n');
  const errors = [{ where: "query.a", message: "is missing" }];
  const problem = violationProblem({ status: 422, detail: "wrong", errors });
  assertEquals(JSON.parse(decoder.decode(problemAnswer({ ...problem, reason: "secret" }, "the-id").body)), {
    type: "about:blank",
    title: "Unprocessable Content",
    status: 422,
    detail: "wrong",
    instance: "urn:uuid:the-id",
    errors,
  });
  assertEquals(JSON.parse(decoder.decode(problemAnswer({ status: 418, detail: "" }).body)).title, "Error");
});

/** The body of a problem, whose instance is checked and taken away, with the fields of the answer that matter. */
async function problemOf(own: Serving, path: string, init: RequestInit = {}): Promise<unknown[]> {
  const { status, headers, text } = await own.ask(path, init);
  const { instance, ...body } = JSON.parse(text);
  assertEquals([headers.get("content-type"), body.status, body.type], [
    "application/problem+json",
    status,
    "about:blank",
  ]);
  const [id] = new RegExp(`^urn:uuid:${UUID}$`).exec(instance ?? "") ?? ["none"];
  const extra = ["allow", "retry-after"].flatMap((name) => headers.has(name) ? [`${name}: ${headers.get(name)}`] : []);
  return [status, body.title, body.detail, id === "none" ? "no id" : "id", ...Object.keys(body).slice(4), ...extra];
}

const route = (script: string, more: Record<string, unknown> = {}) => ({
  answer: "stdout",
  inject: { cmd: ["sh", "-c", script], timeout: 30_000, grace: 100 },
  ...more,
});

claim("each refusal has its own status, title and detail", async () => {
  await using own = await serving({
    "GET /a/{x}": route(":"),
    "POST /a/{x}": route(":", { limits: { body: 3 } }),
    "POST /json": { answer: "stdout", inject: { cmd: ["true"], channel: "stdin", encoding: "json" } },
    "GET /fails": route("exit 1"),
    "GET /slow": { answer: "stdout", inject: { cmd: ["sleep", "60"], timeout: 50, grace: 50 } },
  });
  assertEquals(await problemOf(own, "/none"), [404, "Not Found", "there is nothing at this path", "no id"]);
  assertEquals(await problemOf(own, "/a/b", { method: "DELETE" }), [
    405,
    "Method Not Allowed",
    "this path has GET, HEAD, POST only",
    "no id",
    "allow: GET, HEAD, POST",
  ]);
  assertEquals(await problemOf(own, "/a/%ff"), [
    400,
    "Bad Request",
    "the path is not properly percent-encoded",
    "no id",
  ]);
  assertEquals(await problemOf(own, "/a/b", { method: "POST", body: "body" }), [
    413,
    "Content Too Large",
    "the body has more than 3 bytes",
    "id",
  ]);
  assertEquals(await problemOf(own, "/json", { method: "POST", body: "{" }), [
    400,
    "Bad Request",
    "the body is no JSON",
    "id",
  ]);
  assertEquals(await problemOf(own, "/fails"), [502, "Bad Gateway", "the program exited with 1", "id"]);
  assertEquals(await problemOf(own, "/slow"), [
    504,
    "Gateway Timeout",
    "the program did not answer within 50 ms",
    "id",
  ]);
});

claim("at each limit clients are told when to come again", async () => {
  const waits = route("exec sleep 60", { limits: { concurrency: 1, queue: 0 } });
  await using own = await serving({
    "GET /full": waits,
    "GET /other": route("exec sleep 60"),
    "GET /more": route(":", { limits: { queue_timeout: 50 } }),
  }, { limits: { concurrency: 2, queue: 1 } });
  const clients = new AbortController();
  const begin = (path: string) => own.fetch(path, { signal: clients.signal }).catch(() => {});
  const running = () => own.proxy.status.routes.reduce((sum, one) => sum + one.running, 0);
  const full = begin("/full");
  await until(() => running() === 1, "it does not run");
  assertEquals(await problemOf(own, "/full"), [
    429,
    "Too Many Requests",
    "too many requests for this path wait already",
    "id",
    "retry-after: 1",
  ]);
  const other = begin("/other");
  await until(() => running() === 2, "it does not run");
  assertEquals(await problemOf(own, "/more"), [
    503,
    "Service Unavailable",
    "the request has waited too long for a process",
    "id",
    "retry-after: 1",
  ]);
  const waiting = begin("/other");
  await until(() => own.proxy.status.routes.some((one) => one.waiting === 1), "it does not wait");
  assertEquals(await problemOf(own, "/more"), [
    503,
    "Service Unavailable",
    "too many requests wait already",
    "id",
    "retry-after: 1",
  ]);
  clients.abort();
  await Promise.all([full, other, waiting]);
  await own.isIdle();
});

claim("the id of a problem is that of its request in the log and in the history", async () => {
  await using own = await serving({ "GET /": route("exit 1") });
  const { text } = await own.ask("/");
  assertEquals(JSON.parse(text).instance, `urn:uuid:${own.proxy.status.recent[0].id}`);
  assertMatch(own.proxy.status.recent[0].id, new RegExp(`^${UUID}$`));
});
