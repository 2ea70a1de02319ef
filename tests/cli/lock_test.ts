import { assert, assertEquals, assertMatch } from "@std/assert";
import { claim, NEEDS_ROOT, OwnDirectory, ownName } from "../claim.ts";
import { hex, startSockets } from "../instance/processes.ts";
import { IPCX, ipcx, isAlive, type Process, startIpcx, until } from "./program.ts";
import { PYTHON, waits } from "./spawning.ts";

/** What a lock says that is held by a process, up to the time. */
function heldBy(name: string, pid: number, command: string): string {
  return `ipcx lock: ${name} is held by process ${pid} (uid ${Deno.uid()}, ${command}) since `;
}

/** Starts a command that holds a lock until its input ends, and waits until it does. */
async function startLocked(args: readonly string[], script = "echo begun >&2; read line"): Promise<Process> {
  const process = startIpcx(["lock", ...args, "--", "sh", "-c", script], { input: "open" });
  await process.says("begun");
  return process;
}

async function statusOf(name: string): Promise<{ status: number; out: string }> {
  const { status, out, err } = await ipcx(["lock", "--status", name]);
  assertEquals(err, "");
  return { status, out };
}

claim("CMD runs in ipcx's place, with its arguments, environment and exit status", async () => {
  const script = 'echo $$ "$@" "$FLAVOUR"; exit 42';
  await using lock = startIpcx(["lock", ownName(), "--", "sh", "-c", script, "sh", "a b", "--wait"], {
    env: { FLAVOUR: "x" },
  });
  assertEquals(await lock.ended(), { status: 42, signal: null, out: `${lock.child.pid} a b --wait x\n`, err: "" });
});

claim("a second CMD does not run: the holder is named, the exit status is 1 or what was asked for", async () => {
  const name = ownName();
  await using first = await startLocked([name]);
  const begin = heldBy(name, first.child.pid, "sh");
  const cases: [string[], number][] = [[[], 1], [["--conflict-exit-code", "75"], 75], [["-E0"], 0], [["-E255"], 255]];
  for (const [options, wanted] of cases) {
    const { status, out, err } = await ipcx(["lock", ...options, name, "--", "echo", "ran"]);
    assertEquals({ status, out }, { status: wanted, out: "" });
    assertMatch(err.slice(begin.length), /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\n$/, err);
    assert(err.startsWith(begin), err);
  }
  const quiet = await ipcx(["lock", "-q", name, "--", "echo", "ran"]);
  assertEquals(quiet, { status: 1, signal: null, out: "", err: "" });
});

claim("the lock is free when CMD has ended, also when it was killed", async () => {
  const name = ownName();
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    await using lock = await startLocked([name], "echo begun >&2; exec sleep 1000");
    lock.kill(signal);
    assertEquals((await lock.ended()).signal, signal);
    assertEquals(await statusOf(name), { status: 1, out: `${name} is free\n` });
  }
});

claim("what CMD has started holds the lock on, and is named", async () => {
  const name = ownName();
  await using lock = await startLocked([name], "sleep 1000 & echo begun $! >&2");
  const pid = Number(/begun (\d+)/.exec(lock.err)![1]);
  try {
    await lock.child.status;
    const [held] = (await statusOf(name)).out.split(" on ");
    assertEquals(held, `${name} was taken by process ${lock.child.pid} (uid ${Deno.uid()})`);
    const { status, err } = await ipcx(["lock", name, "--", "true"]);
    assertEquals(status, 1);
    assert(err.endsWith(`, which has ended; others hold it that inherited it: process ${pid} (sleep)\n`), err);
  } finally {
    Deno.kill(pid, "SIGKILL");
  }
  await until(() => !isAlive(pid), "it lives on");
  assertEquals((await ipcx(["lock", name, "--", "true"])).status, 0);
});

claim("with --close nothing that CMD has started holds it", async () => {
  const name = ownName();
  await using lock = await startLocked(["-o", name], "sleep 1000 & echo begun $! >&2; read line");
  const pid = Number(/begun (\d+)/.exec(lock.err)![1]);
  try {
    await waits(lock.child.pid);
    const { status, out } = await statusOf(name);
    assertEquals(status, 0);
    assert(out.startsWith(`${name} is held by process ${lock.child.pid} (uid ${Deno.uid()}, ipcx) since `), out);
    assertEquals(out.split("\n").length, 2, "nobody else has it open");
    await lock.closeInput();
    assertEquals((await lock.child.status).code, 1);
    assertEquals((await statusOf(name)).status, 1);
  } finally {
    Deno.kill(pid, "SIGKILL");
  }
});

claim("with --close the exit status and signals are CMD's, too", async () => {
  const name = ownName();
  const seven = await ipcx(["lock", "--close", name, "--", "sh", "-c", "echo out; exit 7"]);
  assertEquals(seven, { status: 7, signal: null, out: "out\n", err: "" });
  await using lock = await startLocked(
    ["-o", name],
    'trap "exit 9" TERM; echo begun >&2; while :; do sleep 0.01; done',
  );
  lock.kill("SIGTERM");
  assertEquals((await lock.ended()).status, 9);
  await using killed = await startLocked(["-o", name], "echo begun >&2; kill -KILL $$");
  assertEquals((await killed.ended()).signal, "SIGKILL");
});

