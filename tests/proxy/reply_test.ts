import { assert, assertEquals, assertMatch } from "@std/assert";
import { claim } from "../claim.ts";
import { isAlive, until } from "../cli/program.ts";
import { type Connection, type Routes, type Serving, serving } from "./gateway.ts";

/** A program that says who it is and waits: the test answers in its place. */
const WAITS = ["sh", "-c", 'echo "$REQUEST_ID $$" >"$0"; exec sleep 60', "{{header.note}}"];

const waits = (more: Record<string, unknown> = {}) => ({
  inject: { cmd: WAITS, timeout: 30_000, grace: 100 },
  ...more,
});

/** A request whose program waits. */
interface Asked {
  readonly id: string;
  readonly pid: number;
  readonly answer: Promise<Response>;
}

let notes = 0;

async function ask(own: Serving, path: string, init: RequestInit = {}): Promise<Asked> {
  const note = own.directory.file(`note${++notes}`);
  const answer = own.fetch(path, { ...init, headers: { note } });
  let words: string[] = [];
  await until(() => {
    words = Deno.readTextFileSync(note).trim().split(" ");
    return words.length === 2;
  }, "the program does not start");
  return { id: words[0], pid: Number(words[1]), answer };
}

async function served(routes: Routes, settings = {}): Promise<Serving> {
  return await serving(routes, settings);
}

function post(
  path: string,
  body: string | Uint8Array<ArrayBuffer>,
  fields: Record<string, string> = {},
  verb = "POST",
) {
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  const lines = Object.entries({ host: "localhost", "content-length": `${bytes.length}`, ...fields });
  const head = `${verb} ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`;
  return new Uint8Array([...Array.from(head, (unit) => unit.charCodeAt(0)), ...bytes]) as Uint8Array<ArrayBuffer>;
}

/** Reads one answer with a content-length. */
async function answerOn(connection: Connection): Promise<{ status: number; head: string; body: string }> {
  const head = await connection.until("\r\n\r\n");
  const length = Number(/\r\ncontent-length: (\d+)\r\n/i.exec(head)?.[1] ?? 0);
  return { status: Number(head.split(" ")[1]), head, body: await connection.take(length) };
}

async function reply(own: Serving, request: Uint8Array<ArrayBuffer>) {
  using connection = await own.connectToReplies();
  await connection.send(request);
  return await answerOn(connection);
}

claim("an answer is taken at each of its paths, with POST or PUT, once", async () => {
  await using own = await served({ "GET /": waits(), "GET /out": waits({ outtake: "usocket://one/{req_id}/two" }) });
  for (
    const [path, verb, at] of [
      ["/", "POST", (id: string) => `/urhttp/${id}`],
      ["/", "PUT", (id: string) => `/${id}`],
      ["/out", "POST", (id: string) => `/one/${id}/two`],
      ["/out", "POST", (id: string) => `/urhttp/${id}`],
      ["/", "PATCH", (id: string) => `http://localhost/urhttp/${id}?a=b`],
    ] as const
  ) {
    const { id, answer } = await ask(own, path);
    const confirmed = await reply(own, post(at(id), '{"a": 1}', {}, verb));
    assertEquals([confirmed.status, confirmed.body], [200, "ok\n"]);
    const response = await answer;
    assertEquals([response.status, await response.text()], [200, '{"a": 1}']);
    assertEquals(response.headers.get("content-type"), "application/json");
    const second = await reply(own, post(at(id), "late"));
    assertEquals([second.status, JSON.parse(second.body).detail], [409, "the request has been answered"]);
  }
});

claim("status, type and fields of the answer are the program's to set", async () => {
  await using own = await served({ "GET /": waits() });
  const { id, answer } = await ask(own, "/");
  const fields = {
    "Urocket-Status": "201",
    "Urocket-Content-Type": "text/x-own; charset=x",
    "Content-Type": "text/plain",
    "Urocket-Header-Location": "/there",
    "urocket-header-x-bytes": "caf\xc3\xa9\xe9",
    "Urocket-Header-Set-Cookie": "a=1\r\nUrocket-Header-Set-Cookie: b=2",
    "Urocket-Header-Content-Length": "1",
    "Urocket-Header-Transfer-Encoding": "chunked",
    "Urocket-Header-Connection": "close",
    "X-Else": "1",
  };
  assertEquals((await reply(own, post(`/${id}`, "body", fields))).status, 200);
  const response = await answer;
  assertEquals([response.status, await response.text()], [201, "body"]);
  assertEquals(response.headers.get("content-type"), "text/x-own; charset=x");
  assertEquals(response.headers.get("location"), "/there");
  assertEquals(response.headers.getSetCookie(), ["a=1", "b=2"]);
  assertEquals(response.headers.get("content-length"), "4");
  assertEquals(response.headers.get("x-else"), null);
});

