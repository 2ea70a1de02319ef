import { assert, assertEquals, assertThrows } from "@std/assert";
import { claim, NEEDS_ROOT, OwnDirectory, ownName } from "../claim.ts";
import { compiled, missing } from "../spawn/compiled.ts";
import { type Process, until } from "./program.ts";
import { openIn, spawned, startSpawn, told, waits } from "./spawning.ts";

/** The most that a waiter may have in memory, in kilobytes. */
const MOST_MEMORY_KB = 3 * 1024;

const SLEEP = ["sh", "-c", "echo up >&2; exec sleep 60"];

/** Starts a CMD that says that it is up and sleeps, and waits until there is a waiter. */
async function waiting(options: readonly string[], how: Parameters<typeof startSpawn>[1] = {}): Promise<Process> {
  const run = startSpawn([...options, ...SLEEP], how);
  if (!options.includes("--pty")) await run.says("up");
  await waits(run.child.pid);
  return run;
}

function statusOf(pid: number): Record<string, string> {
  const lines = Deno.readTextFileSync(`/proc/${pid}/status`).trimEnd().split("\n");
  return Object.fromEntries(lines.map((line) => line.split(":\t")));
}

/** What it has open beside the standard streams: what each stands for, without numbers. */
function others(pid: number): string[] {
  const open = Object.entries(openIn(pid)).filter(([number]) => Number(number) > 2);
  return open.map(([, what]) => what.replaceAll(/\d+/g, "N")).sort();
}

claim("the waiter needs no more than 3 MB of memory, one thread and no processor time", async () => {
  await using run = await waiting(["--timeout", "60", "--kill-child"]);
  const { pid } = run.child;
  const { VmRSS, Threads } = statusOf(pid);
  assert(parseInt(VmRSS) <= MOST_MEMORY_KB, VmRSS);
  assertEquals(Threads, "1");
  // Not even woken: it may have been on its way to sleep when it was first looked at, but not each time.
  const work = (): string[] => {
    const { voluntary_ctxt_switches, State } = statusOf(pid);
    return [voluntary_ctxt_switches, State, ...Deno.readTextFileSync(`/proc/${pid}/stat`).split(" ").slice(13, 15)];
  };
  let [before, after] = [[""], work()];
  for (let look = 0; look < 5 && `${after}` !== `${before}`; look++) {
    before = work();
    await new Promise((resolve) => setTimeout(resolve, 300));
    after = work();
  }
  assertEquals(after, before);
  assertEquals(after[1][0], "S");
  await run.stop();
});

/** In a pid namespace of its own, which has the setting for itself. */
const WITHOUT_PROGRAMS_IN_MEMORY = [
  ...["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"],
  ...["sh", "-c", 'echo 2 > /proc/sys/vm/memfd_noexec && exec "$@"', "sh"],
];

claim("where no waiter can be, CMD does not run either", async () => {
  using directory = new OwnDirectory();
  const witness = directory.file("ran");
  const { status, err } = await spawned(["touch", witness], { through: WITHOUT_PROGRAMS_IN_MEMORY });
  const hint = "this host forbids programs in memory: sysctl vm.memfd_noexec=1";
  assertEquals([status, err], [1, `ipcx spawn: memfd_create: Permission denied (EACCES); ${hint}\n`]);
  assertThrows(() => Deno.statSync(witness), Deno.errors.NotFound);
}, { skip: NEEDS_ROOT || missing("/proc/sys/vm/memfd_noexec") });

claim("it is the process that was started, and shows its arguments", async () => {
  await using run = await waiting(["--listen", `3=${ownName()}`]);
  const { pid } = run.child;
  const shown = Deno.readTextFileSync(`/proc/${pid}/cmdline`).split("\0");
  assertEquals(shown.slice(0, 3), ["ipcx", "spawn", "--listen"]);
  assertEquals(shown.slice(4, -1), SLEEP);
  assertEquals(Deno.readTextFileSync(`/proc/${pid}/comm`), "ipcx\n");
  const child = Number(Deno.readTextFileSync(`/proc/${pid}/task/${pid}/children`));
  await until(() => Deno.readTextFileSync(`/proc/${child}/comm`) === "sleep\n", "its child is another one");
  await run.stop();
});

claim("it holds no descriptor that others wait on, only what it needs itself", async () => {
  using directory = new OwnDirectory();
  const through = ["bash", "-c", 'exec 7>"$0" 8>"$0"; exec "$@"', directory.file("status")];
  const cases: [string[], string[], boolean][] = [
    [[], ["anon_inode:[signalfd]"], true],
    [["-k7", "-k8=3", "--listen", `5=${ownName()}`], ["anon_inode:[signalfd]"], true],
    [["--status-fd", "7"], ["anon_inode:[signalfd]", directory.file("status").replaceAll(/\d+/g, "N")], true],
    [
      ["--pid-file", directory.file("pid")],
      ["anon_inode:[signalfd]", directory.file("pid").replaceAll(/\d+/g, "N")],
      true,
    ],
    [["--socketpair", "3=-"], ["anon_inode:[signalfd]", "socket:[N]"], false],
    [["--pty"], ["/dev/ptmx", "/dev/pts/N", "anon_inode:[signalfd]"], false],
  ];
  for (const [options, wanted, hasNoStreams] of cases) {
    await using run = await waiting(options, { through, input: "open" });
    const { pid } = run.child;
    await until(() => `${others(pid)}` === `${wanted.sort()}`, `${options}: not ${wanted}`);
    const streams = [0, 1, 2].map((number) => openIn(pid)[number]);
    if (hasNoStreams) assertEquals(streams, Array(3).fill("/dev/null"));
    else assert(streams.every((what) => what.startsWith("pipe:")), `${streams}`);
    await run.stop();
  }
});

claim("a pipe that CMD closes ends for its reader, though ipcx waits on", async () => {
  await using run = startSpawn(["sh", "-c", "echo done; exec >&- ; echo up >&2; exec sleep 60"]);
  assertEquals(await run.out, "done\n");
  run.kill("SIGTERM");
  assertEquals((await run.child.status).signal, "SIGTERM");
});

claim("with --exec there is no waiter: ipcx itself is CMD, with nothing of the runtime's", async () => {
  await using run = startSpawn(["--exec", ...SLEEP]);
  await until(() => Deno.readTextFileSync(`/proc/${run.child.pid}/cmdline`) === "sleep\x0060\0", "it is not CMD");
  // A moment later only: until then CMD's loader has files of its own open.
  await until(() => `${Object.keys(openIn(run.child.pid))}` === "0,1,2", "there is more than the streams");
  await run.stop();
  const ppid = `${Deno.pid}`;
  assertEquals(await told(["--exec", "sh", "-c", "echo $PPID"]), ppid);
});

claim("CMD finds neither the waiter's variables nor a trace of it", async () => {
  for (const way of [[], ["--exec"]]) {
    const names = (await told([...way, "env"])).split("\n").map((line) => line.split("=")[0]);
    assertEquals(names.filter((name) => name.startsWith("IPCX_")), []);
    const { out } = await spawned([...way, compiled("look.c")]);
    assert(out.includes("fds=0 1 2\n"), out);
  }
});
