import { assert, assertEquals } from "@std/assert";
import { claim, NEEDS_ROOT, OwnDirectory } from "../claim.ts";
import { Target } from "../spawn/target.ts";
import { until } from "./program.ts";
import { spawned, startSpawn, waits } from "./spawning.ts";

/** What is told on a status descriptor. */
interface Event {
  event: string;
  pid: number;
  [field: string]: unknown;
}

/** Has descriptor 5 written to a file, and reads what is in it in the end. */
async function events(args: readonly string[]): Promise<{ events: Event[]; out: string }> {
  using directory = new OwnDirectory();
  const through = ["bash", "-c", '"$@" 5>"$0"', directory.file("status")];
  const { out } = await spawned(["--status-fd", "5", ...args], { through });
  const text = Deno.readTextFileSync(directory.file("status"));
  assert(text.endsWith("}\n"), text);
  return { events: text.trimEnd().split("\n").map((line) => JSON.parse(line)), out };
}

claim("--status-fd tells of the start with the pid, and of the end with the exit code", async () => {
  const { events: [started, exited, ...more], out } = await events(["sh", "-c", "echo $$; exit 7"]);
  const pid = Number(out);
  assertEquals([started, more], [{ event: "started", pid, ownPid: pid }, []]);
  const { usage, ...rest } = exited;
  assertEquals(rest, { event: "exited", pid, code: 7, signal: null });
  assertEquals(Object.keys(usage as object), [
    "userTime",
    "systemTime",
    "maxRss",
    "minorFaults",
    "majorFaults",
    "blocksIn",
    "blocksOut",
    "voluntarySwitches",
    "involuntarySwitches",
  ]);
});

claim("the usage is CMD's: microseconds of the processor, kilobytes of memory", async () => {
  const burn = "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done";
  const { events: [, { usage }] } = await events(["sh", "-c", burn]);
  const { userTime, maxRss, minorFaults } = usage as Record<string, number>;
  assert(userTime > 10_000 && userTime < 20_000_000, `${userTime}`);
  assert(maxRss > 100 && maxRss < 100_000 && minorFaults > 0, JSON.stringify(usage));
});

claim("an end by a signal is told with its name, and the code that a shell would give", async () => {
  for (const [number, name] of [[15, "SIGTERM"], [9, "SIGKILL"], [40, "SIG40"]] as const) {
    const { events: [, exited] } = await events(["sh", "-c", `kill -${number} $$`]);
    assertEquals([exited.code, exited.signal], [128 + number, name]);
  }
});

claim("in a pid namespace the start is told with the pids on both sides", async () => {
  await using target = await Target.start(["pid"]);
  const { events: [started, exited] } = await events([`--pid=${target.pid}`, "true"]);
  assertEquals(started.ownPid, 2);
  assert(started.pid > 2);
  assertEquals(exited.pid, started.pid);
}, { skip: NEEDS_ROOT });

claim("CMD has the status descriptor only if it is kept for it", async () => {
  const script = "[ -e /proc/self/fd/5 ]; echo $?";
  assertEquals((await events(["sh", "-c", script])).out, "1\n");
  assertEquals((await events(["--keep-fd", "5", "sh", "-c", script])).out, "0\n");
});

claim("standard output and standard error can be the status descriptor", async () => {
  for (const number of [1, 2]) {
    const { status, out, err } = await spawned(["--status-fd", `${number}`, "sh", "-c", "exit 3"]);
    assertEquals([status, (number === 1 ? out : err).split("\n").length], [3, 3]);
  }
});

claim("a reader of the status that is gone disturbs nobody", async () => {
  using directory = new OwnDirectory();
  // The only reader of a pipe is closed before ipcx begins.
  const script = 'mkfifo "$0"; exec 6<>"$0" 5>"$0" 6<&-; exec "$@"';
  const through = ["bash", "-c", script, directory.file("pipe")];
  const result = await spawned(["--status-fd", "5", "sh", "-c", "echo on; exit 3"], { through });
  assertEquals(result, { status: 3, signal: null, out: "on\n", err: "" });
});

claim("--pid-file holds CMD's pid while it runs, and is removed in the end", async () => {
  using directory = new OwnDirectory();
  const file = directory.file("pid");
  for (const [args, cwd] of [[["--pid-file", file]], [["--pid-file", "pid", "--wd=/"], directory.path]] as const) {
    await using run = startSpawn([...args, "sh", "-c", "echo $$ >&2; read line; exit 5"], { input: "open", cwd });
    await run.says("\n");
    await waits(run.child.pid);
    assertEquals(Deno.readTextFileSync(file), run.err);
    await run.closeInput();
    assertEquals((await run.ended()).status, 5);
    assertEquals(Array.from(Deno.readDirSync(directory.path)), []);
  }
});

claim("a pid file that another has put in its place is left alone, however soon", async () => {
  using directory = new OwnDirectory();
  const file = directory.file("pid");
  // What is made as soon as another file is removed gets the number of its inode.
  const replace = `until [ "$(cat ${file})" = $$ ]; do :; done; rm ${file}; echo 1 >${file}`;
  for (let round = 0; round < 10; round++) {
    await spawned(["--pid-file", file, "sh", "-c", replace]);
    assertEquals(Deno.readTextFileSync(file), "1\n");
    Deno.removeSync(file);
  }
});

claim("with --exec the pid file holds ipcx's own pid, which is CMD's", async () => {
  using directory = new OwnDirectory();
  const file = directory.file("pid");
  const { out } = await spawned(["--exec", "--pid-file", file, "sh", "-c", `echo $$; cat ${file}`]);
  const [pid, written] = out.split("\n");
  assertEquals(written, pid);
});

claim("a pid file of a living process, or what is none, is refused before CMD runs", async () => {
  using directory = new OwnDirectory();
  const file = directory.file("pid");
  const cases = [
    [`${Deno.pid}\n`, `${file} names process ${Deno.pid}, which is running: stop it or choose another pid file`],
    ["precious\n", `${file} exists and is no pid file: it holds 'precious'`],
  ];
  for (const [text, message] of cases) {
    Deno.writeTextFileSync(file, text);
    for (const way of [[], ["--exec"]]) {
      const result = await spawned([...way, "--pid-file", file, "touch", directory.file("evidence")]);
      assertEquals(result, { status: 1, signal: null, out: "", err: `ipcx spawn: ${message}\n` });
    }
    assertEquals(Deno.readTextFileSync(file), text);
  }
  assertEquals(Array.from(Deno.readDirSync(directory.path), ({ name }) => name), ["pid"]);
});

claim("a pid file of a process that is gone is taken over; one of a CMD that is not there is removed", async () => {
  using directory = new OwnDirectory();
  const file = directory.file("pid");
  for (const way of [[], ["--exec"]]) {
    Deno.writeTextFileSync(file, "4194305\n");
    assertEquals((await spawned([...way, "--pid-file", file, "ipcx-no-such-program"])).status, 127);
    await until(() => Array.from(Deno.readDirSync(directory.path)).length === 0, "a file is left");
  }
});
