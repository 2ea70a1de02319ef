import { assert, assertEquals, assertMatch } from "@std/assert";
import { claim } from "../claim.ts";
import { isAlive, until } from "../cli/program.ts";
import { serving } from "./gateway.ts";

/** A route whose program is a shell script that prints the answer. */
const prints = (script: string, more: Record<string, unknown> = {}, inject: Record<string, unknown> = {}) => ({
  answer: "stdout",
  inject: { cmd: ["sh", "-c", script], timeout: 30_000, grace: 100, ...inject },
  ...more,
});

function problem(text: string): string {
  return JSON.parse(text).detail;
}

claim("what is printed is the answer, with its length and the type of its route", async () => {
  await using own = await serving({
    "GET /": prints("printf 'a\\nb'"),
    "GET /typed": prints("printf '{}'", { content_type: "application/json" }),
    "GET /nothing": prints(":"),
    "GET /binary": prints("printf '\\377\\000\\001'"),
  });
  const { status, headers, text } = await own.ask("/");
  assertEquals([status, text], [200, "a\nb"]);
  assertEquals(headers.get("content-type"), "text/plain; charset=utf-8");
  assertEquals(headers.get("content-length"), "3");
  assertEquals((await own.ask("/typed")).headers.get("content-type"), "application/json");
  const nothing = await own.ask("/nothing");
  assertEquals([nothing.status, nothing.headers.get("content-length"), nothing.text], [200, "0", ""]);
  assertEquals(await (await own.fetch("/binary")).bytes(), new Uint8Array([255, 0, 1]));
});

claim("output arrives as it is printed, before the process ends", async () => {
  await using own = await serving({
    "POST /": prints('cat "$GATE"; echo last', {}, { env: ["GATE={{jsonpayload}}"] }),
  });
  const gate = own.directory.file("gate");
  await new Deno.Command("mkfifo", { args: [gate] }).output();
  const responding = own.fetch("/", { method: "POST", body: gate });
  // It opens when the process does: the two ends wait for each other.
  using writer = await Deno.open(gate, { write: true });
  await writer.write(new TextEncoder().encode("first\n"));
  const response = await responding;
  assertEquals(response.headers.get("content-length"), null);
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  assertEquals((await reader.read()).value, "first\n");
  await writer.write(new TextEncoder().encode("second\n"));
  assertEquals((await reader.read()).value, "second\n");
  writer.close();
  assertEquals((await reader.read()).value, "last\n");
  assertEquals((await reader.read()).done, true);
});

claim("a program that fails is a 502 that tells how, not what it printed", async () => {
  await using own = await serving({
    // With stats nothing is sent before the end, however long that takes here.
    "GET /exit": prints("echo secret; echo secret >&2; exit 3", { stats: true }),
    "GET /signal": prints("echo secret; kill -KILL $$", { stats: true }),
    "GET /quiet": prints("exit 1"),
  });
  const exit = await own.ask("/exit");
  assertEquals([exit.status, problem(exit.text)], [502, "the program exited with 3"]);
  const signal = await own.ask("/signal");
  assertEquals([signal.status, problem(signal.text)], [502, "the program was ended by SIGKILL"]);
  const quiet = await own.ask("/quiet");
  assertEquals([quiet.status, problem(quiet.text)], [502, "the program exited with 1"]);
  for (const { text } of [exit, signal, quiet]) assert(!text.includes("secret"));
});

claim("a program that fails in the middle of its answer breaks it off", async () => {
  await using own = await serving({
    "GET /": prints("head -c 100000 /dev/zero; exit 3"),
    "GET /killed": prints("head -c 100000 /dev/zero; kill -KILL $$"),
  });
  for (const path of ["/", "/killed"]) {
    const text = await own.raw(`GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`);
    // How much of it was on its way already is a matter of luck.
    assertMatch(text, /^(?:HTTP\/1\.1 200 OK\r\n|$)/);
    assert(!text.endsWith("\r\n0\r\n\r\n"), "it seems to be complete");
  }
});

claim("output beyond the limit is refused, or broken off if it has begun; its program is ended", async () => {
  await using own = await serving({
    "GET /fits": prints("printf 0123456789", { limits: { output: 10 } }),
    "GET /small": prints("printf 0123456789a; sleep 60", { limits: { output: 10 } }),
    "GET /large": prints("while :; do head -c 65536 /dev/zero; done", { limits: { output: "1 MiB" } }),
  });
  assertEquals((await own.ask("/fits")).text, "0123456789");
  const { status, text } = await own.ask("/small");
  assertEquals([status, problem(text)], [502, "the program's output has more than 10 bytes"]);
  const large = await own.raw("GET /large HTTP/1.1\r\nhost: a\r\n\r\n");
  assertMatch(large, /^(?:HTTP\/1\.1 200 OK\r\n|$)/);
  assert(!large.endsWith("\r\n0\r\n\r\n"), "it seems to be complete");
  await own.isIdle();
  const killed = own.proxy.status.routes.map((route) => route.killed["output limit"] ?? 0);
  assertEquals(killed, [0, 1, 1]);
});

