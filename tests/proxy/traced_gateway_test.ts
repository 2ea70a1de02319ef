import { assert, assertEquals } from "@std/assert";
import { claim, OwnDirectory } from "../claim.ts";
import { type Process, runProgram, startIpcx, until } from "../cli/program.ts";
import { Collector, type Span } from "./collector.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const CALLER = "b7ad6b7169203331";

const REPLY = 'curl -s --unix-socket "$REPLY_SOCKET" "$REPLY_URL" --data-binary "$TRACEPARENT"';
const ROUTES = {
  "/printed/{id}": { get: { answer: "stdout", inject: { cmd: ["sh", "-c", 'echo "$TRACEPARENT"'], timeout: 20_000 } } },
  "/replied": { post: { inject: { cmd: ["sh", "-c", REPLY], timeout: 20_000 } } },
  "/failing": { get: { answer: "stdout", inject: { cmd: ["sh", "-c", "exit 3"], timeout: 20_000 } } },
  "/slow": { get: { answer: "stdout", inject: { cmd: ["sleep", "60"], timeout: 60_000 } } },
};

/** A gateway in a process of its own that sends its spans to a collector. */
class TracedGateway implements AsyncDisposable {
  readonly #directory: OwnDirectory;
  readonly #process: Process;
  /** Where clients connect. */
  readonly front: string;
  /** Where it is looked after. */
  readonly admin: string | undefined;

  private constructor(directory: OwnDirectory, process: Process) {
    this.#directory = directory;
    this.#process = process;
    [this.front, this.admin] = process.err.match(/https?:\/\/127\.0\.0\.1:\d+/g)!;
  }

  /** Starts one with its own certificate if it is to serve TLS. */
  static async start(env: Record<string, string>, scheme: "http" | "https" = "http"): Promise<TracedGateway> {
    const directory = new OwnDirectory();
    const config = directory.file("service.yaml");
    const more = scheme === "http" ? { admin: { port: 0 } } : { tls: { cert: "one.pem", key: "one.key" } };
    const settings = { servicename: "rockets", port: 0, socketpath: "./reply.sock", grace: 0, ...more };
    Deno.writeTextFileSync(config, JSON.stringify({ ...settings, paths: ROUTES }));
    if (scheme === "https") {
      const files = ["-keyout", directory.file("one.key"), "-out", directory.file("one.pem")];
      await runProgram(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=one", ...files]);
    }
    const process = startIpcx(["proxy", "--config", config], { env });
    try {
      await process.says("serving");
      return new TracedGateway(directory, process);
    } catch (error) {
      await process[Symbol.asyncDispose]();
      directory[Symbol.dispose]();
      throw error;
    }
  }

  /** Ends it, so that all of its spans have arrived. */
  async stop(): Promise<void> {
    assertEquals((await this.#process.stop()).status, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
    this.#directory[Symbol.dispose]();
  }
}

async function textOf(url: string, init?: RequestInit): Promise<string> {
  return await (await fetch(url, init)).text();
}

/** The span of a request, and those below it. */
function familyOf(spans: readonly Span[], path: string): { server: Span; children: Span[] } {
  const servers = spans.filter(({ attributes }) => attributes["url.path"] === path);
  assertEquals(servers.length, 1, path);
  const [server] = servers;
  return { server, children: spans.filter(({ parentSpanId }) => parentSpanId === server.spanId) };
}

claim("each request is one span, its process one below it, and nothing else of the gateway is traced", async () => {
  await using collector = await Collector.start();
  await using gateway = await TracedGateway.start(collector.environment);
  const { front, admin } = gateway;
  const traceparent = `00-${TRACE}-${CALLER}-01`;
  const printed = await textOf(`${front}/printed/7?token=secret`, { headers: { traceparent } });
  const replied = await textOf(`${front}/replied`, { method: "POST", body: "x" });
  await textOf(`${front}/failing`);
  await textOf(`${front}/nowhere`);
  for (const path of ["metrics", "status", "healthz", ""]) await textOf(`${admin}/${path}`);
  await gateway.stop();
  const { spans } = collector;
  assertEquals(spans.length, 6, spans.map(({ name }) => name).join(", "));

  const { server, children: [process] } = familyOf(spans, "/printed/7");
  assertEquals([server.name, server.kind, server.traceId, server.parentSpanId], [
    "GET /printed/{id}",
    2,
    TRACE,
    CALLER,
  ]);
  const { "ipcx.request.id": id, "user_agent.original": agent, ...attributes } = server.attributes;
  assertEquals(attributes, {
    "http.request.method": "GET",
    "http.route": "/printed/{id}",
    "url.path": "/printed/7",
    "url.scheme": "http",
    "client.address": "127.0.0.1",
    "ipcx.servicename": "rockets",
    "ipcx.outcome": "answered",
    "http.response.status_code": 200,
  });
  assert(/^[0-9a-f-]{36}$/.test(`${id}`) && `${agent}`.startsWith("Deno/"));
  assertEquals([process.name, process.kind, process.traceId], ["process sh", 1, TRACE]);
  assertEquals(process.attributes["process.exit.code"], 0);
  assertEquals(printed, `00-${TRACE}-${process.spanId}-01\n`);

  const other = familyOf(spans, "/replied");
  assertEquals([other.server.name, other.server.parentSpanId], ["POST /replied", ""]);
  assertEquals(replied, `00-${other.server.traceId}-${other.children[0].spanId}-01`);

  const failing = familyOf(spans, "/failing");
  assertEquals(failing.server.status, { code: 2, message: "process exited with 3" });
  assertEquals(failing.children.map(({ status }) => status), [{ code: 2, message: "exit status 3" }]);
  assert(!JSON.stringify(spans).includes("secret"));
});

claim("a client that goes away leaves spans that say so", async () => {
  await using collector = await Collector.start();
  await using gateway = await TracedGateway.start(collector.environment);
  const leave = new AbortController();
  const asked = fetch(`${gateway.front}/slow`, { signal: leave.signal }).catch(() => "gone");
  const running = (): Promise<boolean> =>
    fetch(`${gateway.admin}/status`).then((answer) => answer.json()).then(({ routes }) => routes[3].running === 1);
  while (!await running());
  leave.abort();
  assertEquals(await asked, "gone");
  await until(() => collector.spans.length >= 2, "there are no spans");
  await gateway.stop();
  const { server, children } = familyOf(collector.spans, "/slow");
  assertEquals(server.status, { code: 2, message: "client gone" });
  assert(!("http.response.status_code" in server.attributes), "there was no answer");
  assertEquals(children.map(({ status }) => status), [{ code: 2, message: "client gone" }]);
  assertEquals(collector.spans.length, 2);
});

claim("a request by TLS says so", async () => {
  await using collector = await Collector.start();
  await using gateway = await TracedGateway.start(collector.environment, "https");
  const { status, err } = await runProgram(["curl", "-sSk", `${gateway.front}/printed/7`]);
  assertEquals(status, 0, err);
  await gateway.stop();
  assertEquals(familyOf(collector.spans, "/printed/7").server.attributes["url.scheme"], "https");
});
