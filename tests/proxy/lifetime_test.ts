import { assert, assertEquals, assertMatch } from "@std/assert";
import { claim } from "../claim.ts";
import { isAlive, until } from "../cli/program.ts";
import { type Serving, serving } from "./gateway.ts";

const route = (script: string, inject: Record<string, unknown> = {}, more: Record<string, unknown> = {}) => ({
  inject: { cmd: ["sh", "-c", script], env: ["NOTE={{header.note}}"], timeout: 30_000, grace: 100, ...inject },
  ...more,
});

/** A file to which programs write what they have to say, a line each. */
function lines(path: string): string[] {
  try {
    return Deno.readTextFileSync(path).trim().split("\n").filter(Boolean);
  } catch {
    return [];
  }
}

async function timedOut(own: Serving, path: string, note: string): Promise<void> {
  const { status, text } = await own.ask(path, { headers: { note } });
  assertEquals([status, JSON.parse(text).title], [504, "Gateway Timeout"]);
}

claim("a program that takes too long is told to end, and may tidy up", async () => {
  const script = 'trap "echo tidied >>$NOTE; exit" TERM; echo $$ >>$NOTE; while :; do sleep 0.05; done';
  await using own = await serving({ "GET /": route(script, { timeout: 300, grace: 20_000 }) });
  const note = own.directory.file("note");
  await timedOut(own, "/", note);
  await until(() => lines(note).includes("tidied"), "it was not told");
  await own.isIdle();
  assert(!isAlive(Number(lines(note)[0])));
  assertEquals(own.proxy.status.routes[0].killed, { timeout: 1 });
});

claim("a tree that ignores SIGTERM is killed after the grace, all of it", async () => {
  const child = 'trap "" TERM; echo $$ >>$NOTE; while :; do sleep 0.05; done';
  const script = `trap "" TERM; sh -c '${child}' & sh -c '${child}' & ${child}`;
  await using own = await serving({
    "GET /socket": route(script, { timeout: 2000, grace: 200 }),
    "GET /stdout": route(script, { timeout: 2000, grace: 200 }, { answer: "stdout" }),
  });
  for (const path of ["/socket", "/stdout"]) {
    const note = own.directory.file(`note-${path.slice(1)}`);
    await timedOut(own, path, note);
    await until(() => lines(note).length === 3, "not all have started");
    await own.isIdle();
    await until(() => !lines(note).some((pid) => isAlive(Number(pid))), "somebody lives on");
  }
});

claim("who is left behind by a program that answered in time is ended when the time is over", async () => {
  const script = "sleep 60 <&- >/dev/null 2>&1 & echo $! >>$NOTE; echo done";
  await using own = await serving({ "GET /": route(script, { timeout: 2000 }, { answer: "stdout" }) });
  const note = own.directory.file("note");
  assertEquals((await own.ask("/", { headers: { note } })).text, "done\n");
  const [pid] = lines(note).map(Number);
  assert(isAlive(pid), "its time was not over");
  await until(() => !isAlive(pid), "it lives on");
});

/** Asks, goes away when the program runs, and returns its process id. */
async function askAndGo(own: Serving, path: string): Promise<number> {
  const note = own.directory.file(`note${path.slice(1)}`);
  const connection = await own.connect();
  await connection.send(`GET ${path} HTTP/1.1\r\nhost: a\r\nnote: ${note}\r\n\r\n`);
  await until(() => lines(note).length > 0, "the program does not start");
  connection.close();
  return Number(lines(note)[0]);
}

