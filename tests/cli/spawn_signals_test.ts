import { assertEquals, assertNotEquals } from "@std/assert";
import { claim, NEEDS_ROOT, OwnDirectory } from "../claim.ts";
import { compiled } from "../spawn/compiled.ts";
import { IPCX, Process, runProgram, stateOf, until } from "./program.ts";
import { spawned, startSpawn, told, waits } from "./spawning.ts";

const [KILL, CHLD, STOP, URG, WINCH, LAST] = [9, 17, 19, 23, 28, 64];
const NOT_FORWARDED = [CHLD, URG, WINCH];

/** All that can be sent, but for what nobody can catch and what ends heed. */
const ALL = Array.from({ length: LAST - 1 }, (_, at) => at + 1).filter((number) => ![KILL, STOP].includes(number));

/** Signals that the C library keeps to itself, which only the waiter can block. */
const LIBRARYS = [32, 33];

/** A stop takes away a SIGCONT that waits, and the other way round. */
const CONT = 18;

claim("every signal but CHLD, URG and WINCH reaches CMD, once", async () => {
  const order = ALL.map((number) => NOT_FORWARDED.includes(number) ? `-${number}` : `${number}`);
  const out = await told([compiled("heed.c"), "each", ...order]);
  assertEquals(out.split("\n").map(Number), ALL.filter((number) => !NOT_FORWARDED.includes(number)));
});

claim("signals that come before there is a waiter are not lost, not even in a burst", async () => {
  const burst = ALL.filter((number) => ![...NOT_FORWARDED, ...LIBRARYS, CONT].includes(number));
  const queued = [40, 40, 40, 41];
  for (let round = 0; round < 5; round++) {
    const out = await told([compiled("heed.c"), "burst", ...[...burst, ...queued].map(String)]);
    assertEquals(out.split("\n").map(Number).sort((a, b) => a - b), [...burst, ...queued].sort((a, b) => a - b));
  }
});

claim("a SIGTERM that CMD's start provokes ends CMD", async () => {
  for (let round = 0; round < 15; round++) {
    const { signal } = await spawned(["sh", "-c", "kill -TERM $PPID; exec sleep 60"]);
    assertEquals(signal, "SIGTERM");
  }
});

claim("SIGTERM at any time after the start ends all: CMD never runs on", async () => {
  for (let round = 0; round < 30; round++) {
    await using run: Process = startSpawn(["sleep", "60"]);
    await new Promise((resolve) => setTimeout(resolve, round * 2));
    run.kill("SIGTERM");
    // CMD has standard output, which ends when it ends.
    assertEquals((await run.ended()).signal, "SIGTERM", `after ${round * 2} ms`);
  }
});

claim("a file that takes long to open keeps nobody from ending ipcx", async () => {
  using directory = new OwnDirectory();
  const pipe = directory.file("pipe");
  await runProgram(["mkfifo", pipe]);
  await using run = startSpawn([`--net=${pipe}`, "true"]);
  const waits = (): boolean => Deno.readTextFileSync(`/proc/${run.child.pid}/wchan`) === "wait_for_partner";
  await until(waits, "it does not wait for a writer");
  run.kill("SIGTERM");
  assertEquals((await run.ended()).signal, "SIGTERM");
});

claim("what the caller ignores, such as nohup's SIGHUP, stays ignored", async () => {
  const script = "kill -HUP $$; kill -HUP $PPID; echo alive";
  const through = ["sh", "-c", 'trap "" HUP; exec "$@"', "sh"];
  for (const way of [[], ["--exec"]]) {
    const { status, out } = await spawned([...way, "sh", "-c", way.length ? "kill -HUP $$; echo alive" : script], {
      through,
    });
    assertEquals([status, out], [0, "alive\n"]);
  }
});

claim("a caller that ignores SIGCHLD learns how CMD ended all the same", async () => {
  const script =
    "import os, signal, sys; signal.signal(signal.SIGCHLD, signal.SIG_IGN); os.execvp(sys.argv[1], sys.argv[1:])";
  const through = ["/usr/bin/python3", "-ISc", script];
  assertEquals((await spawned(["sh", "-c", "exit 7"], { through })).status, 7);
  assertEquals((await spawned(["sh", "-c", "sleep 0.2; exit 8"], { through })).status, 8);
});

claim("no signal is ignored or blocked in CMD that the caller has not so", async () => {
  for (const way of [[], ["--exec"]]) {
    const out = await told([...way, "grep", "-E", "^Sig(Ign|Blk)", "/proc/self/status"]);
    const sets = out.split("\n").map((line) => BigInt(`0x${line.split("\t")[1]}`));
    // Those from 32 on are the C library's own and the applications'; the runtime touches none of them.
    assertEquals(sets.map((set) => set & 0x7fffffffn), [0n, 0n]);
  }
});

claim("a timer of ipcx's own, as of alarm(2), reaches CMD", async () => {
  const script = "import os, signal, sys; signal.alarm(1); os.execvp(sys.argv[1], sys.argv[1:])";
  const { signal } = await spawned(["sleep", "60"], { through: ["/usr/bin/python3", "-ISc", script] });
  assertEquals(signal, "SIGALRM");
});

claim("without a terminal a CMD that stops does not stop ipcx", async () => {
  await using run = new Process([...IPCX, "spawn", "sh", "-c", "echo $$ >&2; kill -STOP $$; exit 3"], {
    through: ["setsid"],
  });
  await run.says("\n");
  await waits(run.child.pid);
  await until(() => stateOf(Number(run.err)) === "T", "CMD does not stop");
  // It has been told of that by now, or will be in a moment.
  for (let look = 0; look < 50; look++) {
    assertNotEquals(stateOf(run.child.pid), "T");
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  run.kill("SIGCONT");
  assertEquals((await run.ended()).status, 3);
});

claim("as process 1 of a pid namespace it reaps orphans and ends as CMD ends", async () => {
  const init = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child", ...IPCX, "spawn"];
  // What has ended and is not reaped keeps its directory in /proc.
  const script =
    'echo $PPID; orphan=$(sh -c "sleep 0.05 >&- & echo \\$!"); while [ -d /proc/$orphan ]; do :; done; exit 7';
  const { status, out, err } = await runProgram([...init, "sh", "-c", script]);
  assertEquals([status, out, err], [7, "1\n", ""]);
  for (const number of [15, 9, 40]) {
    assertEquals((await runProgram([...init, "sh", "-c", `kill -${number} $$`])).status, 128 + number);
  }
}, { skip: NEEDS_ROOT });
