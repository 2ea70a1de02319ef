import { assert, assertEquals, assertMatch } from "@std/assert";
import { UnixListener } from "../../src/core/listener.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { claim, ownName } from "../claim.ts";
import { inodeOf } from "../sockets/own_sockets.ts";
import { IPCX, type Result, until, within } from "./program.ts";
import { Terminal } from "./terminal.ts";

/** A watch that looks every few milliseconds; its lines are waited for one by one. */
class Watched implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #lines: ReadableStreamDefaultReader<string>;
  #rest = "";

  constructor(...args: string[]) {
    const [program, ...rest] = [...IPCX, "sockets", "--watch=5ms", ...args];
    this.#child = new Deno.Command(program, { args: rest, stdin: "null", stdout: "piped", stderr: "piped" }).spawn();
    this.#lines = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  async line(): Promise<string> {
    while (!this.#rest.includes("\n")) {
      const { value, done } = await within(this.#lines.read(), "no line", () => this.#rest);
      assert(!done, "it ended");
      this.#rest += value;
    }
    const end = this.#rest.indexOf("\n");
    const line = this.#rest.slice(0, end);
    this.#rest = this.#rest.slice(end + 1);
    return line;
  }

  async stop(signal: Deno.Signal): Promise<Result> {
    this.#child.kill(signal);
    const { code, signal: by } = await within(this.#child.status, "it does not end");
    let out = this.#rest;
    for (let part; !(part = await this.#lines.read()).done;) out += part.value;
    return { status: code, signal: by, out, err: await new Response(this.#child.stderr).text() };
  }

  async readNoMore(): Promise<{ status: number; err: string }> {
    await this.#lines.cancel();
    const [{ code }, err] = await Promise.all([this.#child.status, new Response(this.#child.stderr).text()]);
    return { status: code, err };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await this.#child.status;
    await this.#lines.cancel();
    if (!this.#child.stderr.locked) await this.#child.stderr.cancel();
  }
}

/** The first cells of a row, behind its sign. */
function start(line: string): string {
  return `${line.slice(0, 2)}${line.slice(2).split(/ {2,}/).slice(0, 2).join(" ")}`;
}

claim("--watch prints what is there, then what comes, changes and goes, each with its sign", async () => {
  const address = ownName();
  using first = UnixSocket.bound(`${address}-first`);
  await using watched = new Watched("--name", `${address}*`);
  assertMatch(await watched.line(), /^ {2}TYPE {2,}STATE .*PROCESSES$/);
  assertEquals(start(await watched.line()), "  dgram unconnected");
  using listener = UnixListener.listen(address, { backlog: 0 });
  assertEquals(start(await watched.line()), "+ stream listening");
  using _client = await UnixSocket.connect(address);
  assertEquals(start(await watched.line()), "~ stream listening(full)");
  first.close();
  const gone = await watched.line();
  assertEquals(start(gone), "- dgram unconnected");
  assert(gone.includes(`${address}-first`));
  assertEquals((await watched.stop("SIGTERM")).status, 0);
  assertEquals(listener.fd.isOpen, true);
});

claim("with --json each line says what has happened, and when", async () => {
  const address = ownName();
  using first = UnixListener.listen(address);
  await using watched = new Watched("--json", address);
  const next = async (): Promise<Record<string, unknown>> => JSON.parse(await watched.line());
  const here = await next();
  assertEquals([here.event, here.inode, here.address], ["here", inodeOf(first), address]);
  assertMatch(here.time as string, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  first.close();
  const went = await next();
  assertEquals([went.event, went.inode, went.id], ["went", here.inode, here.id]);
  using second = UnixListener.listen(address);
  const came = await next();
  assertEquals([came.event, came.inode, came.id === here.id], ["came", inodeOf(second), false]);
});

claim("an address that is not there is waited for, with the headings but for --no-header", async () => {
  const address = ownName();
  await using watched = new Watched(address);
  assertMatch(await watched.line(), /^ {2}TYPE /);
  await using bare = new Watched("-H", address);
  using _listener = UnixListener.listen(address);
  assertEquals(start(await watched.line()), "+ stream listening");
  assertMatch(await bare.line(), /^[ +] stream /);
});

claim("signals end a watch with status 0", async () => {
  const address = ownName();
  using _listener = UnixListener.listen(address);
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    await using watched = new Watched("-H", address);
    await watched.line();
    assertEquals(await watched.stop(signal), { status: 0, signal: null, out: "", err: "" });
  }
});

claim("without a time it looks once a second, and on a terminal it prints the same", async () => {
  const address = ownName();
  using listener = UnixListener.listen(address);
  await using terminal = new Terminal([...IPCX, "sockets", "--watch", address], { columns: 200 });
  await terminal.shows(/ {2}stream +listening/);
  listener.close();
  await terminal.shows(/- stream +listening/);
});

claim("whoever reads no more ends the watch, and is told nothing", async () => {
  const address = ownName();
  await using watched = new Watched("--name", `${address}*`);
  await watched.line();
  const ended = watched.readNoMore();
  using stack = new DisposableStack();
  await until(async () => {
    // Something new to tell, until nobody is there who would.
    stack.use(UnixSocket.bound(`${address}-${crypto.randomUUID().slice(0, 8)}`));
    return await Promise.race([ended.then(() => true), new Promise<false>((resolve) => setTimeout(resolve, 5, false))]);
  }, "it goes on");
  assertEquals(await ended, { status: 141, err: "" });
});