claim("a client that goes away ends its program, unless cancel is false", async () => {
  const waits = "echo $$ >>$NOTE; exec sleep 60";
  const goesOn =
    "echo $$ >>$NOTE; sleep 0.5; curl -s --unix-socket $REPLY_SOCKET $REPLY_URL -d x >>$NOTE; echo end >>$NOTE";
  await using own = await serving({
    "GET /socket": route(waits),
    "GET /stdout": route(waits, {}, { answer: "stdout" }),
    "GET /flowing": route("echo $$ >>$NOTE; while :; do echo x; done", {}, { answer: "stdout" }),
    "GET /kept": route(goesOn, {}, { cancel: false }),
    "GET /silent": route("echo $$ >>$NOTE; sleep 0.3; echo $REQUEST_ID >>$NOTE", {}, { cancel: false }),
  });
  const figures = (path: string) => own.proxy.status.routes.find((one) => one.path === path)!;
  for (const path of ["/socket", "/stdout", "/flowing"]) {
    const pid = await askAndGo(own, path);
    await until(() => !isAlive(pid), `${path} lives on`);
    await own.isIdle();
    assertEquals([figures(path).cancelled, figures(path).killed], [1, { "client gone": 1 }]);
  }
  for (const path of ["/kept", "/silent"]) {
    await askAndGo(own, path);
    await own.isIdle();
    assertEquals([figures(path).cancelled, figures(path).killed], [1, {}]);
  }
  assertEquals(lines(own.directory.file("notekept")).slice(1), ["ok", "end"]);
  // Nobody waits for its answer any more.
  const [, id] = lines(own.directory.file("notesilent"));
  const late = await own.rawReply(`POST /${id} HTTP/1.0\r\ncontent-length: 1\r\n\r\nx`);
  assertMatch(late, /^HTTP\/1\.1 404 /);
});

claim("a request that waits for others and whose client goes away starts no program", async () => {
  const waits = "echo $$ >>$NOTE; exec sleep 60";
  await using own = await serving({ "GET /": route(waits) }, { limits: { concurrency: 1 } });
  const [first, second] = [own.directory.file("first"), own.directory.file("second")];
  using running = await own.connect();
  await running.send(`GET / HTTP/1.1\r\nhost: a\r\nnote: ${first}\r\n\r\n`);
  await until(() => lines(first).length > 0, "the program does not start");
  const waiting = await own.connect();
  await waiting.send(`GET / HTTP/1.1\r\nhost: a\r\nnote: ${second}\r\n\r\n`);
  await until(() => own.proxy.status.routes[0].waiting === 1, "it does not wait");
  waiting.close();
  await until(() => own.proxy.status.routes[0].waiting === 0, "it still waits");
  running.close();
  await own.isIdle();
  assertEquals(lines(second), []);
  assertEquals(own.proxy.status.routes[0].started, 1);
});

claim("what a process has used is told with the answer, and counted", async () => {
  const busy = "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done";
  const reply = "curl -s --unix-socket $REPLY_SOCKET $REPLY_URL -d done";
  await using own = await serving({
    "GET /stdout": route(`${busy}; echo done`, {}, { answer: "stdout", stats: true }),
    "GET /socket": route(`${reply}; ${busy}`, {}, { stats: true }),
    "GET /without": route("echo done", {}, { answer: "stdout" }),
  });
  for (const path of ["/stdout", "/socket"]) {
    const { text, headers } = await own.ask(path);
    assertEquals(text.trim(), "done");
    const stats = headers.get("urocket-stats")!;
    assertMatch(stats, /^user=[\d.e-]+, system=[\d.e-]+, maxrss=\d+$/);
    const [user, system, memory] = stats.match(/[\d.]+/g)!.map(Number);
    assert(user + system > 0.01, "a loop takes its time");
    assert(memory > 100_000 && memory < 1e9, `${memory} bytes`);
    await own.isIdle();
    const { usage } = own.proxy.status.routes.find((one) => one.path === path)!;
    assert(usage.user + usage.system > 0.01);
    assert(usage.maxRss > 100_000);
  }
  assertEquals((await own.ask("/without")).headers.get("urocket-stats"), null);
});

claim("an answer whose usage is not known in time is given without it", async () => {
  const script = "curl -s --unix-socket $REPLY_SOCKET $REPLY_URL -d done; sleep 60";
  await using own = await serving({ "GET /": route(script, { timeout: 1000 }, { stats: true }) });
  const { status, text, headers } = await own.ask("/");
  assertEquals([status, text, headers.get("urocket-stats")], [200, "done", null]);
});