claim(
  "CMD has the lock at numbers from 512 on, or with --close not at all, and else what ipcx was started with",
  async () => {
    using directory = new OwnDirectory();
    Deno.writeTextFileSync(directory.file("seven"), "lucky\n");
    const close = 'for fd in /proc/self/fd/*; do fd=${fd##*/}; [ "$fd" -gt 2 ] && eval "exec $fd>&-"; done; ';
    const through = ["bash", "-c", `${close} exec 7< "$0"; exec "$@"`, directory.file("seven")];
    const list = "import os; print(os.read(7, 9), *sorted(int(fd) for fd in os.listdir('/proc/self/fd')))";
    for (const [options, numbers] of [[[], "3 7 512 513"], [["-o"], "3 7"]] as const) {
      const { out, err } = await ipcx(["lock", ...options, ownName(), "--", ...PYTHON, list], { through });
      assertEquals({ out, err }, { out: `b'lucky\\n' 0 1 2 ${numbers}\n`, err: "" });
    }
  },
);

claim("where the limit is too low for such a number, the lock is held at a lower one", async () => {
  const name = ownName();
  const through = ["prlimit", "--nofile=100:100"];
  const [program, ...args] = IPCX;
  const inner = [program, ...args, "lock", name, "--", "true"];
  const { status, err } = await ipcx(["lock", name, "--", "sh", "-c", '"$@"; echo $?', "sh", ...inner], { through });
  assertEquals(status, 0);
  assert(err.startsWith(`ipcx lock: ${name} is held by process `), err);
});

claim("--wait runs CMDs one after the other", async () => {
  using directory = new OwnDirectory();
  const name = ownName();
  const log = directory.file("log");
  const script = 'echo begin >> "$0"; for i in 1 2 3 4 5; do echo $i >> "$0"; done; echo end >> "$0"';
  const all = Array.from({ length: 5 }, () => ipcx(["lock", "-w", name, "--", "sh", "-c", script, log]));
  for (const result of await Promise.all(all)) assertEquals(result, { status: 0, signal: null, out: "", err: "" });
  assertEquals(Deno.readTextFileSync(log), "begin\n1\n2\n3\n4\n5\nend\n".repeat(5));
});

claim("--timeout waits, gives up as if there were no waiting, and 0 is not to wait", async () => {
  const name = ownName();
  await using first = await startLocked([name]);
  for (const options of [["-t", "50ms"], ["--timeout=0"], ["-w", "-t0"], ["-w", "--timeout", "0.05"]]) {
    const { status, out, err } = await ipcx(["lock", "-E", "3", ...options, name, "--", "echo", "ran"]);
    assertEquals({ status, out }, { status: 3, out: "" });
    assert(err.startsWith(heldBy(name, first.child.pid, "sh")), err);
  }
  const waiting = ipcx(["lock", "--timeout", "1h", name, "--", "echo", "ran"]);
  await first.closeInput();
  assertEquals(await waiting, { status: 0, signal: null, out: "ran\n", err: "" });
});

claim("SIGTERM ends the wait, and CMD does not run", async () => {
  const name = ownName();
  await using _first = await startLocked([name]);
  await using waiting = startIpcx(["lock", "-w", name, "--", "echo", "ran"]);
  const isConnected = (): boolean => Deno.readTextFileSync("/proc/net/unix").split(`${name}\n`).length > 2;
  await until(isConnected, "it does not wait");
  waiting.kill("SIGTERM");
  const { signal, out } = await waiting.ended();
  assertEquals([signal, out], ["SIGTERM", ""]);
});

claim("a CMD that is not there has status 127, one that may not be run 126, and the lock is free then", async () => {
  using directory = new OwnDirectory();
  Deno.writeTextFileSync(directory.file("plain"), "echo", { mode: 0o644 });
  const name = ownName();
  for (const options of [[], ["-o"]]) {
    for (const [command, wanted] of [["no-such-command", 127], [directory.file("plain"), 126], [directory.path, 126]]) {
      const { status, out, err } = await ipcx(["lock", ...options, name, "--", `${command}`]);
      assertEquals({ status, out }, { status: wanted as number, out: "" }, err);
      assert(err.startsWith(`ipcx lock: execve ${command}: `), err);
    }
  }
  assertEquals((await statusOf(name)).status, 1);
});

