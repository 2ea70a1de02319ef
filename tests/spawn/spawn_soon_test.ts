import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { ClosedError, SystemError } from "../../src/core/errors.ts";
import { openPipe } from "../../src/core/pipe.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { type SoonOptions, spawnSoon, type Started } from "../../src/spawn/mod.ts";
import { runProgram, stateOf, until, within } from "../cli/program.ts";
import { claim } from "../claim.ts";
import { refusal } from "./output.ts";
import { ownProgram } from "./own_program.ts";
import { closePipes, line, restOf, runSoon, startSoon } from "./soon.ts";

claim("a process is told of with all that it prints, and how it ended", async () => {
  const { child, out, err } = await runSoon(line("echo out; echo err >&2; exit 3"));
  assertEquals([out, err], ["out\n", "err\n"]);
  const { success, code, signal, usage } = await child.status;
  assertEquals([success, code, signal], [false, 3, null]);
  assert(usage.maxRss > 0 && child.pid > 1 && child.ownPid === child.pid);
  assertEquals((await (await runSoon(line("kill -9 $$"))).child.status).signal, "SIGKILL");
});

claim("one that goes on is handed over as it is", async () => {
  const { reader, writer } = openPipe();
  const told = await startSoon({ ...line("echo early; read late; echo $late; exit 4"), stdin: reader });
  reader.close();
  assertEquals([told.child.hasEnded, told.child.pidfd.isOpen], [false, true]);
  const socket = Deno.openSync(`/proc/self/fd/${writer.number}`, { write: true });
  socket.writeSync(new TextEncoder().encode("late\n"));
  socket.close();
  writer.close();
  const { child, out } = await restOf(told);
  assertEquals([out, (await child.status).code], ["early\nlate\n", 4]);
});

claim("what fails is told as it is of spawn, and leaves nothing", async () => {
  const wrong: SoonOptions[] = [
    { command: "/nowhere/at/all" },
    { command: "/dev/null" },
    { command: "true", fds: { 100_000_000: 0 } },
    { command: "true", args: ["x".repeat(200_000)] },
  ];
  for (const options of wrong) {
    const error = await assertRejects(() => startSoon(options), SystemError);
    const { message, code, syscall } = refusal(options);
    assertEquals([error.message, error.code, error.syscall], [message, code, syscall]);
  }
});

claim("what is wrong before anything is done is thrown at once, and leaves nothing open", () => {
  const broken: [SoonOptions, ErrorConstructor | typeof SystemError, string][] = [
    [{ command: "true", wd: "/nowhere/at/all" }, SystemError, "/nowhere/at/all"],
    [{ command: "true", cgroup: "/nowhere/at/all" }, SystemError, "/nowhere/at/all"],
    [{ command: "true", namespaces: { net: "/nowhere/at/all" } }, SystemError, "/nowhere/at/all"],
    [{ command: "true", listenFdNames: ["a"] }, TypeError, "there is no descriptor 3"],
    [{ command: "true", deathSignal: "SIGNONE" }, TypeError, "SIGNONE"],
    [{ command: "true", args: ["a\0b"], deathSignal: "SIGKILL", wd: "/" }, TypeError, "NUL"],
  ];
  for (const [options, kind, text] of broken) {
    const handler = {
      onStarted: () => assert(false, "it was started"),
      onFailed: () => assert(false, "it was told as well"),
    };
    assertThrows(() => spawnSoon(options, handler), kind, text);
  }
});

claim("the handler is told once, and never before the call returns", async () => {
  for (const command of ["true", "/nowhere/at/all", "true"]) {
    let times = 0, hasReturned = false;
    const { promise, resolve } = Promise.withResolvers<void>();
    const tell = () => {
      assert(hasReturned);
      times++;
      resolve();
    };
    const onStarted = (started: Started) => {
      closePipes(started);
      tell();
    };
    spawnSoon({ command }, { onStarted, onFailed: tell });
    hasReturned = true;
    await within(promise, "nothing is told");
    await runSoon(line(":"));
    assertEquals(times, 1);
  }
});

claim("one that prints more than is kept is handed over with the rest in its pipe", async () => {
  const many = "head -c 300000 /dev/zero | tr '\\0' x";
  const told = await startSoon(line(`${many}; ${many} >&2; echo end`));
  assert(told.printed[0].length <= 65_536 && told.pipes[0]);
  const { out, err } = await restOf(told);
  assertEquals([out.length, err.length], [300_004, 300_000]);
  assert(out.endsWith("xend\n"));
});

claim("a stream that another process holds is handed over, and not waited for", async () => {
  const told = await startSoon({ ...line("exec 2>/dev/null; sleep 1000 & echo $!"), processGroup: true });
  await within(told.child.status, "it is waited for");
  assert(told.pipes[0]);
  assertEquals(told.child.isTreeAlive, true);
  assertEquals(told.child.killTree(), true);
  const { out, child } = await restOf(told);
  assert(Number(out) > 1);
  await until(() => !child.isTreeRunning, "somebody lives on");
});

