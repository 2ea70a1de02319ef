import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { existsSync } from "node:fs";
import { UnixAddress } from "../../src/core/address.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { isReadyLine } from "../../src/spawn/readiness.ts";
import type { ManagedOptions, ManagedProcess, ReadyWhen } from "../../src/spawn/mod.ts";
import { claim, NEEDS_ROOT, OwnDirectory } from "../claim.ts";
import { until } from "../cli/program.ts";
import { compiled } from "./compiled.ts";
import { Elsewhere } from "./elsewhere.ts";
import { NEEDS_PYTHON, OwnManager, PYTHON, python, script } from "./managed.ts";
import { Target } from "./target.ts";

const skip = NEEDS_PYTHON;
const ENOENT = 2;

/** Which events have been told of so far. */
function eventsOf({ manager }: OwnManager): string[] {
  const told: string[] = [];
  for (const type of ["started", "ready", "failed", "ended"] as const) {
    manager.addEventListener(type, () => told.push(type));
  }
  return told;
}

/** Expects that a process is stopped because it is not ready in time. */
async function assertTooLate(process: ManagedProcess, message: string): Promise<void> {
  const error = await assertRejects(() => process.ready, DOMException);
  assertEquals([error.name, error.message], ["TimeoutError", message]);
  assertEquals(process.state, "stopping");
  assertEquals((await process.status)!.signal, "SIGTERM");
}

/** What a process's NOTIFY_SOCKET is; the kernel shows it a moment after exec has succeeded. */
async function notifySocketOf({ pid }: ManagedProcess): Promise<string> {
  let found: string | undefined;
  await until(() => {
    const environment = Deno.readTextFileSync(`/proc/${pid}/environ`).split("\0");
    found = environment.find((one) => one.startsWith("NOTIFY_SOCKET="));
    return found !== undefined;
  }, "it has no NOTIFY_SOCKET");
  return found!.slice("NOTIFY_SOCKET=".length);
}

/** Says something to a notify socket from this process, which is no descendant of anybody managed. */
async function interfere(address: string, state: string): Promise<void> {
  using socket = UnixSocket.bound(UnixAddress.unnamed);
  await socket.send(state, { to: address });
}

claim("without a condition a process is ready when it is started, and no event says so", async () => {
  await using own = new OwnManager();
  const told = eventsOf(own);
  const process = own.manager.start(script("exit 0", { paused: true }));
  await process.ready;
  process.resume();
  await process.status;
  assertEquals(told, ["started", "ended"]);
});

claim("a process is ready when it has accepted a connection and answered its end", async () => {
  await using own = new OwnManager();
  const told = eventsOf(own);
  const process = own.manager.start(
    python("http_server.py", [], { withSocket: true, ready: "connect", paused: true, readyTimeout: 60_000 }),
  );
  assertEquals(process.state, "paused");
  process.resume();
  assertEquals(process.state, "starting");
  await process.ready;
  assertEquals([process.state, told], ["running", ["started", "ready"]]);
  assertEquals((await (await process.fetch("/"))?.json()).path, "/");
}, { skip });

claim("a server that greets is ready as well", async () => {
  await using own = new OwnManager();
  const greeter = "import socket\nc = socket.socket(fileno=3).accept()[0]\nc.sendall(b'hello')\nc.recv(1)\ninput()";
  const process = own.manager.start(
    { command: PYTHON, args: ["-c", greeter], withSocket: true, ready: "connect", stdin: "piped" },
  );
  await process.ready;
  await process.stdin.close();
}, { skip });

claim("a process that does not accept in time is stopped, and its identifier becomes free", async () => {
  await using own = new OwnManager();
  const told = eventsOf(own);
  const options = { identifier: "deaf", withSocket: true, ready: "connect", readyTimeout: 30 } as const;
  const process = own.manager.start(script("exec sleep 1000", options));
  await assertTooLate(
    process,
    "'deaf' was not ready within 30 ms: it has not accepted a connection and answered its end",
  );
  assertEquals(told, ["started", "failed", "ended"]);
  assertEquals(own.manager.counters, { started: 1, live: 0, failed: 1, ended: 1 });
  await own.manager.start(script("exit 0", { identifier: "deaf" })).status;
});

