import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { AddressError } from "../../src/core/address.ts";
import { ClosedError, SystemError } from "../../src/core/errors.ts";
import { UnixListener } from "../../src/core/listener.ts";
import { type ManagedOptions, ProcessManager } from "../../src/spawn/mod.ts";
import { claim, NEEDS_ROOT, OwnDirectory } from "../claim.ts";
import { runProgram, until, within } from "../cli/program.ts";
import { compiled, missing } from "./compiled.ts";
import { lives, OwnManager, script } from "./managed.ts";
import { ownProgram } from "./own_program.ts";

claim("at most one live process has an identifier, and its end frees it", async () => {
  await using own = new OwnManager();
  const first = own.manager.start(script("exec sleep 100", { identifier: "one" }));
  const error = assertThrows(() => own.manager.start(script("true", { identifier: "one" })), Error);
  assertEquals(error.message, `'one' is running already, as process ${first.pid}`);
  first.kill("SIGKILL");
  await first.status;
  const second = own.manager.start(script("true", { identifier: "one" }));
  assert(second.uuid !== first.uuid);
  assertEquals((await second.status)!.code, 0);
});

claim("without an identifier the uuid is it", async () => {
  await using own = new OwnManager();
  const process = own.manager.start(script("true"));
  assertEquals(process.identifier, process.uuid);
  assertMatch(process.uuid, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  assertEquals(own.manager.get(process.uuid), process);
  await process.status;
});

claim("a start that fails frees the identifier, leaves nothing open and is counted", async () => {
  await using own = new OwnManager();
  const errors: unknown[] = [];
  own.manager.addEventListener("failed", ({ identifier, error, process }) => errors.push(identifier, error, process));
  const options: ManagedOptions = {
    identifier: "one",
    command: "/nowhere/at/all",
    withSocket: true,
    ready: "notify",
    namespaces: { net: `/proc/${Deno.pid}/ns/net` },
  };
  const error = assertThrows(() => own.manager.start(options), SystemError);
  assertEquals([error.code, error.address], ["ENOENT", "/nowhere/at/all"]);
  assertEquals(errors, ["one", error, undefined]);
  assertEquals(own.manager.counters, { started: 0, live: 0, failed: 1, ended: 0 });
  const process = own.manager.start(script("true", { identifier: "one", withSocket: true }));
  assertEquals((await process.status)!.success, true);
  assertEquals(own.manager.counters, { started: 1, live: 0, failed: 1, ended: 1 });
});

claim("a socket's name that is taken, or too long, fails the start and frees the identifier", async () => {
  await using own = new OwnManager();
  {
    using _other = UnixListener.listen(`@${own.prefix}one`);
    const error = assertThrows(() => own.manager.start(script("true", { identifier: "one", withSocket: true })));
    assertEquals([(error as SystemError).code, (error as SystemError).address], ["EADDRINUSE", `@${own.prefix}one`]);
  }
  const long = "x".repeat(107);
  assertThrows(() => own.manager.start(script("true", { identifier: long, withSocket: true })), AddressError, "107");
  for (const identifier of ["one", long]) await own.manager.start(script("true", { identifier })).status;
});

claim("an identifier is 1 to 255 bytes of printable text", async () => {
  await using own = new OwnManager();
  for (const identifier of ["", "x".repeat(256), "ä".repeat(128), "a\nb", "\x1b[31m"]) {
    const error = assertThrows(() => own.manager.start(script("true", { identifier })), TypeError);
    assertMatch(error.message, /is no identifier: it takes 1 to 255 bytes of printable text$/);
  }
  for (const identifier of ["x".repeat(255), "pod/ns/ä b"]) await own.manager.start(script("", { identifier })).status;
});

claim("options that contradict each other are refused", async () => {
  await using own = new OwnManager();
  const refused: [Partial<ManagedOptions>, string][] = [
    [{ ready: "connect" }, "ready on 'connect' takes a socket to connect to: start it withSocket"],
    [
      { ready: { line: "x" }, stdout: "null", stderr: "inherit" },
      "a line is waited for, but neither stdout nor stderr goes to the log",
    ],
    [{ withSocket: true, fds: { 3: 0 } }, "descriptor 3 is the socket's: give the other one another number"],
  ];
  for (const [options, message] of refused) {
    assertEquals(assertThrows(() => own.manager.start(script("true", options)), TypeError).message, message);
  }
});

claim("times that nobody could wait for are refused", async () => {
  await using own = new OwnManager();
  for (const ms of [-1, NaN, Infinity, 2 ** 31]) {
    const message = `is a time of 0 to 2147483647 milliseconds, not ${ms}`;
    assertThrows(() => new ProcessManager({ grace: ms }), RangeError, `grace ${message}`);
    assertThrows(() => own.manager.start(script("true", { grace: ms })), RangeError, `grace ${message}`);
    assertThrows(() => own.manager.start(script("true", { readyTimeout: ms })), RangeError, `readyTimeout ${message}`);
    const process = own.manager.start(script("exec sleep 100"));
    await assertRejects(() => process.stop({ grace: ms }), RangeError, `grace ${message}`);
    assertEquals(process.state, "running");
  }
});

claim("stop sends SIGTERM and waits, and later calls return the same status", async () => {
  await using own = new OwnManager();
  const process = own.manager.start(script("trap 'exit 7' TERM; echo set; while :; do sleep 0.01; done"));
  await own.says("set");
  const stopping = process.stop();
  assertEquals(process.state, "stopping");
  const status = await stopping;
  assertEquals([status!.code, status!.signal], [7, null]);
  assertEquals(process.state, "ended");
  assertEquals(await process.stop(), status);
  assertEquals(process.kill(), false);
  assert(status!.usage!.maxRss > 0);
});

claim("who ignores SIGTERM is killed after the grace period, with all that came of it", async () => {
  await using own = new OwnManager({ grace: 50 });
  const deaf = "trap '' TERM; sleep 1000 & echo $!; echo set; wait; sleep 1000";
  for (const options of [{}, { grace: 60_000 }]) {
    own.lines.length = 0;
    const process = own.manager.start(script(deaf, options));
    await own.says("set");
    const child = Number(own.texts[0]);
    const first = process.stop();
    // A shorter period than that of an earlier call holds.
    const status = options.grace === undefined ? await first : await process.stop({ grace: 10 });
    assertEquals([status!.code, status!.signal], [137, "SIGKILL"]);
    assertEquals(await first, status);
    await until(() => !lives(child), "its child lives on");
  }
});

claim("what a process leaves behind in its process group ends with it", async () => {
  await using own = new OwnManager();
  const process = own.manager.start(script("sleep 1000 & echo $!; exit 4"));
  assertEquals((await process.status)!.code, 4);
  const child = Number(own.texts[0]);
  await until(() => !lives(child), "its child lives on");
});

claim("each process leads a session, or a process group if that was asked for", async () => {
  await using own = new OwnManager();
  const show = "read -r pid name state parent group session rest < /proc/self/stat; echo $group $session";
  const ownSession = Deno.readTextFileSync("/proc/self/stat").split(" ")[5];
  for (const options of [{}, { newSession: false }, { processGroup: true }]) {
    own.lines.length = 0;
    const process = own.manager.start(script(`${show}`, options));
    await process.status;
    const session = Object.keys(options).length === 0 ? `${process.pid}` : ownSession;
    assertEquals(own.texts, [`${process.pid} ${session}`]);
  }
});

claim("a paused process does nothing until it is resumed", async () => {
  await using own = new OwnManager();
  const process = own.manager.start(script("echo runs", { paused: true }));
  assertEquals(process.state, "paused");
  await until(() => /\) T /.test(Deno.readTextFileSync(`/proc/${process.pid}/stat`)), "it does not stand still");
  assertEquals(own.texts, []);
  process.resume();
  process.resume();
  assertEquals(process.state, "running");
  assertEquals((await process.status)!.code, 0);
  assertEquals(own.texts, ["runs"]);
});

