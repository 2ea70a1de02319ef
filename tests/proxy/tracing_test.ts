import { assert, assertEquals } from "@std/assert";
import { startTracing } from "../../src/proxy/tracing.ts";
import { claim } from "../claim.ts";
import { Process, until } from "../cli/program.ts";
import { Collector, type Span } from "./collector.ts";

const PROGRAM = new URL("programs/traced.ts", import.meta.url).pathname;
const TRACE = "0af7651916cd43dd8448eb211c80319c";
const CALLER = "b7ad6b7169203331";

/** A traced server, and the spans that it has sent. */
class Traced implements AsyncDisposable {
  readonly #process: Process;
  readonly #port: number;

  private constructor(process: Process, port: number) {
    this.#process = process;
    this.#port = port;
  }

  static async start(env: Record<string, string>): Promise<Traced> {
    const process = new Process([Deno.execPath(), "run", "--quiet", "--allow-all", PROGRAM], { env });
    try {
      await process.says("port ");
    } catch (error) {
      await process[Symbol.asyncDispose]();
      throw error;
    }
    return new Traced(process, Number(/port (\d+)/.exec(process.err)![1]));
  }

  /** Asks for something without spans of the client; `""` if the connection is closed without an answer. */
  async ask(method: string, target: string, fields: readonly string[] = []): Promise<string> {
    using connection = await Deno.connect({ port: this.#port });
    const head = [`${method} ${target} HTTP/1.1`, "Host: localhost", "Connection: close", ...fields];
    await connection.write(new TextEncoder().encode(`${head.join("\r\n")}\r\n\r\n`));
    let text = "";
    const decoder = new TextDecoder();
    const part = new Uint8Array(4096);
    for (;;) {
      const size = await connection.read(part).catch(() => null);
      if (size === null) return text;
      text += decoder.decode(part.subarray(0, size));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }
}

async function spansOf(collector: Collector, count: number): Promise<{ server?: Span; process?: Span; all: Span[] }> {
  await until(() => collector.spans.length >= count, `fewer than ${count} spans`);
  const all = collector.spans.splice(0);
  return { server: all.find(({ kind }) => kind === 2), process: all.find(({ kind }) => kind === 1), all };
}

claim("a request is one span below that of its caller, and its process one below it", async () => {
  await using collector = await Collector.start();
  await using traced = await Traced.start(collector.environment);
  const answer = await traced.ask("POST", "/pets/7?token=secret", [
    `traceparent: 00-${TRACE}-${CALLER}-01`,
    "User-Agent: test",
    "Content-Length: 0",
  ]);
  const { server, process, all } = await spansOf(collector, 2);
  assertEquals(all.length, 2, "the runtime's own span is not sent");
  assertEquals([server!.name, server!.traceId, server!.parentSpanId], ["POST /pets/{id}", TRACE, CALLER]);
  assertEquals(server!.attributes, {
    "http.request.method": "POST",
    "http.route": "/pets/{id}",
    "url.path": "/pets/7",
    "url.scheme": "http",
    "client.address": "203.0.113.9",
    "user_agent.original": "test",
    "ipcx.servicename": "pets",
    "ipcx.request.id": "id-1",
    "ipcx.outcome": "answered",
    "http.response.status_code": 200,
  });
  assertEquals(server!.status.code, 0);
  assert(server!.ms >= 1000, "it begins when it is said to");
  assertEquals([process!.name, process!.traceId, process!.parentSpanId], ["process sh", TRACE, server!.spanId]);
  assert(answer.includes(`00-${TRACE}-${process!.spanId}-01`), "the process is told of its own span");
  const { "process.pid": pid, ...rest } = process!.attributes;
  assert(Number(pid) > 1);
  assertEquals([rest["process.command"], rest["process.exit.code"]], ["/bin/sh", 0]);
  assert(Number(rest["ipcx.process.max_rss_bytes"]) > 0);
  assert(Number(rest["ipcx.process.cpu.user_seconds"]) + Number(rest["ipcx.process.cpu.system_seconds"]) > 0);
});

claim("a process that dies marks both spans as failed, with the signal", async () => {
  await using collector = await Collector.start();
  await using traced = await Traced.start(collector.environment);
  await traced.ask("GET", "/pets/dead");
  const { server, process } = await spansOf(collector, 2);
  assertEquals([server!.parentSpanId, server!.status], ["", { code: 2, message: "process was killed" }]);
  assertEquals([server!.attributes["http.response.status_code"], server!.attributes["error.type"]], [502, "502"]);
  assertEquals(process!.status, { code: 2, message: "SIGKILL" });
  assertEquals([process!.attributes["process.exit.code"], process!.attributes["ipcx.process.signal"]], [
    137,
    "SIGKILL",
  ]);
});

claim(
  "requests without a route, of made-up verbs, with a wrong traceparent, of clients that go: one span each",
  async () => {
    await using collector = await Collector.start();
    await using traced = await Traced.start(collector.environment);
    await traced.ask("PROPFIND", "/nowhere", [`traceparent: 00-${TRACE}-nonsense-01`]);
    const unrouted = await spansOf(collector, 1);
    assertEquals([unrouted.all.length, unrouted.server!.name, unrouted.server!.parentSpanId], [1, "HTTP", ""]);
    assertEquals(unrouted.server!.attributes["http.request.method"], "_OTHER");
    assert(unrouted.server!.traceId !== TRACE && !("http.route" in unrouted.server!.attributes));
    assertEquals(unrouted.server!.status.code, 0, "a client's fault is no error of the server");

    assertEquals(await traced.ask("GET", "/gone"), "");
    const gone = await spansOf(collector, 1);
    assertEquals(gone.server!.status, { code: 2, message: "client gone" });
    assert(!("http.response.status_code" in gone.server!.attributes));
    assertEquals(gone.all.length, 1);
  },
);

claim("without a collector nothing is loaded and nothing traced", async () => {
  assertEquals(await startTracing("pets"), undefined);
  await using traced = await Traced.start({});
  assert((await traced.ask("GET", "/pets/7")).includes("not traced"));
});
