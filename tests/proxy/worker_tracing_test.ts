import { assert, assertEquals, assertMatch } from "@std/assert";
import { claim, OwnDirectory } from "../claim.ts";
import { startIpcx, until } from "../cli/program.ts";
import { Collector } from "./collector.ts";
import { PYTHON } from "./working.ts";

claim("a worker is told of the span of each request, which ends with its answer", async () => {
  await using collector = await Collector.start();
  using directory = new OwnDirectory();
  const config = directory.file("service.yaml");
  const route = { inject: { mode: "worker", cmd: PYTHON, timeout: 20_000 } };
  Deno.writeTextFileSync(
    config,
    JSON.stringify({ port: 0, socketpath: directory.file("reply.sock"), paths: { "/": { post: route } } }),
  );
  await using gateway = startIpcx(["proxy", "--config", config], { env: collector.environment });
  await gateway.says("serving");
  const [, url] = /(http:\/\/127\.0\.0\.1:\d+)/.exec(gateway.err)!;
  const answer = await fetch(url, { method: "POST", body: "head" });
  const { traceparent } = await answer.json();
  assertMatch(traceparent, /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  await until(() => collector.spans.length >= 2, "there are no spans");
  const server = collector.spans.find(({ kind }) => kind === 2)!;
  const process = collector.spans.find(({ kind }) => kind === 1)!;
  assertEquals([process.name, process.traceId, process.parentSpanId], [
    "process python3",
    server.traceId,
    server.spanId,
  ]);
  assertEquals(traceparent, `00-${process.traceId}-${process.spanId}-01`);
  assertEquals(collector.spans.length, 2);
  const pid = Number(process.attributes["process.pid"]);
  assert(pid > 1);
  await gateway.stop();
});
