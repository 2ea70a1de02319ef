import { assert, assertEquals } from "@std/assert";
import { spawn, type SpawnOptions } from "../../src/spawn/mod.ts";
import { claim, NEEDS_ROOT } from "../claim.ts";
import { residentBytes } from "../broker/process_figures.ts";
import { countOpen } from "../core/open_descriptors.ts";
import { runProgram, until } from "../cli/program.ts";
import { compiled } from "./compiled.ts";
import { childrenOf, refusal } from "./output.ts";
import { ownProgram } from "./own_program.ts";
import { Target } from "./target.ts";

const AT_ONCE = 8;
const MEBIBYTE = 1 << 20;

async function inParallel(count: number, task: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await task(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

claim("a thousand processes leave no descriptor, no zombie and no memory, while other work goes on", async () => {
  await using target = await Target.start(["net", "pid", "mnt"]);
  const command = compiled("look.c", "-static");
  const namespaces = { net: target.pid, pid: target.pid };
  const ways: (() => Promise<void>)[] = [
    () => ends({ command, stdout: "null" }),
    () => ends({ command, stdout: "null", namespaces }),
    () => ends({ command, stdout: "null", namespaces: { target: target.pid, all: true }, local: true }),
    async () => {
      const child = spawn({ command: "/bin/cat", stdin: "piped", stdout: "piped", processGroup: true });
      const [text] = await Promise.all([new Response(child.stdout).text(), written(child.stdin)]);
      assertEquals([text, (await child.status).code], ["x".repeat(10_000), 0]);
    },
    async () => {
      const child = spawn({ command: "/bin/sleep", args: ["1000"], stdout: "piped", deathSignal: 9 });
      child.kill("SIGKILL");
      await child.stdout.cancel();
      assertEquals((await child.status).signal, "SIGKILL");
    },
    async () => {
      await Promise.resolve();
      for (const options of [{}, { namespaces }, { stdin: "piped", stdout: "piped" }, { paused: true }] as const) {
        assertEquals(failure({ command: "/nowhere/program", ...options }), "ENOENT");
      }
      assertEquals(failure({ command, namespaces, local: true, wdns: "/nowhere" }), "ENOENT");
    },
  ];
  let ticks = 0;
  const timer = setInterval(() => ticks++, 1);
  // Whatever is made once and kept is made by then.
  await inParallel(120, (index) => ways[index % ways.length]());
  const [children, descriptors] = [childrenOf(Deno.pid), countOpen()];
  const before = ticks;
  let growth = Infinity;
  // What the collector has not come to look at goes with the next thousand; what nobody lets go of does not.
  for (let round = 0; round < 3 && growth >= 32 * MEBIBYTE; round++) {
    const memory = residentBytes(Deno.pid);
    await inParallel(1000, (index) => ways[index % ways.length]());
    growth = residentBytes(Deno.pid) - memory;
  }
  clearInterval(timer);
  assertEquals(childrenOf(Deno.pid).filter((pid) => !children.includes(pid)), []);
  await until(() => countOpen() <= descriptors, "descriptors are left");
  assert(growth < 32 * MEBIBYTE, `${growth} bytes more`);
  assert(ticks - before > 20, `the timer went off ${ticks - before} times`);
}, { skip: NEEDS_ROOT });

async function ends(options: SpawnOptions): Promise<void> {
  assertEquals((await spawn(options).status).code, 0);
}

async function written(stream: WritableStream<Uint8Array>): Promise<void> {
  const writer = stream.getWriter();
  await writer.write(new TextEncoder().encode("x".repeat(10_000)));
  await writer.close();
}

/** As {@linkcode refusal}, but others end meanwhile. */
function failure(options: SpawnOptions): string {
  try {
    spawn(options);
  } catch (error) {
    return (error as { code: string }).code;
  }
  return "none";
}

claim("a process that could not be started leaves nothing, whatever it had by then", () => {
  const before = countOpen();
  for (let round = 0; round < 100; round++) {
    const streams = { stdin: "piped", stdout: "piped", stderr: "piped" } as const;
    refusal({ command: "/nowhere/program", ...streams, deathSignal: 9, wd: "/", root: "/" });
  }
  assertEquals(countOpen(), before);
}, { skip: NEEDS_ROOT });

claim("at the limit of descriptors the first process is started or not, and is not there in vain", async () => {
  const outcomes = new Set<string>();
  for (let left = 0; left <= 16; left += 2) {
    const program = [...ownProgram("spawn_at_limit.ts"), `${left}`];
    const { out, err } = await runProgram(["prlimit", "--nofile=128", ...program]);
    assertEquals(err, "");
    const { outcome, children } = JSON.parse(out);
    assertEquals(children, [], `${outcome} with ${left} descriptors`);
    outcomes.add(outcome);
  }
  assertEquals(outcomes, new Set(["EMFILE", "started"]));
});