claim("a paused process can be stopped: it ends by SIGTERM, without the grace period", async () => {
  await using own = new OwnManager({ grace: 1_000_000 });
  const process = own.manager.start(script("echo runs", { paused: true }));
  assertEquals((await process.stop())!.signal, "SIGTERM");
  assertEquals(own.texts, []);
});

claim("standard input is empty unless asked for, and can be a pipe", async () => {
  await using own = new OwnManager();
  await own.manager.start(script("cat; readlink /proc/self/fd/0")).status;
  assertEquals(own.texts, ["/dev/null"]);
  const process = own.manager.start({ command: "cat", stdin: "piped", stdout: "piped" });
  const writer = process.stdin.getWriter();
  await writer.write(new TextEncoder().encode("hello"));
  await writer.close();
  assertEquals(await new Response(process.stdout).text(), "hello");
  await process.status;
  assertThrows(() => process.stderr, TypeError, "stderr is not piped");
});

claim("a pipe to standard input that nobody has closed is closed when the process ends", async () => {
  await using own = new OwnManager();
  const [idle, busy] = [1, 2].map(() => own.manager.start(script("read -r word", { stdin: "piped" })));
  const writer = busy.stdin.getWriter();
  const writing = assertRejects(() => writer.write(new Uint8Array(1_000_000)), Error);
  for (const process of [idle, busy]) process.kill();
  await Promise.all([idle.status, busy.status, writing]);
  await assertRejects(() => writer.write(new Uint8Array(1)), Error);
});

claim("what a service manager has told us is not told to processes", async () => {
  const own = new OwnManager();
  await using _own = own;
  const names = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"];
  for (const name of names) Deno.env.set(name, "ours");
  try {
    await own.manager.start({ command: "env", env: { OTHER: "theirs", LISTEN_FDS: "given" } }).status;
  } finally {
    for (const name of names) Deno.env.delete(name);
  }
  assertEquals(own.texts.filter((line) => /^(NOTIFY|WATCHDOG|LISTEN|OTHER)/.test(line)).sort(), [
    "LISTEN_FDS=given",
    "OTHER=theirs",
  ]);
});