claim("HEAD is answered like GET, without the body", async () => {
  await using own = await serving({
    "GET /": prints("printf 0123456789"),
    "GET /large": prints("head -c 1000000 /dev/zero"),
    "GET /fails": prints("exit 1"),
  });
  const head = (path: string) => own.raw(`HEAD ${path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`);
  assertMatch(await head("/"), /^HTTP\/1\.1 200 OK\r\n(?:.*\r\n)*content-length: 10\r\n(?:.*\r\n)*\r\n$/);
  assertMatch(await head("/large"), /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\n$/);
  assertMatch(await head("/fails"), /^HTTP\/1\.1 502 Bad Gateway\r\n[^]*\r\n\r\n$/);
});

claim("clients of HTTP/1.0 get what is streamed until the connection ends", async () => {
  await using own = await serving({ "GET /": prints("head -c 200000 /dev/zero | tr '\\0' x") });
  const text = await own.raw("GET / HTTP/1.0\r\n\r\n");
  assert(!/transfer-encoding/i.test(text));
  assertEquals(text.slice(text.indexOf("\r\n\r\n") + 4), "x".repeat(200_000));
});

claim("whatever a process writes to standard error, nobody waits for it to be read", async () => {
  await using own = await serving({ "GET /": prints("head -c 10000000 /dev/zero >&2; echo done") });
  assertEquals((await own.ask("/")).text, "done\n");
});

claim("a program that has closed its output is done with its answer, although it runs on", async () => {
  await using own = await serving({ "GET /": prints("echo done; exec >&-; sleep 60") });
  assertEquals((await own.ask("/")).text, "done\n");
});

claim("the answer ends with the program, although a process in the background holds its output", async () => {
  await using own = await serving({ "GET /": prints("sleep 60 & echo done $!", {}, { timeout: 300 }) });
  const { text } = await own.ask("/");
  const [, pid] = /^done (\d+)\n$/.exec(text)!;
  // Its time is that of the request: it is ended when that is over.
  await own.isIdle();
  assertEquals(own.proxy.status.routes[0].killed, { timeout: 1 });
  await until(() => !isAlive(Number(pid)), "it runs on");
});

/** Waits until the gateway has stopped reading the program; returns how often that has noted a step. */
async function blockedAt(progress: string): Promise<number> {
  let last = -1;
  await until(async () => {
    const now = Deno.statSync(progress).size;
    const isSame = now === last && now > 0;
    last = now;
    if (!isSame) await new Promise((resolve) => setTimeout(resolve, 200));
    return isSame;
  }, "the program is not held up");
  return last;
}

claim("a client that reads slowly holds the program up, not the gateway's memory; in the end it has all", async () => {
  const size = 50 * 1024 * 1024;
  // Each MiB that could be written leaves a byte.
  const script = 'for i in $(seq 50); do head -c 1048576 /dev/zero; printf x >>"$PROGRESS"; done';
  await using own = await serving({
    "POST /": prints(script, { limits: { output: "64 MiB" } }, { env: ["PROGRESS={{jsonpayload}}"] }),
  });
  const progress = own.directory.file("progress");
  const before = Deno.memoryUsage().rss;
  using connection = await own.connect();
  await connection.send(
    `POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: ${progress.length}\r\n\r\n${progress}`,
  );
  await connection.until("\r\n\r\n");
  const written = await blockedAt(progress);
  assert(written < 20, `${written} MiB were written although nobody reads`);
  assert(Deno.memoryUsage().rss - before < 40 * 1024 * 1024, "the gateway keeps what nobody reads");
  // The bytes of a chunk's frame are few.
  const received = (await connection.rest()).length;
  assert(received > size && received < 1.01 * size, `${received} bytes arrived`);
  assertEquals(own.proxy.status.routes[0].killed, {});
});

claim("the time of a program whose client reads nothing ends, too", async () => {
  await using own = await serving({
    "GET /": prints("while :; do head -c 1048576 /dev/zero; done", { limits: { output: "1 GiB" } }, { timeout: 500 }),
  });
  using connection = await own.connect();
  await connection.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
  await own.isIdle();
  await until(() => own.proxy.status.routes[0].killed.timeout === 1, "it is not ended");
});
