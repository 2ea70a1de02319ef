import { assert, assertEquals } from "@std/assert";
import { claim } from "../claim.ts";
import { until } from "../cli/program.ts";
import { type Routes, type Serving, serving } from "./gateway.ts";

/** An answer with the figures of its process is never begun before that has ended, so it has a length. */
const WHOLE = { answer: "stdout", stats: true };

const ROUTES: Routes = {
  "GET /hi": { ...WHOLE, inject: { cmd: ["echo", "hi"] } },
  "POST /echo": { ...WHOLE, limits: { body: 1000 }, inject: { cmd: ["cat"], channel: "stdin" } },
  "GET /long": { answer: "stdout", inject: { cmd: ["sleep", "600"], timeout: 600_000, grace: 0 } },
  "GET /p/{x}/y": { ...WHOLE, inject: { cmd: ["printf", "%s", "{{path.x}}"] } },
  "PUT /query": { ...WHOLE, inject: { cmd: ["printf", "%s", "{{query.a}}"] } },
};

const HOST = "Host: x\r\n";
const CLOSE = "Connection: close\r\n";

/** Sends one request, on which the gateway is to end the connection, and takes its answer apart. */
async function answerTo(gateway: Serving, request: string): Promise<{ status: number; head: string; body: string }> {
  const text = await gateway.raw(request);
  const [head, body = ""] = text.split(/\r\n\r\n(.*)/s, 2);
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1]);
  return { status, head: head.toLowerCase(), body };
}

/** What an answer says is wrong. */
async function problemOf(gateway: Serving, request: string): Promise<[status: number, detail: string]> {
  const { status, head, body } = await answerTo(gateway, request);
  assert(head.includes("content-type: application/problem+json"), `${request.slice(0, 60)}: ${head}`);
  assert(head.includes("connection: close"), head);
  const problem = JSON.parse(body);
  assertEquals(problem.status, status);
  return [status, problem.detail];
}

const countOf = ({ proxy }: Serving, path: string): Record<number, number> =>
  proxy.status.routes.find((route) => route.path === path)!.statuses;

claim("a client of HTTP/1.0 is answered, and its connection ends unless it wants to keep it", async () => {
  await using gateway = await serving(ROUTES);
  const { status, head, body } = await answerTo(gateway, "GET /hi HTTP/1.0\r\n\r\n");
  assertEquals([status, body], [200, "hi\n"]);
  assert(head.includes("content-length: 3"), head);
  const both = await gateway.raw("GET /hi HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /hi HTTP/1.0\r\n\r\n");
  assertEquals(both.split("HTTP/1.1 200 OK").length - 1, 2);
});

claim("a connection takes one request after another", async () => {
  await using gateway = await serving(ROUTES);
  using connection = await gateway.connect();
  for (let time = 0; time < 3; time++) {
    await connection.send(`POST /echo HTTP/1.1\r\n${HOST}Content-Length: 2\r\n\r\n${time}\n`);
    assert((await connection.until(`\r\n\r\n${time}\n`)).startsWith("HTTP/1.1 200 OK\r\n"));
  }
  assertEquals(gateway.proxy.status.connections, 1);
});

claim("requests that are sent without waiting are answered in their order, however long each takes", async () => {
  await using gateway = await serving({
    "GET /{time}": { answer: "stdout", inject: { cmd: ["sh", "-c", 'sleep "$0"; echo "slept $0"', "{{path.time}}"] } },
  });
  const ask = (time: string, more = "") => `GET /${time} HTTP/1.1\r\n${HOST}${more}\r\n`;
  const text = await gateway.raw(ask("0.3") + ask("0") + ask("0.1") + ask("0.05", CLOSE));
  assertEquals(Array.from(text.matchAll(/slept (\S+)/g), ([, time]) => time), ["0.3", "0", "0.1", "0.05"]);
});

claim(
  "a client that goes away ends the processes of all that it has asked for, those included whose turn is not yet",
  async () => {
    await using gateway = await serving(ROUTES);
    const connection = await gateway.connect();
    await connection.send(`GET /long HTTP/1.1\r\n${HOST}\r\n`.repeat(3));
    const long = () => gateway.proxy.status.routes.find(({ path }) => path === "/long")!;
    await until(() => long().running === 3, "they do not run");
    connection.close();
    await gateway.isIdle();
    assertEquals([long().cancelled, long().statuses], [3, { 499: 3 }]);
  },
);