claim("processes are listed while they live, and what happens to them is told in order", async () => {
  await using own = new OwnManager();
  const { manager } = own;
  const told: string[] = [];
  for (const type of ["started", "ready", "failed", "ended"] as const) {
    manager.addEventListener(type, (event) => {
      assertEquals(event.process!.identifier, event.identifier);
      told.push(`${event.identifier} ${event.type} ${event.process!.state} ${manager.counters.live}`);
    });
  }
  const one = manager.start(script("echo go; exec sleep 100", { identifier: "one", ready: { line: "go" } }));
  const two = manager.start(script("exec sleep 100", { identifier: "two" }));
  assertEquals([manager.list(), manager.get("two"), manager.get("three")], [[one, two], two, undefined]);
  assertEquals([one.state, two.state, two.command, two.isTakenOver], ["starting", "running", "sh", false]);
  assert(Math.abs(Date.now() - two.startedAt.getTime()) < 60_000);
  await one.ready;
  await one.stop();
  assertEquals(manager.list(), [two]);
  const seen: unknown[] = [];
  const listener = (event: { status?: unknown }): void => void seen.push(event.status);
  manager.addEventListener("ended", listener);
  const status = await two.stop();
  manager.removeEventListener("ended", listener);
  await manager.start(script("true", { identifier: "three" })).status;
  assertEquals(seen, [status]);
  assertEquals(told, [
    "one started starting 1",
    "two started running 2",
    "one ready running 2",
    "one ended ended 1",
    "two ended ended 0",
    "three started running 1",
    "three ended ended 0",
  ]);
  assertEquals(manager.counters, { started: 3, live: 0, failed: 0, ended: 3 });
});

claim("shutdown stops all processes and waits, and nothing is started afterwards", async () => {
  const own = new OwnManager();
  const processes = ["one", "two", "three"].map((identifier) =>
    own.manager.start(script("exec sleep 100", { identifier, paused: identifier === "two" }))
  );
  await own.manager.shutdown();
  assertEquals(processes.map(({ state }) => state), ["ended", "ended", "ended"]);
  assert(processes.every(({ pid }) => !lives(pid)));
  const error = assertThrows(() => own.manager.start(script("true")), ClosedError);
  assertEquals(error.message, "the process manager was shut down");
  await own.manager.shutdown();
});

claim("a manager at the end of its block takes its processes along", async () => {
  let pid: number;
  {
    await using manager = new ProcessManager();
    pid = manager.start(script("exec sleep 100")).pid;
  }
  assert(!lives(pid));
});

claim("a signal stops the process that it was given to, and nothing is started with an aborted one", async () => {
  await using own = new OwnManager();
  const stop = new AbortController();
  const process = own.manager.start(script("exec sleep 100", { signal: stop.signal }));
  stop.abort(new Error("enough"));
  assertEquals((await process.status)!.signal, "SIGTERM");
  assertThrows(() => own.manager.start(script("true", { signal: stop.signal })), Error, "enough");
});

claim("a hundred processes in a row leave no descriptor and no child behind", async () => {
  await using own = new OwnManager();
  for (let round = 0; round < 10; round++) {
    const processes = Array.from(
      { length: 10 },
      (_, at) =>
        own.manager.start(script(`echo ${at}; exit ${at}`, { withSocket: true, ready: at % 2 ? "notify" : undefined })),
    );
    const codes = await Promise.all(processes.map(async ({ status }) => (await status)!.code));
    assertEquals(codes, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  }
  assertEquals(own.lines.length, 100);
  assertEquals(own.manager.counters, { started: 100, live: 0, failed: 50, ended: 100 });
});

claim("a signal that is aborted while the start is told of stops the process, too", async () => {
  await using own = new OwnManager();
  const aborter = new AbortController();
  own.manager.addEventListener("started", () => aborter.abort(), { once: true });
  const process = own.manager.start(script("exec sleep 1000", { signal: aborter.signal }));
  assertEquals((await within(process.status, "it goes on"))!.signal, "SIGTERM");
});

claim("who has become another user's cannot be stopped, which is no end of its manager", async () => {
  using home = new OwnDirectory();
  Deno.chmodSync(home.path, 0o777);
  const program = home.file("become_root");
  Deno.copyFileSync(compiled("become_root.c"), program);
  Deno.chmodSync(program, 0o4755);
  const { out, err } = await runProgram([...ownProgram("stop_strangers.ts"), program], {
    through: ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"],
    env: { DENO_DIR: home.file("deno"), HOME: home.path },
  });
  assertEquals(err, "");
  const { pid, ...rest } = JSON.parse(out);
  Deno.kill(pid, "SIGKILL");
  assertEquals(rest, { line: "root", code: "EPERM", state: "running" });
}, { skip: NEEDS_ROOT || missing("setpriv") });
