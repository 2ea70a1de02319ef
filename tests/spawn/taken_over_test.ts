import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { ClosedError } from "../../src/core/errors.ts";
import { ProcessManager } from "../../src/spawn/mod.ts";
import { claim, NEEDS_ROOT, OwnDirectory } from "../claim.ts";
import { Process, runProgram, until } from "../cli/program.ts";
import { lives, managerProgram, NEEDS_PYTHON, OwnManager, PROGRAMS, PYTHON, script } from "./managed.ts";
import { childrenOf } from "./output.ts";
import { NEEDS_CGROUP, OwnCgroup } from "./own_cgroup.ts";
import { ownProgram } from "./own_program.ts";

interface Started {
  identifier: string;
  uuid: string;
  pid: number;
}

/** A manager in a process of its own that has started something, and what. */
class OtherManager implements AsyncDisposable {
  readonly started: Started[] = [];
  readonly texts: string[] = [];
  readonly #process: Deno.ChildProcess;
  readonly #reading: Promise<void>;
  #isDone = false;

  private constructor(process: Deno.ChildProcess) {
    this.#process = process;
    this.#reading = this.#read();
  }

  static async start(options: object, ...processes: object[]): Promise<OtherManager> {
    const [program, ...args] = managerProgram(options, ...processes);
    const other = new OtherManager(new Deno.Command(program, { args, stdin: "null", stdout: "piped" }).spawn());
    await until(() => other.#isDone, "the other manager has not started all");
    return other;
  }

  async #read(): Promise<void> {
    let rest = "";
    for await (const text of this.#process.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      for (const line of lines.map((one) => JSON.parse(one))) {
        if (line.done) this.#isDone = true;
        else if (line.pid) this.started.push(line);
        else this.texts.push(line.text);
      }
    }
  }

  /** Kills the manager's process, and nothing else. */
  async kill(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#process.status;
    await this.#reading;
  }

  /** Kills the manager's process, and what it has started as well. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.kill();
    } catch {
      // It was killed already.
    }
    for (const { pid } of this.started.filter(({ pid }) => lives(pid))) Deno.kill(pid, "SIGKILL");
  }
}

function readState(path: string): { version: number; processes: Record<string, unknown>[] } {
  return JSON.parse(Deno.readTextFileSync(path));
}

claim("processes end with their manager's process, even if that is killed", async () => {
  await using other = await OtherManager.start(
    {},
    script("exec sleep 1000"),
    script("trap '' TERM HUP; echo set; while :; do sleep 1; done", { ready: { line: "set" } }),
    script("exec sleep 1000", { paused: true }),
  );
  const pids = other.started.map(({ pid }) => pid);
  assertEquals([pids.length, pids.every(lives)], [3, true]);
  await other.kill();
  await until(() => !pids.some(lives), "somebody lives on");
});

claim("with a state file they live on, and the next manager has them with all that they had", async () => {
  using directory = new OwnDirectory();
  const stateFile = directory.file("state");
  const prefix = `ipcx-test-${crypto.randomUUID().slice(0, 8)}-`;
  await using other = await OtherManager.start(
    { stateFile, socketPrefix: prefix },
    {
      ...script(`exec ${PYTHON} ${PROGRAMS}/http_server.py`, { identifier: "server", withSocket: true }),
      ready: "connect",
      awaitsReady: true,
    },
    script("exec sleep 1000", { identifier: "sleeper", grace: 4321 }),
  );
  assertEquals(Deno.statSync(stateFile).mode! & 0o777, 0o600);
  await other.kill();
  assert(other.started.every(({ pid }) => lives(pid)));

  await using own = new OwnManager({ stateFile, socketPrefix: "other-" });
  const told: string[] = [];
  for (const type of ["started", "failed", "ended"] as const) {
    own.manager.addEventListener(type, ({ identifier }) => told.push(`${identifier} ${type}`));
  }
  const [server, sleeper] = own.manager.list();
  assertEquals(own.manager.counters, { started: 0, live: 2, failed: 0, ended: 0 });
  for (const [at, process] of [server, sleeper].entries()) {
    const { identifier, uuid, pid } = process;
    assertEquals({ identifier, uuid, pid }, other.started[at]);
    assertEquals([process.state, process.isTakenOver, process.command], ["running", true, "sh"]);
    assert(process.startedAt.getTime() <= Date.now());
  }
  await server.ready;
  assertEquals(`${server.address}`, `@${prefix}server`);
  assertEquals((await (await server.fetch("/again")).json()).pid, server.pid);
  assertThrows(() => server.stdin, TypeError, "'server' was taken over: its pipes went with its first manager");

  assertThrows(() => own.manager.start(script("true", { identifier: "server" })), Error, "is running already");
  const status = await server.stop();
  assertEquals([status!.signal, status!.code, status!.usage], ["SIGTERM", 143, undefined]);
  await assertRejects(() => server.connect(), Error, "ECONNREFUSED");
  assertEquals(readState(stateFile).processes.map(({ identifier }) => identifier), ["sleeper"]);
  await own.manager.start(script("true", { identifier: "server" })).status;
  await own.manager.shutdown();
  assert(!lives(sleeper.pid));
  assertEquals(readState(stateFile), { version: 1, processes: [] });
  assertEquals(told, ["server failed", "server ended", "server started", "server ended", "sleeper ended"]);
  assertEquals(Array.from(Deno.readDirSync(directory.path), ({ name }) => name).sort(), ["state", "state.lock"]);
}, { skip: NEEDS_PYTHON });

claim("no line is lost between two managers, and nobody dies of printing meanwhile", async () => {
  using directory = new OwnDirectory();
  const stateFile = directory.file("state");
  const go = directory.file("go");
  await using other = await OtherManager.start(
    { stateFile },
    script(
      `echo before; while ! test -e ${go}; do sleep 0.01; done; echo between; echo wrong >&2; touch ${go}.2;
       while ! test -e ${go}.3; do sleep 0.01; done; echo after; exit 9`,
      { identifier: "talker", ready: { line: "before" } },
    ),
  );
  await until(() => other.texts.includes("before"), "not a word");
  await other.kill();
  Deno.writeTextFileSync(go, "");
  await until(() => Deno.statSync(`${go}.2`).isFile, "it does not print without a reader");
  await using own = new OwnManager({ stateFile });
  const talker = own.manager.get("talker")!;
  await own.says("between");
  Deno.writeTextFileSync(`${go}.3`, "");
  const status = await talker.status;
  assertEquals([status!.code, status!.success, status!.signal], [9, false, null]);
  assertEquals(own.lines.toSorted((one, two) => one.stream < two.stream ? -1 : one.stream > two.stream ? 1 : 0), [
    { identifier: "talker", pid: talker.pid, stream: "stderr", text: "wrong", truncated: false },
    { identifier: "talker", pid: talker.pid, stream: "stdout", text: "between", truncated: false },
    { identifier: "talker", pid: talker.pid, stream: "stdout", text: "after", truncated: false },
  ]);
});

claim("one that ignores SIGTERM is killed with all that came of it, also after it was taken over", async () => {
  using directory = new OwnDirectory();
  const stateFile = directory.file("state");
  await using other = await OtherManager.start(
    { stateFile, grace: 20 },
    script("trap '' TERM; sleep 1000 & echo $!; wait; sleep 1000", { identifier: "deaf", ready: { line: /\d/ } }),
    script("sleep 1000 & echo $!; exec sleep 1000", { identifier: "parent", ready: { line: /\d/ } }),
  );
  await until(() => other.texts.length === 2, "not a word");
  const children = other.texts.map(Number);
  await other.kill();
  await using own = new OwnManager({ stateFile });
  assertEquals((await own.manager.get("deaf")!.stop())!.signal, "SIGKILL");
  assertEquals((await own.manager.get("parent")!.stop())!.signal, "SIGTERM");
  await until(() => !children.some(lives), "their children live on");
});

claim("a control group of its own ends with a process that was taken over", async () => {
  using directory = new OwnDirectory();
  await using group = new OwnCgroup();
  const stateFile = directory.file("state");
  await using other = await OtherManager.start(
    { stateFile },
    script("setsid sleep 1000 & echo $!; exec sleep 1000", {
      identifier: "x",
      ready: { line: /\d/ },
      cgroup: group.name,
    }),
  );
  await until(() => other.texts.length === 1, "not a word");
  await other.kill();
  await using own = new OwnManager({ stateFile });
  own.manager.get("x")!.kill("SIGKILL");
  await own.manager.get("x")!.status;
  await until(() => !lives(Number(other.texts[0])), "who has fled lives on");
}, { skip: NEEDS_CGROUP });

claim("a process that was not ready is taken over as one of whom that is not known", async () => {
  using directory = new OwnDirectory();
  const stateFile = directory.file("state");
  await using other = await OtherManager.start(
    { stateFile },
    script("exec sleep 1000", { identifier: "slow", ready: "notify" }),
    script("echo ran; exec sleep 1000", { identifier: "still", paused: true }),
  );
  await other.kill();
  await using own = new OwnManager({ stateFile });
  const error = await assertRejects(() => own.manager.get("slow")!.ready, Error);
  assertEquals(error.message, "'slow' was taken over before it was ready: whether it is now is not known");
  const still = own.manager.get("still")!;
  assertEquals(still.state, "paused");
  still.resume();
  await own.says("ran");
  assertEquals(readState(stateFile).processes.map(({ isPaused }) => isPaused), [false, false]);
  assertEquals(own.manager.counters.failed, 0);
});

claim("a process that has ended meanwhile is not taken over", async () => {
  using directory = new OwnDirectory();
  const stateFile = directory.file("state");
  await using other = await OtherManager.start({ stateFile }, script("exec sleep 1000", { identifier: "x" }));
  await other.kill();
  const [{ pid }] = other.started;
  Deno.kill(pid, "SIGKILL");
  // Its new parent has to reap it: until then it is still there, and ends at once.
  await until(() => !lives(pid), "it does not end");
  await using own = new OwnManager({ stateFile });
  await own.manager.get("x")?.status;
  assertEquals(own.manager.list(), []);
  assertEquals(readState(stateFile).processes, []);
});

claim("nobody is touched who only has the number of one who was managed", async () => {
  using directory = new OwnDirectory();
  const stateFile = directory.file("state");
  await using bystander = new Process(["sleep", "1000"]);
  const { pid } = bystander.child;
  let recorded: Record<string, unknown>;
  {
    await using own = new OwnManager({ stateFile });
    own.manager.start(script("exec sleep 1000", { identifier: "x" }));
    recorded = readState(stateFile).processes[0];
  }
  const stat = Deno.readTextFileSync(`/proc/${pid}/stat`).split(") ")[1].split(" ");
  const identity = { ...recorded.identity as object, pid, startTime: Number(stat[19]) } as Record<string, unknown>;
  const { bootId, startTime } = identity;
  // Since Linux 6.9 each process's pidfd has an inode of its own.
  const [major, minor] = Deno.osRelease().split(".").map(Number);
  const pidfdsDiffer = major > 6 || (major === 6 && minor >= 9);
  // Each alone must be enough to tell them apart.
  const others = [
    ...(pidfdsDiffer ? [identity] : []), // with the inode of the first one
    { ...identity, startTime: Number(startTime) - 1 },
    { ...identity, bootId: crypto.randomUUID() },
    { ...identity, pid: 0x7fff_fffe },
  ];
  for (const one of others) {
    const state = { version: 1, processes: [{ ...recorded, identity: one }] };
    Deno.writeTextFileSync(stateFile, JSON.stringify(state), { mode: 0o600 });
    await using own = new OwnManager({ stateFile });
    assertEquals(own.manager.list(), [], JSON.stringify(one));
  }
  assertMatch(String(bootId), /^[0-9a-f-]{36}$/);
  assert(lives(pid));
});

claim("a state file has one manager at a time", async () => {
  using directory = new OwnDirectory();
  const stateFile = directory.file("state");
  {
    await using _own = new OwnManager({ stateFile });
    const error = assertThrows(() => new ProcessManager({ stateFile }), Error);
    assertEquals(error.message, `${stateFile} belongs to a process manager that is running`);
  }
  await new ProcessManager({ stateFile }).shutdown();
});

claim("a state file that cannot be understood is an error that says where and why", () => {
  using directory = new OwnDirectory();
  const stateFile = directory.file("state");
  const record = {
    identifier: "x",
    uuid: "u",
    identity: { pid: 2, startTime: 1, inode: "1", bootId: "b" },
    ownPid: 2,
    command: "c",
    startedAt: "2026-01-01T00:00:00Z",
    grace: 1,
    isPaused: false,
    isReady: true,
  };
  const bad: [unknown, string][] = [
    ["{", "JSON"],
    [null, "its version is undefined, not 1"],
    [{ version: 2, processes: [] }, "its version is 2, not 1"],
    [{ version: 1, processes: {} }, "processes is no list"],
    [{ version: 1, processes: [record, null] }, "processes[1].it is not as it should be"],
    ...Object.keys(record).map((name): [unknown, string] => [
      { version: 1, processes: [{ ...record, [name]: [] }] },
      `processes[0].${name} is not as it should be`,
    ]),
    [{ version: 1, processes: [{ ...record, identity: { ...record.identity, pid: 1 } }] }, "processes[0].identity"],
    [{ version: 1, processes: [{ ...record, socket: { address: "@x", type: "dgram" } }] }, "processes[0].socket"],
    [{ version: 1, processes: [{ ...record, socket: { address: "x", type: "stream" } }] }, "processes[0].socket"],
    [{ version: 1, processes: [{ ...record, startedAt: "soon" }] }, "processes[0].startedAt"],
  ];
  for (const [state, reason] of bad) {
    const text = typeof state === "string" ? state : JSON.stringify(state);
    Deno.writeTextFileSync(stateFile, text, { mode: 0o600 });
    const error = assertThrows(() => new ProcessManager({ stateFile }), Error);
    assert(error.message.startsWith(`${stateFile} holds no state of a process manager (`), error.message);
    assert(error.message.includes(reason), `${error.message}: no '${reason}'`);
    assert(error.message.endsWith("): remove it, and its processes are on their own"), error.message);
    assertEquals(Deno.readTextFileSync(stateFile), text);
  }
});

claim("a state file that others may write to is not believed", async () => {
  using directory = new OwnDirectory();
  const stateFile = directory.file("state");
  await new ProcessManager({ stateFile }).shutdown();
  const message = `${stateFile} may be written to by others: it must be this user's, with mode 600`;
  for (const mode of [0o620, 0o602]) {
    Deno.chmodSync(stateFile, mode);
    assertThrows(() => new ProcessManager({ stateFile }), Error, message);
  }
  Deno.chmodSync(stateFile, 0o600);
  if (Deno.uid() === 0) {
    Deno.chownSync(stateFile, 65534, null);
    assertThrows(() => new ProcessManager({ stateFile }), Error, message);
  }
});

claim("an empty state file is one without processes", async () => {
  using directory = new OwnDirectory();
  for (const text of ["", "\0\0\0"]) {
    const stateFile = directory.file(`state-${text.length}`);
    Deno.writeTextFileSync(stateFile, text, { mode: 0o600 });
    await using manager = new ProcessManager({ stateFile });
    assertEquals(manager.list(), []);
  }
});

claim(
  "what stands where the state file is drafted is replaced, and nothing that it leads to is written to",
  async () => {
    using directory = new OwnDirectory();
    const [stateFile, other] = ["state", "other"].map((name) => directory.file(name));
    Deno.writeTextFileSync(other, "precious");
    const traps = [
      () => Deno.symlinkSync(other, `${stateFile}.new`),
      () => Deno.linkSync(other, `${stateFile}.new`),
      () => Deno.writeTextFileSync(`${stateFile}.new`, "half of it", { mode: 0o666 }),
      () => {
        Deno.writeTextFileSync(`${stateFile}.new`, "");
        if (Deno.uid() === 0) Deno.chownSync(`${stateFile}.new`, 65534, null);
      },
    ];
    for (const trap of traps) {
      trap();
      await new ProcessManager({ stateFile }).shutdown();
      await new ProcessManager({ stateFile }).shutdown();
      const { isFile, uid, mode } = Deno.lstatSync(stateFile);
      assertEquals([isFile, uid, mode! & 0o777], [true, Deno.uid(), 0o600]);
      assertEquals(Deno.readTextFileSync(other), "precious");
    }
  },
);

claim("a start that cannot be remembered fails, and nothing of it is left", async () => {
  using directory = new OwnDirectory();
  const folder = directory.file("folder");
  Deno.mkdirSync(folder);
  const own = new OwnManager({ stateFile: `${folder}/state` });
  Deno.removeSync(folder, { recursive: true });
  const told: string[] = [];
  for (const type of ["started", "failed", "ended"] as const) own.manager.addEventListener(type, () => told.push(type));
  const before = childrenOf(Deno.pid);
  assertThrows(() => own.manager.start(script("exec sleep 1000")), Deno.errors.NotFound);
  assertEquals([own.manager.list(), told], [[], ["failed"]]);
  await until(() => childrenOf(Deno.pid).every((pid) => before.includes(pid)), "a child is left");
  await own.manager.shutdown();
});

claim(
  "a start fails, and nothing of it is left, where the kernel does not tell what makes a process that one",
  async () => {
    using directory = new OwnDirectory();
    // Without the file there is no telling one start of the host from another.
    const hide = 'mount -t tmpfs none /proc/sys/kernel/random && exec "$@"';
    const program = [...ownProgram("start_unidentified.ts"), directory.file("state")];
    const { out, err } = await runProgram(["unshare", "--mount", "sh", "-c", hide, "-", ...program]);
    assertEquals([JSON.parse(out), err], [{ error: "NotFound", live: 0, children: 0 }, ""]);
  },
  { skip: NEEDS_ROOT },
);

claim("a manager can let go of its processes for the next one", async () => {
  using directory = new OwnDirectory();
  const stateFile = directory.file("state");
  const own = new OwnManager({ stateFile });
  const process = own.manager.start(
    script("echo hello; read -r line; echo $line", { stdin: "piped", identifier: "x" }),
  );
  const waiting = own.manager.start(script("exec sleep 1000", { identifier: "y", ready: "notify" }));
  await own.says("hello");
  own.manager.detach();
  assertEquals(own.manager.list(), []);
  const error = await assertRejects(() => waiting.ready, ClosedError);
  assertEquals(error.message, "the manager has let go of 'y' before it was ready");
  assertThrows(
    () => own.manager.start(script("true")),
    ClosedError,
    "the process manager has let go of its processes",
  );
  await own.manager.shutdown();
  assert(lives(process.pid) && lives(waiting.pid));

  await using next = new OwnManager({ stateFile });
  const same = next.manager.get("x")!;
  assertEquals([same.pid, same.uuid], [process.pid, process.uuid]);
  const writer = process.stdin.getWriter();
  await writer.write(new TextEncoder().encode("goodbye\n"));
  await writer.close();
  await same.status;
  assertEquals([own.texts, next.texts], [["hello"], ["goodbye"]]);
});

claim("without a state file nobody could take the processes over, so they are not let go", async () => {
  await using own = new OwnManager();
  const process = own.manager.start(script("exec sleep 1000"));
  assertThrows(
    () => own.manager.detach(),
    TypeError,
    "without a state file nobody could take the processes over",
  );
  assertEquals(own.manager.list(), [process]);
});

claim("a process can have a death signal although there is a state file", async () => {
  using directory = new OwnDirectory();
  await using other = await OtherManager.start(
    { stateFile: directory.file("state") },
    script("exec sleep 1000", { deathSignal: "SIGKILL" }),
  );
  const [{ pid }] = other.started;
  await other.kill();
  await until(() => !lives(pid), "it lives on");
});

claim("the state of another user's process is known as well", async () => {
  using directory = new OwnDirectory();
  Deno.chmodSync(directory.path, 0o755);
  const [stateFile, go] = [directory.file("state"), directory.file("go")];
  await using other = await OtherManager.start(
    { stateFile },
    script(`while ! test -e ${go}; do sleep 0.01; done; exit 6`, { identifier: "x", uid: 65534, gid: 65534 }),
  );
  await other.kill();
  await using own = new OwnManager({ stateFile });
  Deno.writeTextFileSync(go, "");
  assertEquals((await own.manager.get("x")!.status)!.code, 6);
}, { skip: NEEDS_ROOT });
