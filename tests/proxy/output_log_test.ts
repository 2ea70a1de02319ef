import { assert, assertEquals } from "@std/assert";
import { MAX_LOGGED_LINES, OutputLog } from "../../src/proxy/output_log.ts";
import { claim } from "../claim.ts";
import { until } from "../cli/program.ts";
import { GatewayLog, serving } from "./gateway.ts";

const encoder = new TextEncoder();

const starts = (script: string, more: Record<string, unknown> = {}) => ({
  logstdout: true,
  inject: { cmd: ["sh", "-c", script], timeout: 30_000, grace: 100 },
  ...more,
});

const REPLY = 'curl -s --unix-socket "$REPLY_SOCKET" "$REPLY_URL" -d done >/dev/null';

claim("what a process prints is logged by line, with the id of its request and which output it was", async () => {
  const log = new GatewayLog();
  await using own = await serving({
    "GET /": starts(`echo one; printf 'two\\033[31m\\r\\n'; echo err >&2; ${REPLY}; printf 'no end'`),
  });
  assertEquals((await own.ask("/")).text, "done");
  await own.isIdle();
  const [{ id }] = own.proxy.status.recent;
  const lines = log.records.filter(({ args }) => "stream" in ((args[0] ?? {}) as object)).map((
    { msg, args },
  ) => [msg, args[0]]);
  const out = { id, stream: "stdout" };
  assertEquals(lines.filter(([, fields]) => (fields as typeof out).stream === "stdout"), [
    ["one", out],
    ["two\\x1b[31m", out],
    ["no end", out],
  ]);
  assertEquals(lines.filter(([, fields]) => (fields as typeof out).stream === "stderr"), [["err", {
    id,
    stream: "stderr",
  }]]);
});

claim("without logstdout nothing of it is logged, but the last of it is told where a program failed", async () => {
  const log = new GatewayLog();
  await using own = await serving({
    "GET /": starts(`echo secret; echo secret >&2; ${REPLY}`, { logstdout: false }),
    "GET /failed": starts("seq 10000 >&2; printf 'the \\033reason\\n\\n' >&2; exit 3", { logstdout: false }),
    "GET /printed": starts("echo only printed; exit 3", { logstdout: false }),
    "GET /crashed": starts("echo why >&2; kill -KILL $$", { answer: "stdout", logstdout: false }),
  });
  assertEquals((await own.ask("/")).text, "done");
  await own.isIdle();
  assertEquals(log.records.filter(({ msg }) => msg.includes("secret")), []);
  const reasonOf = async (path: string) => {
    const { status, text } = await own.ask(path);
    assertEquals(status, 502);
    assert(!/reason|printed|why/.test(JSON.parse(text).detail));
    return log.of("request").at(-1)!.reason as string;
  };
  const reason = await reasonOf("/failed");
  assert(reason.startsWith("the program exited with 3; it printed: "));
  assert(reason.endsWith(" | 10000 | the \\x1breason"), reason);
  assert(reason.length < 3000, "it is bounded");
  assertEquals(await reasonOf("/printed"), "the program exited with 3; it printed: only printed");
  assertEquals(await reasonOf("/crashed"), "the program was ended by SIGKILL; it printed: why");
});

claim(`of each output ${MAX_LOGGED_LINES} lines are logged, and how many were left out`, async () => {
  const log = new GatewayLog();
  await using own = await serving({ "GET /": starts(`seq 1500; seq 1000 >&2; ${REPLY}`) });
  assertEquals((await own.ask("/")).text, "done");
  await own.isIdle();
  const count = (stream: string) =>
    log.records.filter(({ msg, args }) => /^\d+$/.test(msg) && (args[0] as { stream: string }).stream === stream)
      .length;
  assertEquals([count("stdout"), count("stderr")], [MAX_LOGGED_LINES, MAX_LOGGED_LINES]);
  const [{ id }] = own.proxy.status.recent;
  assertEquals(log.of("lines left out"), [{ id, stream: "stdout", lines: 500 }]);
});

claim("long lines are cut, and much output takes nothing but time", async () => {
  const log = new GatewayLog();
  await using own = await serving({
    "GET /": starts(`head -c 3000000 /dev/zero | tr '\\0' x; echo; head -c 10000000 /dev/zero >&2; ${REPLY}`),
  });
  assertEquals((await own.ask("/")).text, "done");
  await own.isIdle();
  const cut = log.records.filter(({ args }) => (args[0] as { truncated?: boolean })?.truncated);
  assertEquals(cut.length, 2);
  for (const { msg } of cut) assert(msg.length <= 4 * 16_384);
});

claim("each request is logged if that is asked, a failed one in any case", async () => {
  const log = new GatewayLog();
  await using own = await serving({
    "GET /good": { answer: "stdout", inject: { cmd: ["echo", "good"] } },
    "GET /bad": { answer: "stdout", inject: { cmd: ["false"] } },
  }, { access_log: true });
  await own.ask("/good?secret=1");
  await own.ask("/bad");
  await until(() => log.of("request").length === 2, "they are not logged");
  const [good, bad] = log.of("request").map(({ id, ms, pid, ...rest }) => {
    assert(typeof id === "string" && typeof ms === "number" && typeof pid === "number");
    return rest;
  });
  assertEquals(good, { method: "GET", path: "/good", status: 200, outcome: "answered" });
  assertEquals(bad, {
    method: "GET",
    path: "/bad",
    status: 502,
    outcome: "process exited with 1",
    reason: "the program exited with 1",
  });
});

claim("the tail of an output is its end, however it came", () => {
  const log = new OutputLog(false, {});
  assertEquals(log.tail, "");
  log.push(encoder.encode("a\nb\n"));
  assertEquals(log.tail, "a | b");
  for (let i = 0; i < 3000; i++) log.push(encoder.encode("x"));
  assertEquals(log.tail, "x".repeat(2048));
  log.push(encoder.encode(`${"y".repeat(5000)}z`));
  assertEquals(log.tail, `${"y".repeat(2047)}z`);
  log.push(new Uint8Array([0xc3, 0xa9, 0, 10]));
  assert(log.tail.endsWith("zé\\x00"));
});