claim("--status tells who holds the name and who has it open, as text and as JSON", async () => {
  const name = `${ownName()}\\x00\\xff`;
  assertEquals(await statusOf(name), { status: 1, out: `${name} is free\n` });
  const free = await ipcx(["lock", "--status", "--json", name]);
  assertEquals([free.status, JSON.parse(free.out)], [1, { name, held: false }]);

  await using lock = await startLocked([name], 'sleep 1000 & trap "kill $!" EXIT; echo begun $! >&2; read line');
  const { pid } = lock.child;
  const other = Number(/begun (\d+)/.exec(lock.err)![1]);
  const { status, out } = await statusOf(name);
  assertEquals(status, 0);
  assert(out.startsWith(heldBy(name, pid, "sh").replace("ipcx lock: ", "")), out);
  assert(out.endsWith(`\nit is open in process ${other} (sleep), too\n`), out);

  const held = await ipcx(["lock", "--status", "--json", name]);
  const { holder, ...rest } = JSON.parse(held.out);
  assertEquals(held.status, 0);
  const keepers = [{ pid, command: "sh" }, { pid: other, command: "sleep" }].sort((one, two) => one.pid - two.pid);
  assertEquals(rest, { name, held: true, keepers });
  const { since, ...who } = holder;
  assertEquals(who, { pid, uid: Deno.uid(), gid: Deno.gid(), hasEnded: false, command: "sh", sinceIs: "taken" });
  assertEquals(new Date(since).toISOString(), since);

  assertEquals(await ipcx(["lock", "--status", "-q", name]), { status: 0, signal: null, out: "", err: "" });
  await lock.closeInput();
  await lock.ended();
  assertEquals(await ipcx(["lock", "--status", "-q", name]), { status: 1, signal: null, out: "", err: "" });
});

claim("--status of a name that somebody else has bound says what is known", async () => {
  const name = ownName();
  await using other = await startSockets([`stream:${hex(name)}`]);
  const { status, out } = await statusOf(name);
  const reason = "the socket of that name does not listen, as that of a lock would";
  const open = `it is open in process ${other.child.pid} (python3)`;
  assertEquals({ status, out }, { status: 0, out: `${name} is held; by whom cannot be told: ${reason}; ${open}\n` });
});

claim("--expect-uid makes a failure of a lock that somebody else has, whatever was asked for conflicts", async () => {
  const name = ownName();
  const through = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
  await using _squatter = await startSockets([`stream:${hex(name)}`, "listen"], { through });
  const { status, err } = await ipcx(["lock", "-wq", "-E", "75", "--expect-uid", "root", name, "--", "true"]);
  assertEquals(status, 1);
  assert(err.endsWith("; only uid 0 is expected there: somebody else has taken the name\n"), err);
  const expected = await ipcx(["lock", "-q", "-E", "75", "--expect-uid", "65534", name, "--", "true"]);
  assertEquals(expected, { status: 75, signal: null, out: "", err: "" });
}, { skip: NEEDS_ROOT });

claim("arguments of CMD may be any bytes, the name has to be written", async () => {
  const name = ownName();
  const through = ["bash", "-c", `exec "$@" -- sh -c 'printf %s "$0" | od -An -tx1' $'a\\xff'`, "-"];
  const { out } = await ipcx(["lock", name], { through });
  assertEquals(out, " 61 ff\n");
  const { status, err } = await ipcx(["lock"], { through: ["bash", "-c", `exec "$@" $'@\\xff' -- true`, "-"] });
  assertEquals(status, 2);
  assert(err.startsWith("ipcx lock: '@\ufffd' is not UTF-8: in @NAME, write \\xHH; "), err);
});

claim("what does not go together is refused", async () => {
  const cases: [string[], string][] = [
    [[], "which @NAME?"],
    [["@x"], "which CMD? It stands behind --; --status tells who holds the name"],
    [["@x", "true"], "unexpected 'true'; a command stands behind --"],
    [["@x", "--"], "there is no command behind --"],
    [["@x", "--json", "--", "true"], "--json is for --status"],
    [["@x", "--status", "--", "true"], "--status takes no command"],
    [["@x", "--status", "--wait"], "--wait is for a command, not for --status"],
    [["@x", "--status", "--timeout=1"], "--timeout is for a command, not for --status"],
    [["@x", "--status", "-E1"], "--conflict-exit-code is for a command, not for --status"],
    [["@x", "--status", "-o"], "--close is for a command, not for --status"],
    [["@x", "--status", "--expect-uid=0"], "--expect-uid is for a command, not for --status"],
    [["/run/x", "--", "true"], "'/run/x' is no lock: only an abstract name can be one, such as @x; a file outlives"],
    [["x", "--status"], "'x' is no lock: only an abstract name can be one, such as @x; a file outlives"],
    [["@", "--", "true"], "'@' is no lock: behind the @ comes its name, 1 to 107 bytes"],
    [["@".padEnd(110, "x"), "--", "true"], "the abstract name '@xxx"],
  ];
  for (const [args, message] of cases) {
    const { status, out, err } = await ipcx(["lock", ...args]);
    assertEquals({ status, out }, { status: 2, out: "" }, args.join(" "));
    assert(err.startsWith(`ipcx lock: ${message}`), err);
  }
});