claim("a child that has ended can be asked all that one can that runs", async () => {
  const options = { ...line("exit 7"), processGroup: true };
  let { child } = await runSoon(options);
  assertEquals([child.hasEnded, child.kill(), child.killTree(), child.isTreeAlive], [true, false, false, false]);
  assertThrows(() => child.pidfd, ClosedError);
  assertThrows(() => child.stdout, TypeError);
  child.ref();
  child.unref();
  ({ child } = await runSoon(line(":")));
  assertThrows(() => child.killTree(), TypeError);
  assertThrows(() => child.isTreeAlive, TypeError);
});

claim("of many at once none is lost, nor mixed up with another", async () => {
  const all = Array.from({ length: 300 }, async (_, at) => {
    if (at % 7 === 0) {
      return await assertRejects(() => startSoon({ command: `/nowhere/${at}` }), Error, `/nowhere/${at}`);
    }
    const { child, out, err } = await runSoon(line(`echo ${at}; echo -${at} >&2; exit ${at % 100}`));
    assertEquals([out, err, (await child.status).code], [`${at}\n`, `-${at}\n`, at % 100]);
  });
  await Promise.all(all);
});

claim("a handler may start the next one, and so on", async () => {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let left = 100;
  const next = (): void =>
    spawnSoon({ command: "true" }, {
      onStarted(started) {
        closePipes(started);
        if (--left === 0) resolve();
        else next();
      },
      onFailed: reject,
    });
  next();
  await within(promise, "the row ends early");
});

claim("what a handler throws is reported, and others are told", async () => {
  const failure = new Error("a faulty handler");
  const { promise: reported, resolve } = Promise.withResolvers<unknown>();
  const listen = (event: ErrorEvent): void => {
    event.preventDefault();
    resolve(event.error);
  };
  globalThis.addEventListener("error", listen);
  spawnSoon({ command: "true" }, {
    onStarted(started) {
      closePipes(started);
      throw failure;
    },
    onFailed() {},
  });
  const others = Array.from({ length: 20 }, () => runSoon(line("echo on")));
  assertEquals(await within(reported, "nothing is reported"), failure);
  globalThis.removeEventListener("error", listen);
  for (const other of others) assertEquals((await other).out, "on\n");
});

claim("standard input is empty unless it is given, and descriptors have their numbers", async () => {
  assertEquals((await runSoon(line("readlink /proc/self/fd/0; cat"))).out, "/dev/null\n");
  const [left, right] = UnixSocket.pair();
  // Each has the other's number, and pipes come where they may.
  const [one, other] = [left.fd, right.fd];
  const fds = { [one.number]: other, [other.number]: one, 3: other, 4: one, 50: one };
  const inode = (number: number) => Deno.readLinkSync(`/proc/self/fd/${number}`);
  const show = Object.keys(fds).map((number) => `readlink /proc/$$/fd/${number}`).join("; ");
  const count = "n=0; for fd in /proc/$$/fd/*; do if [ -e $fd ]; then n=$((n+1)); fi; done; echo $n";
  for (let round = 0; round < 3; round++) {
    const { out, err } = await runSoon({ ...line(`${show}; ${count}`), fds });
    assertEquals(err, "");
    const shown = out.trim().split("\n");
    assertEquals(shown, [...Object.values(fds).map((fd) => inode(fd.number)), `${Object.keys(fds).length + 3}`]);
  }
  left.close();
  right.close();
});

claim("options that say where and as what it begins are heeded", async () => {
  const { out } = await runSoon({
    ...line('pwd; echo "$A-$HOME"; ps -o sid= -p $$ | tr -d " "; echo $$; nice; ulimit -n'),
    wd: "/tmp",
    env: { A: "b", PATH: Deno.env.get("PATH")! },
    clearEnv: true,
    newSession: true,
    nice: 5,
    rlimits: { nofile: 77 },
  });
  const [place, variables, session, pid, nice, limit] = out.split("\n");
  assertEquals([place, variables, nice, limit], ["/tmp", "b-", "5", "77"]);
  assertEquals(session, pid);
});

claim("a program lives as long as a process that it started so, and no longer", async () => {
  const late = await runProgram([...ownProgram("soon.ts"), "sleep 0.5; exit 3"]);
  assertEquals([late.out, late.status], ["runs\nstatus 3\n", 0]);
  const early = await runProgram([...ownProgram("soon.ts"), "exit 4"]);
  assertMatch(early.out, /^(ended already|runs)\nstatus 4\n$/);
  const free = await runProgram([...ownProgram("soon.ts"), "exec sleep 1000", "free"]);
  assertEquals(free.out, "runs\n");
});

claim("nobody is left to be reaped", async () => {
  const { child } = await runSoon(line(":"));
  assertEquals(stateOf(child.pid), undefined);
});