claim("a listener that is closed without a connection accepted is no readiness", async () => {
  await using own = new OwnManager();
  const options = { identifier: "closer", withSocket: true, ready: "connect", readyTimeout: 100 } as const;
  const process = own.manager.start(script("exec 3>&-; exec sleep 1000", options));
  await assertRejects(() => process.ready, DOMException, "'closer' was not ready within 100 ms");
});

claim("a process that ends before it is ready says how it ended", async () => {
  await using own = new OwnManager();
  const told = eventsOf(own);
  const conditions: ReadyWhen[] = ["connect", "notify", { line: "ready" }];
  for (const [at, ready] of conditions.entries()) {
    const process = own.manager.start(script(`exit ${at}`, { identifier: `${at}`, withSocket: true, ready }));
    const error = await assertRejects(() => process.ready, Error);
    assertEquals(error.message, `'${at}' has ended before it was ready: exit status ${at}`);
    await process.status;
  }
  const killed = own.manager.start(script("exec sleep 1000", { identifier: "x", ready: "notify" }));
  killed.kill("SIGKILL");
  await assertRejects(() => killed.ready, Error, "'x' has ended before it was ready: SIGKILL");
  await killed.status;
  assertEquals(told, Array.from({ length: 4 }, () => ["started", "failed", "ended"]).flat());
});

claim("a line makes a process ready: a text that it contains, an expression, on either output", async () => {
  await using own = new OwnManager();
  const lines: [string, string | RegExp][] = [
    ["echo starting; echo 'it is [ready] now'", "[ready]"],
    ["echo not ready >&2; echo ready at 80 >&2", /^ready at \d+$/],
    ["echo Ready", /READY/gi],
  ];
  for (const [text, line] of lines) {
    const process = own.manager.start(script(`${text}; exec sleep 1000`, { ready: { line } }));
    await process.ready;
    assertEquals(process.state, "running");
  }
  assert(own.texts.includes("starting"));
});

claim("an expression counts from the start of each line, whatever its flags", () => {
  const sticky = /ready/gy;
  assertEquals([1, 2, 3].map(() => isReadyLine("ready", sticky)), [true, true, true]);
  assertEquals(isReadyLine("a+b", "a+"), true);
  assertEquals(isReadyLine("aab", "a+"), false);
});

claim("no line in time: the error says which one was waited for", async () => {
  await using own = new OwnManager();
  const start = (line: string | RegExp): ManagedProcess =>
    own.manager.start(script("echo other; exec sleep 1000", { identifier: "x", ready: { line }, readyTimeout: 30 }));
  await assertTooLate(start("go"), "'x' was not ready within 30 ms: it has not printed a line with 'go'");
  await assertTooLate(start(/^g+o/i), "'x' was not ready within 30 ms: it has not printed a line that matches /^g+o/i");
});

claim("the time to become ready begins when a paused process is resumed", async () => {
  await using own = new OwnManager();
  const options = { identifier: "x", ready: { line: "go" }, readyTimeout: 40, paused: true };
  const process = own.manager.start(script("exec sleep 1000", options));
  let isLate = false;
  process.ready.catch(() => isLate = true);
  // Longer than the time that does not run yet.
  await new Promise((resolve) => setTimeout(resolve, 120));
  assertEquals([isLate, process.state], [false, "paused"]);
  process.resume();
  await assertTooLate(process, "'x' was not ready within 40 ms: it has not printed a line with 'go'");
});

claim("READY=1 makes a process ready, sent by itself or by what came of it", async () => {
  await using own = new OwnManager();
  for (const who of ["self", "child"]) {
    const process = own.manager.start(python("notify.py", [who, "STATUS=soon", "STATUS=on\nREADY=1\nX=2"], {
      ready: "notify",
    }));
    assertMatch(await notifySocketOf(process), /^@[0-9a-f]{5}$/);
    await process.ready;
  }
}, { skip });