claim("the type of an answer is what is said, else that of the route, else what it looks like", async () => {
  await using own = await served({ "GET /": waits(), "GET /typed": waits({ content_type: "text/csv" }) });
  const typeOf = async (path: string, body: string | Uint8Array<ArrayBuffer>, fields = {}) => {
    const { id, answer } = await ask(own, path);
    await reply(own, post(`/${id}`, body, fields));
    const response = await answer;
    await response.bytes();
    return response.headers.get("content-type");
  };
  const curl = { "content-type": "application/x-www-form-urlencoded" };
  assertEquals(await typeOf("/", "[1]"), "application/json");
  assertEquals(await typeOf("/", "[1]", curl), "application/json");
  assertEquals(await typeOf("/", "text", curl), "text/plain; charset=utf-8");
  assertEquals(await typeOf("/", new Uint8Array([255])), "application/octet-stream");
  assertEquals(await typeOf("/", "[1]", { "content-type": "text/html" }), "text/html");
  assertEquals(await typeOf("/typed", "a,b", curl), "text/csv");
  assertEquals(await typeOf("/typed", "a,b", { "content-type": "text/html" }), "text/html");
  assertEquals(await typeOf("/", ""), null);
});

claim("what is no answer is refused, and may be corrected", async () => {
  await using own = await served({ "GET /": waits() });
  const { id, answer } = await ask(own, "/");
  for (const status of ["99", "199", "600", "2000", "OK", "200 OK", "-1", ""]) {
    const { status: got, body } = await reply(own, post(`/${id}`, "x", { "Urocket-Status": status }));
    assertEquals([got, JSON.parse(body).detail], [400, `urocket-status is a number from 200 to 599, not '${status}'`]);
  }
  const twice = await reply(own, post(`/${id}`, "x", { "Urocket-Status": "200\r\nUrocket-Status: 201" }));
  assertEquals(twice.status, 400);
  assertEquals((await reply(own, post(`/${id}`, "x", { "Urocket-Header-": "x" }))).status, 400);
  // A body that does not arrive is no answer.
  using broken = await own.connectToReplies();
  await broken.send(post(`/${id}`, "half", { "content-length": "8" }));
  broken.close();
  assertEquals((await reply(own, post(`/${id}`, "good", { "Urocket-Status": "599" }))).status, 200);
  const response = await answer;
  assertEquals([response.status, await response.text()], [599, "good"]);
});

claim("what fits no request is refused, each for its reason", async () => {
  await using own = await served({ "GET /": waits() });
  const { id, answer } = await ask(own, "/");
  const detailOf = async (request: Uint8Array<ArrayBuffer>) => {
    const { status, body, head } = await reply(own, request);
    assertMatch(head, /content-type: application\/problem\+json/i);
    return `${status} ${JSON.parse(body).detail}`;
  };
  const unknown = crypto.randomUUID();
  assertEquals(await detailOf(post(`/urhttp/${unknown}`, "x")), "404 Does not match any response");
  assertEquals(await detailOf(post(`/${unknown}`, "x")), "404 Does not match any response");
  assertEquals(await detailOf(post("/urhttp/x", "x")), "404 Does not match any response");
  for (const path of ["/", "/urhttp", "/urhttp/", "/else", "/else/where", `/x/${id}`, `/urhttp/${id}/x`, `//${id}`]) {
    assertEquals(await detailOf(post(path, "x")), "404 not handled", path);
  }
  const get = await reply(own, post(`/${id}`, "", {}, "GET"));
  assertEquals([get.status, JSON.parse(get.body).detail], [405, "an answer is sent with POST or PUT"]);
  assertMatch(get.head, /\r\nallow: POST, PUT\r\n/i);
  await reply(own, post(`/${id}`, "x"));
  assertEquals(await (await answer).text(), "x");
});

claim("an answer that is too long ends its request", async () => {
  await using own = await served({ "GET /": waits({ limits: { output: 10 } }) });
  for (const chunked of [false, true]) {
    const { id, pid, answer } = await ask(own, "/");
    const request = chunked
      ? post(`/${id}`, "b\r\n0123456789a\r\n0\r\n\r\n", { "transfer-encoding": "chunked", "content-length": "" })
      : post(`/${id}`, "0123456789a");
    const text = new TextDecoder().decode(request).replace("content-length: \r\n", "");
    const refused = await reply(own, new TextEncoder().encode(text));
    assertEquals([refused.status, JSON.parse(refused.body).detail], [413, "an answer has at most 10 bytes"]);
    const response = await answer;
    assertEquals(response.status, 502);
    assertEquals((await response.json()).detail, "the program's answer has more than 10 bytes");
    await until(() => !isAlive(pid), "the program runs on");
    assertEquals((await reply(own, post(`/${id}`, "x"))).status, 404);
  }
  const { id, answer } = await ask(own, "/");
  assertEquals((await reply(own, post(`/${id}`, "0123456789"))).status, 200);
  assertEquals(await (await answer).text(), "0123456789");
});