claim("a body that is waited for is asked for if it may come", async () => {
  await using gateway = await serving(ROUTES);
  using connection = await gateway.connect();
  await connection.send(`POST /echo HTTP/1.1\r\n${HOST}${CLOSE}Expect: 100-continue\r\nContent-Length: 3\r\n\r\n`);
  assertEquals(await connection.until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  await connection.send("abc");
  assert((await connection.rest()).endsWith("\r\n\r\nabc"));
});

claim("a body that is too large is refused before it is sent", async () => {
  await using gateway = await serving(ROUTES);
  const request = `POST /echo HTTP/1.1\r\n${HOST}Expect: 100-continue\r\nContent-Length: 1001\r\n\r\n`;
  assertEquals(await problemOf(gateway, request), [413, "the body has more than 1000 bytes"]);
  assertEquals(countOf(gateway, "/echo"), { 413: 1 });
});

claim("neither is a body asked for that no route takes", async () => {
  await using gateway = await serving(ROUTES);
  for (const [path, status] of [["/nothing", 404], ["/hi", 405]] as const) {
    const request = `POST ${path} HTTP/1.1\r\n${HOST}Expect: 100-continue\r\nContent-Length: 10\r\n\r\n`;
    assertEquals((await problemOf(gateway, request))[0], status);
  }
});

claim("another expectation is refused with 417", async () => {
  await using gateway = await serving(ROUTES);
  const [status] = await problemOf(gateway, `POST /echo HTTP/1.1\r\n${HOST}Expect: tea\r\nContent-Length: 0\r\n\r\n`);
  assertEquals(status, 417);
});

claim("a body comes in chunks as well, with extensions and a trailer", async () => {
  await using gateway = await serving(ROUTES);
  const head = `POST /echo HTTP/1.1\r\n${HOST}${CLOSE}Transfer-Encoding: chunked\r\n\r\n`;
  const { status, body } = await answerTo(gateway, `${head}3\r\nabc\r\n3;x=y\r\ndef\r\n0\r\nSum: 1\r\n\r\n`);
  assertEquals([status, body], [200, "abcdef"]);
});

claim("a body in chunks is refused as soon as it is too large, and one of exactly the limit is not", async () => {
  await using gateway = await serving(ROUTES);
  const head = `POST /echo HTTP/1.1\r\n${HOST}${CLOSE}Transfer-Encoding: chunked\r\n\r\n`;
  const chunk = (size: number) => `${size.toString(16)}\r\n${"x".repeat(size)}\r\n`;
  assertEquals((await answerTo(gateway, `${head}${chunk(999)}${chunk(1)}0\r\n\r\n`)).body, "x".repeat(1000));
  // The last chunk is never sent.
  assertEquals((await problemOf(gateway, `${head}${chunk(999)}${chunk(2)}`))[0], 413);
  const length = `POST /echo HTTP/1.1\r\n${HOST}${CLOSE}Content-Length: 1000\r\n\r\n${"x".repeat(1000)}`;
  assertEquals((await answerTo(gateway, length)).status, 200);
});

claim("whoever sends a body of 100 MB that is too large still reads why it is refused", async () => {
  await using gateway = await serving(ROUTES);
  const feed = (args: string[]) =>
    new Deno.Command("sh", {
      args: [
        "-c",
        `head -c 100000000 /dev/zero | curl -sS -m 20 -o /dev/null -w '%{http_code}' "$@" -H Expect:`,
        "sh",
        ...args,
      ],
      stdout: "piped",
    }).output();
  const url = `${gateway.proxy.url}/echo`;
  const answers = await Promise.all([["-T", "-", "-X", "POST", url], ["--data-binary", "@-", url]].map(feed));
  assertEquals(answers.map(({ stdout }) => new TextDecoder().decode(stdout)), ["413", "413"]);
});

claim("a target in absolute form names the same path and query", async () => {
  await using gateway = await serving(ROUTES);
  for (const target of ["http://elsewhere:1/hi", "HTTP://elsewhere/hi?a=b", "/hi?", "/hi?a=/nothing"]) {
    assertEquals((await answerTo(gateway, `GET ${target} HTTP/1.1\r\n${HOST}${CLOSE}\r\n`)).body, "hi\n", target);
  }
  const { body } = await answerTo(gateway, `PUT http://x/query?a=1%202 HTTP/1.1\r\n${HOST}${CLOSE}\r\n`);
  assertEquals(body, "1 2");
  assertEquals((await answerTo(gateway, `GET http://x HTTP/1.1\r\n${HOST}${CLOSE}\r\n`)).status, 404);
});

claim("what is no request is answered with 400", async () => {
  await using gateway = await serving(ROUTES);
  const heads = [
    "garbage\r\n\r\n",
    `GET /hi HTTP/3.7\r\n${HOST}\r\n`,
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "\x16\x03\x01\x02\x00\x01\x00",
    `BREW /hi HTTP/1.1\r\n${HOST}\r\n`,
    `GET /hi HTTP/1.1\r\n${HOST}a b: c\r\n\r\n`,
    `GET /hi HTTP/1.1\r\n${HOST}a: \x01\r\n\r\n`,
    `GET /hi HTTP/1.1\r\n${HOST}a: b\r\n c\r\n\r\n`,
    `GET /hi HTTP/1.1\n${HOST}\n\n`,
    `GET /hi HTTP/1.1\r\na: b\rGET /hi HTTP/1.1\r\n${HOST}\r\n`,
    `GET /p/ä/y HTTP/1.1\r\n${HOST}\r\n`,
    `POST /echo HTTP/1.1\r\n${HOST}Content-Length: -3\r\n\r\nabc`,
    `POST /echo HTTP/1.1\r\n${HOST}Content-Length: +3\r\n\r\nabc`,
    `POST /echo HTTP/1.1\r\n${HOST}Content-Length: 0x3\r\n\r\nabc`,
    `POST /echo HTTP/1.1\r\n${HOST}Content-Length: 99999999999999999999\r\n\r\nabc`,
  ];
  for (const head of heads) {
    assertEquals(await problemOf(gateway, head), [400, "that is no request by HTTP/1.1"], head);
  }
});

claim("a request names one host", async () => {
  await using gateway = await serving(ROUTES);
  for (const hosts of ["", "Host: x\r\nHost: x\r\n", "Host: x\r\nhOST: y\r\n"]) {
    const problem = await problemOf(gateway, `GET /hi HTTP/1.1\r\n${hosts}${CLOSE}\r\n`);
    assertEquals(problem, [400, "a request by HTTP/1.1 names one host"]);
  }
});

claim("what two servers could read as two different requests is refused", async () => {
  await using gateway = await serving(ROUTES);
  const hidden = `GET /hi HTTP/1.1\r\n${HOST}\r\n`;
  const bodies: [number, string][] = [
    [400, `Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`],
    [400, `Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n${hidden}`],
    [400, `Content-Length: 3\r\nContent-Length: ${hidden.length}\r\n\r\n${hidden}`],
    [400, `Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc`],
    [400, "Content-Length: 3, 3\r\n\r\nabc"],
    [400, `Content-Length : 3\r\n\r\nabc`],
    [400, `Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n${hidden}`],
    [501, `Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n${hidden}`],
    [501, `Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${hidden}`],
    [501, `Transfer-Encoding: identity\r\n\r\n${hidden}`],
    [400, `Transfer-Encoding: chunked\r\n\r\n3\nabc\n0\n\n${hidden}`],
    [400, `Transfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n${hidden}`],
    [400, `Transfer-Encoding: chunked\r\n\r\n3 \r\nabc\r\n0\r\n\r\n${hidden}`],
  ];
  for (const [status, body] of bodies) {
    const text = await gateway.raw(`POST /echo HTTP/1.1\r\n${HOST}${body}`);
    assertEquals(text.match(/HTTP\/1\.1 \d+/g), [`HTTP/1.1 ${status}`], body);
  }
  const old = `POST /echo HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`;
  assertEquals((await problemOf(gateway, old))[0], 400);
  assertEquals(countOf(gateway, "/hi"), {});
});

claim("a body that turns out to be none is answered with 400, too, and counted as that", async () => {
  await using gateway = await serving(ROUTES);
  const head = `POST /echo HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n`;
  assertEquals((await problemOf(gateway, `${head}3\r\nabc\r\nzz\r\n`))[0], 400);
  assertEquals(countOf(gateway, "/echo"), { 400: 1 });
});

claim(
  "what comes behind a request that is being answered and is no request ends the connection without a word",
  async () => {
    await using gateway = await serving(ROUTES);
    assertEquals(await gateway.raw(`GET /long HTTP/1.1\r\n${HOST}\r\ngarbage\r\n\r\n`), "");
    using connection = await gateway.connect();
    const second = `GET /long HTTP/1.1\r\n${HOST}\r\n`;
    await connection.send(`GET /hi HTTP/1.1\r\n${HOST}\r\n${second}`);
    await connection.until("hi\n");
    // The answer to garbage would be read as that to the second request.
    await connection.send("garbage\r\n\r\n");
    assertEquals(await connection.rest(), "");
    await gateway.isIdle();
  },
);

claim("header fields and targets that are too large are refused with 431", async () => {
  await using gateway = await serving(ROUTES);
  const many = Array.from({ length: 3000 }, (_, at) => `a${at}: 1\r\n`).join("");
  for (const fields of [`a: ${"x".repeat(100_000)}\r\n`, many]) {
    const problem = await problemOf(gateway, `GET /hi HTTP/1.1\r\n${HOST}${fields}\r\n`);
    assertEquals(problem, [431, "the header fields are too large"]);
  }
  const [status] = await problemOf(gateway, `GET /hi?${"x".repeat(100_000)} HTTP/1.1\r\n${HOST}\r\n`);
  assertEquals(status, 431);
});

claim("a head or a body that does not arrive in time is answered with 408", async () => {
  await using gateway = await serving(ROUTES, { limits: { request_timeout: 500 } });
  const slow = [`GET /hi HTTP/1.1\r\nHost:`, `POST /echo HTTP/1.1\r\n${HOST}Content-Length: 10\r\n\r\nabc`];
  const problems = await Promise.all(slow.map((text) => problemOf(gateway, text)));
  assertEquals(problems, Array(2).fill([408, "the request did not arrive in time"]));
  assertEquals(countOf(gateway, "/echo"), { 408: 1 });
});

claim("a body that trickles does not hold up the others", async () => {
  await using gateway = await serving(ROUTES, { limits: { concurrency: 1 } });
  using slow = await gateway.connect();
  await slow.send(`POST /echo HTTP/1.1\r\n${HOST}${CLOSE}Content-Length: 3\r\n\r\na`);
  assertEquals((await gateway.ask("/hi")).text, "hi\n");
  await slow.send("bc");
  assert((await slow.rest()).endsWith("\r\n\r\nabc"));
});

claim("a client that goes away in the middle of its body is counted, and nothing is started", async () => {
  await using gateway = await serving(ROUTES);
  const connection = await gateway.connect();
  await connection.send(`POST /echo HTTP/1.1\r\n${HOST}Content-Length: 10\r\n\r\nabc`);
  connection.close();
  await until(() => countOf(gateway, "/echo")[499] === 1, "it is not counted");
  assertEquals(gateway.proxy.status.routes.map(({ started }) => started), [0, 0, 0, 0, 0]);
});

claim("a client that ends its side has gone: its process ends", async () => {
  await using gateway = await serving(ROUTES);
  using connection = await gateway.connect();
  await connection.send(`GET /long HTTP/1.1\r\n${HOST}\r\n`);
  await until(() => gateway.proxy.status.routes.some(({ running }) => running === 1), "it does not run");
  await connection.conn.closeWrite();
  await gateway.isIdle();
  assertEquals(countOf(gateway, "/long"), { 499: 1 });
});

claim("there are no tunnels, and who offers another protocol is answered in this one", async () => {
  await using gateway = await serving(ROUTES);
  assertEquals((await problemOf(gateway, `CONNECT x:80 HTTP/1.1\r\n${HOST}\r\n`))[0], 501);
  const upgrade =
    `GET /hi HTTP/1.1\r\n${HOST}Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n\r\n`;
  using connection = await gateway.connect();
  await connection.send(upgrade);
  assert((await connection.until("hi\n")).startsWith("HTTP/1.1 200 OK\r\n"));
  await connection.send(`GET /hi HTTP/1.1\r\n${HOST}\r\n`);
  assert((await connection.until("hi\n")).startsWith("HTTP/1.1 200 OK\r\n"));
});

claim("a path is decoded once, part by part", async () => {
  await using gateway = await serving(ROUTES);
  const at = (path: string) => answerTo(gateway, `GET ${path} HTTP/1.1\r\n${HOST}${CLOSE}\r\n`);
  assertEquals((await at("/p/a%2Fb/y")).body, "a/b");
  assertEquals((await at("/p/%2e%2E/y")).body, "..");
  assertEquals((await at("/p/../y")).body, "..");
  assertEquals((await at("/p/%252F/y")).body, "%2F");
  assertEquals((await at("/%68i")).body, "hi\n");
  assertEquals((await at("/p/a%0Ab/y")).body, "a\nb");
  for (const path of ["/p/a/b/y", "//hi", "/hi/", "/HI", "/hi%2F", "/p//y"]) {
    assertEquals((await at(path)).status, 404, path);
  }
  for (const path of ["/p/%/y", "/p/%zz/y", "/p/%ff/y", "/p/%C0%80/y"]) {
    const { status, body } = await at(path);
    assertEquals([status, JSON.parse(body).detail], [400, "the path is not properly percent-encoded"], path);
  }
  assertEquals((await at("/p/a%00b/y")).status, 400);
});

claim("a path that is not there is 404, a verb that it has not is 405 with those that it has", async () => {
  await using gateway = await serving({
    ...ROUTES,
    "PUT /hi": { answer: "stdout", inject: { cmd: ["true"] } },
    "DELETE /p/{x}/{y}": { answer: "stdout", inject: { cmd: ["true"] } },
  });
  const allowed = async (verb: string, path: string) => {
    const { status, head } = await answerTo(gateway, `${verb} ${path} HTTP/1.1\r\n${HOST}${CLOSE}\r\n`);
    return `${status} ${/^allow: (.*)$/m.exec(head)?.[1]}`;
  };
  assertEquals(await allowed("GET", "/nothing"), "404 undefined");
  assertEquals(await allowed("POST", "/hi"), "405 get, head, put");
  assertEquals(await allowed("OPTIONS", "/hi"), "405 get, head, put");
  assertEquals(await allowed("PROPFIND", "/echo"), "405 post");
  assertEquals(await allowed("POST", "/p/1/y"), "405 delete, get, head");
  assertEquals(gateway.proxy.status.unrouted, { 404: 1, 405: 4 });
});

claim("a connection goes on after such an answer, unless there is a body that nobody has asked for", async () => {
  await using gateway = await serving(ROUTES);
  const ask = (line: string, more = "") => `${line} HTTP/1.1\r\n${HOST}${more}\r\n`;
  const statuses = async (...requests: string[]) =>
    Array.from((await gateway.raw(requests.join(""))).matchAll(/HTTP\/1\.1 (\d+)/g), ([, status]) => status);
  const last = ask("GET /hi", CLOSE);
  assertEquals(await statuses(ask("GET /nothing"), ask("DELETE /hi"), last), ["404", "405", "200"]);
  const before = countOf(gateway, "/hi")[200];
  const body = "Content-Length: 3\r\n";
  assertEquals(await statuses(`${ask("POST /nothing", body)}abc`, last), ["404"]);
  assertEquals(await statuses(`${ask("POST /hi", body)}abc`, last), ["405"]);
  assertEquals(countOf(gateway, "/hi")[200], before);
});

claim("HEAD has the head of GET, and no body", async () => {
  await using gateway = await serving(ROUTES);
  const { status, head, body } = await answerTo(gateway, `HEAD /hi HTTP/1.1\r\n${HOST}${CLOSE}\r\n`);
  assertEquals([status, body], [200, ""]);
  assert(head.includes("content-length: 3"), head);
  const missing = await answerTo(gateway, `HEAD /nothing HTTP/1.1\r\n${HOST}${CLOSE}\r\n`);
  assertEquals([missing.status, missing.body], [404, ""]);
});

claim("a client beyond the limit of connections is disconnected, and let in when another has gone", async () => {
  await using gateway = await serving(ROUTES, { limits: { connections: 2 } });
  const two = await Promise.all([gateway.connect(), gateway.connect()]);
  await until(() => gateway.proxy.status.connections === 2, "they are not connected");
  assertEquals(await gateway.raw(`GET /hi HTTP/1.1\r\n${HOST}\r\n`).catch(() => ""), "");
  for (const connection of two) {
    await connection.send(`GET /hi HTTP/1.1\r\n${HOST}${CLOSE}\r\n`);
    assert((await connection.rest()).endsWith("hi\n"));
    connection.close();
  }
  await until(() => gateway.proxy.status.connections === 0, "they are still connected");
  assertEquals((await gateway.ask("/hi")).text, "hi\n");
});