claim("other states and other senders make nobody ready", async () => {
  await using own = new OwnManager();
  const process = own.manager.start(
    python("notify.py", ["self", "READY=0", "NOTREADY=1", "READY=1 "], { identifier: "x", ready: "notify" }),
  );
  const address = await notifySocketOf(process);
  for (let i = 0; i < 20; i++) await interfere(address, "READY=1");
  await own.says("sent READY=1 ");
  assertEquals(process.state, "starting");
  await process.stop();
  await assertRejects(() => process.ready, Error, "'x' has ended before it was ready: SIGTERM");
}, { skip });

claim("no READY=1 in time: the error says so", async () => {
  await using own = new OwnManager();
  const options = { identifier: "x", ready: "notify", readyTimeout: 30 } as const;
  const process = own.manager.start(script("exec sleep 1000", options));
  await assertTooLate(process, "'x' was not ready within 30 ms: it has not sent READY=1 to NOTIFY_SOCKET");
});

claim("messages after the first READY=1 are read as well, so that nobody waits for that", async () => {
  await using own = new OwnManager();
  const states = Array.from({ length: 30 }, (_, at) => `STATUS=${at}`);
  const process = own.manager.start(
    python("notify.py", ["self", "READY=1", ...states, "READY=1"], { ready: "notify" }),
  );
  const told = eventsOf(own);
  await process.ready;
  await own.says("sent STATUS=29");
  await process.stop();
  assertEquals(told, ["ready", "ended"]);
}, { skip });

claim("READY=1 comes out of another network namespace, through a descriptor", async () => {
  await using target = await Target.start(["net"]);
  await using own = new OwnManager();
  const process = own.manager.start(python("notify.py", ["self", "READY=1"], {
    ready: "notify",
    namespaces: { net: target.pid },
    withSocket: true,
  }));
  assertEquals(await notifySocketOf(process), "/proc/self/fd/4");
  await process.ready;
}, { skip: NEEDS_ROOT || skip });

claim("READY=1 comes out of all of a target's namespaces, and from another user, if there is a /proc", async () => {
  await using there = await Elsewhere.start(["mnt", "pid", "net", "uts", "ipc"], { proc: true });
  await using own = new OwnManager();
  const process = own.manager.start({
    command: compiled("notify_ready.c", "-static"),
    local: true,
    ready: "notify",
    namespaces: { target: there.target.pid, all: true },
    uid: 65534,
    gid: 65534,
  });
  await process.ready;
  await own.says("0");
}, { skip: NEEDS_ROOT });

claim("without a /proc there is no way out of another network namespace", async () => {
  await using there = await Elsewhere.start(["mnt", "net"]);
  await using own = new OwnManager();
  const process = own.manager.start({
    command: compiled("notify_ready.c", "-static"),
    local: true,
    identifier: "x",
    ready: "notify",
    // Long enough to have tried.
    readyTimeout: 2000,
    namespaces: { mnt: there.target.pid, net: there.target.pid },
  });
  await assertTooLate(process, "'x' was not ready within 2000 ms: it has not sent READY=1 to NOTIFY_SOCKET");
  await own.says(`${ENOENT}`);
}, { skip: NEEDS_ROOT });

claim("who was ready in time is so, however late this process comes to see it", async () => {
  await using own = new OwnManager();
  using directory = new OwnDirectory();
  const notified = "import os, socket, sys\ns = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\n" +
    "s.sendto(b'READY=1', '\\0' + os.environ['NOTIFY_SOCKET'][1:])\nopen(sys.argv[1], 'w')\nsys.stdin.read()";
  const starts: [ReadyWhen, Partial<ManagedOptions>][] = [
    [{ line: "ready" }, { command: "sh", args: ["-c", 'echo ready; : > "$0"; read -r word'] }],
    ["notify", { command: PYTHON, args: ["-c", notified] }],
  ];
  for (const [at, [ready, { command, args = [] }]] of starts.entries()) {
    const flag = directory.file(`${at}`);
    const process = own.manager.start(
      { command: command!, args: [...args, flag], ready, readyTimeout: 100, stdin: "piped" },
    );
    const began = performance.now();
    // Nothing else runs here meanwhile.
    while (performance.now() < began + 200 || !existsSync(flag));
    await process.ready;
    await process.stdin.close();
    await process.status;
  }
}, { skip });
