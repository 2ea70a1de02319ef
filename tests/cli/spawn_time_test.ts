import { assert, assertEquals } from "@std/assert";
import { claim, NEEDS_ROOT } from "../claim.ts";
import { Target } from "../spawn/target.ts";
import { type Process, stateOf, until } from "./program.ts";
import { PYTHON, spawned, startSpawn, waits } from "./spawning.ts";

/** Starts what follows with SIGTERM ignored, for ever: a program cannot be quicker. */
const DEAF = ["sh", "-c", 'trap "" TERM; exec "$@"', "sh"];

/** Says that it is there and waits. */
const WAIT = ["sh", "-c", "echo up >&2; exec sleep 60"];

/** Whether a process is there, be it stopped. */
function isThere(pid: number): boolean {
  return ![undefined, "Z", "X"].includes(stateOf(pid));
}

claim("--timeout ends CMD with SIGTERM, with status 124", async () => {
  const { status, signal, out } = await spawned(["--timeout", "50ms", "--status-fd", "1", "sleep", "60"]);
  assertEquals([status, signal], [124, null]);
  assert(out.includes('"signal":"SIGTERM"'), out);
});

claim("a CMD that ends in time has its own status, and 0 stands for no limit", async () => {
  assertEquals((await spawned(["--timeout", "60s", "sh", "-c", "exit 3"])).status, 3);
  assertEquals((await spawned(["--timeout", "0", "sh", "-c", "exit 3"])).status, 3);
});

claim("a CMD that does not heed SIGTERM is killed after --grace, also with status 124", async () => {
  const command = ["--timeout", "30ms", "--grace", "30ms", "--status-fd", "1", "sleep", "60"];
  const { status, out } = await spawned(command, { through: DEAF });
  assertEquals(status, 124);
  assert(out.includes('"signal":"SIGKILL"'), out);
});

claim("--grace is what a CMD has to end in order", async () => {
  const script = "import signal, sys\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit('in order'))\nsignal.pause()";
  // Within the time that it has, it must have said what it does when told to end.
  const { status, err } = await spawned(["--timeout", "3s", "--grace", "60s", ...PYTHON, script]);
  assertEquals([status, err], [124, "in order\n"]);
});

claim("a CMD that is stopped ends all the same", async () => {
  const { status, out } = await spawned(["--timeout", "50ms", "--status-fd", "1", "sh", "-c", "kill -STOP $$"]);
  assertEquals(status, 124);
  assert(out.includes('"signal":"SIGTERM"'), out);
});

claim("in a session of its own, all of CMD's group is told", async () => {
  // Its child has standard output, which ends when both have.
  const { status } = await spawned(["--new-session", "--timeout", "100ms", "sh", "-c", "sleep 60 & wait"]);
  assertEquals(status, 124);
});

claim("--kill-child: when ipcx is killed, CMD is killed, the waiter or not yet", async () => {
  await using late = startSpawn(["--kill-child", ...WAIT]);
  await late.says("up");
  await waits(late.child.pid);
  late.kill("SIGKILL");
  // CMD has standard error: that ends with it.
  assertEquals((await late.ended()).signal, "SIGKILL");

  const early = await spawned(["--kill-child", "sh", "-c", "kill -KILL $PPID; exec sleep 60"]);
  assertEquals(early.signal, "SIGKILL");
});

claim("without --kill-child CMD outlives ipcx", async () => {
  const { signal, out } = await spawned(["sh", "-c", "echo $$; kill -KILL $PPID; exec sleep 60 >&- 2>&-"]);
  assertEquals(signal, "SIGKILL");
  assert(isThere(Number(out)));
  Deno.kill(Number(out), "SIGKILL");
});

claim("--kill-child=SIGNAL sends another signal, by its name or number", async () => {
  for (const signal of ["TERM", "SIGTERM", "15"]) {
    const script = "import os, signal\n" +
      "signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})\n" +
      "os.kill(os.getppid(), signal.SIGKILL)\n" +
      "signal.sigwait({signal.SIGTERM})\nos.write(2, b'told')";
    const { signal: died, err } = await spawned([`--kill-child=${signal}`, ...PYTHON, script]);
    assertEquals([died, err], ["SIGKILL", "told"]);
  }
});

claim("--kill-child reaches CMD as another user, in another pid namespace, and both", async () => {
  await using target = await Target.start(["pid"]);
  const [user, pid] = [["--uid", "65534", "--gid", "65534"], [`--pid=${target.pid}`]];
  for (const options of [user, pid, [...user, ...pid]]) {
    await using run: Process = startSpawn(["--kill-child", ...options, ...WAIT]);
    await run.says("up");
    run.kill("SIGKILL");
    assertEquals((await run.ended()).signal, "SIGKILL", `${options}`);
  }
}, { skip: NEEDS_ROOT });

claim("--kill-child holds for a CMD that --local has moved", async () => {
  await using target = await Target.start(["mnt", "pid"]);
  await using run = startSpawn(["--kill-child", "-lat", `${target.pid}`, "--status-fd", "2", "sleep", "60"]);
  await run.says("started");
  const { pid } = JSON.parse(run.err);
  run.kill("SIGKILL");
  await until(() => !isThere(pid), "CMD lives on");
  await run.ended();
}, { skip: NEEDS_ROOT });