claim("several answers come on one connection, in chunks, in one piece, or asked for first", async () => {
  await using own = await served({ "GET /": waits() });
  const asked = [await ask(own, "/"), await ask(own, "/"), await ask(own, "/"), await ask(own, "/")];
  using connection = await own.connectToReplies();
  await connection.send(post(`/${crypto.randomUUID()}`, "a body that nobody reads"));
  assertEquals((await answerOn(connection)).status, 404);
  await connection.send(
    `POST /${asked[0].id} HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n2\r\n!!\r\n0\r\n\r\n`,
  );
  assertEquals((await answerOn(connection)).body, "ok\n");
  await connection.send(
    `POST /${asked[1].id} HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 3\r\n\r\n`,
  );
  assertMatch(await connection.until("\r\n\r\n"), /^HTTP\/1.1 100 /);
  await connection.send("two");
  assertEquals((await answerOn(connection)).body, "ok\n");
  // Two at once, without waiting in between.
  await connection.send(new Uint8Array([...post(`/${asked[2].id}`, "three"), ...post(`/${asked[3].id}`, "four")]));
  assertEquals((await answerOn(connection)).body, "ok\n");
  assertEquals((await answerOn(connection)).body, "ok\n");
  const texts = await Promise.all(asked.map(async ({ answer }) => await (await answer).text()));
  assertEquals(texts, ["one!!", "two", "three", "four"]);
});

claim("who has sent its answer may close that direction, and is confirmed all the same", async () => {
  await using own = await served({ "GET /": waits() });
  const { id, answer } = await ask(own, "/");
  using connection = await own.connectToReplies();
  await connection.send(post(`/${id}`, "body", { connection: "close" }));
  await connection.conn.closeWrite();
  assertMatch(await connection.rest(), /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nok\n$/);
  assertEquals(await (await answer).text(), "body");
});

claim("of two answers at once the first to be complete counts", async () => {
  await using own = await served({ "GET /": waits() });
  const { id, answer } = await ask(own, "/");
  using slow = await own.connectToReplies();
  await slow.send(post(`/${id}`, "slo", { "content-length": "4" }));
  assertEquals((await reply(own, post(`/${id}`, "quick"))).status, 200);
  await slow.send("w");
  assertEquals((await answerOn(slow)).status, 409);
  assertEquals(await (await answer).text(), "quick");
});

claim("an answer that counts is not spoilt by one that is too long, and its process is left alone", async () => {
  await using own = await served({ "GET /": waits({ stats: true, limits: { output: 10 } }) });
  const { id, pid, answer } = await ask(own, "/");
  using slow = await own.connectToReplies();
  await slow.send(`POST /${id} HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n3\r\ntoo\r\n`);
  assertEquals((await reply(own, post(`/${id}`, "quick"))).status, 200);
  await slow.send("b\r\n long by far\r\n");
  assertEquals((await answerOn(slow)).status, 413);
  assertEquals(own.proxy.status.routes[0].killed, {});
  Deno.kill(pid, "SIGTERM");
  const { status, body } = await answer;
  assertEquals([status, await new Response(body).text()], [200, "quick"]);
});

claim("after its time an answer is for an unknown request", async () => {
  await using own = await served({ "GET /": { inject: { cmd: WAITS, timeout: 300, grace: 100 } } });
  const { id, answer } = await ask(own, "/");
  const response = await answer;
  assertEquals([response.status, (await response.json()).detail], [504, "the program did not answer within 300 ms"]);
  assertEquals((await reply(own, post(`/${id}`, "late"))).status, 404);
});

claim("answers may be large, and have any bytes", async () => {
  await using own = await served({ "GET /": waits({ limits: { output: "20 MiB" } }) });
  const { id, answer } = await ask(own, "/");
  const large = crypto.getRandomValues(new Uint8Array(65_536));
  const all = new Uint8Array(10 * 1024 * 1024);
  for (let at = 0; at < all.length; at += large.length) all.set(large, at);
  using connection = await own.connectToReplies();
  await connection.send(`POST /${id} HTTP/1.1\r\nhost: a\r\ncontent-length: ${all.length}\r\n\r\n`);
  await connection.send(all);
  assertEquals((await answerOn(connection)).status, 200);
  const got = await (await answer).bytes();
  assert(got.length === all.length && got.every((byte, at) => byte === all[at]), "other bytes");
});

claim("nonsense at the reply socket disturbs nobody", async () => {
  await using own = await served({ "GET /": waits() });
  const { id, answer } = await ask(own, "/");
  for (
    const text of ["\r\n\r\nnonsense\r\n\r\n", "GET\r\n\r\n", "\x00\x01\x02", `POST /${id} HTTP/9.9\r\n\r\n`, "POST"]
  ) {
    using connection = await own.connectToReplies();
    await connection.send(text);
    await connection.conn.closeWrite().catch(() => {});
    await connection.rest();
  }
  assertEquals((await reply(own, post(`/${id}`, "good"))).status, 200);
  assertEquals(await (await answer).text(), "good");
});
