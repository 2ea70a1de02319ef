/**
 * The waiter is built with the sanitizers and driven, from the outside, through
 * what may happen to it; in place of a child's waiter it also carries out plans.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { compile, waiterSources, WARNINGS } from "../../ffi/build.ts";
import { Environment } from "../../src/core/image.ts";
import { encodePlan, STEP, type Step } from "../../src/spawn/plan.ts";
import { claim, OwnDirectory } from "../claim.ts";
import { driveWaiter, WAITER_CASES } from "./waiter_cases.ts";

const SANITIZERS = ["-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
const folder = Deno.makeTempDirSync({ prefix: "ipcx-waiter-" });
addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

/** Why there is no waiter to drive, or `false`. */
function build(): string | false {
  const nothing = `${folder}/nothing.c`;
  Deno.writeTextFileSync(nothing, "int main(void) { return 0; }\n");
  try {
    compile([...SANITIZERS, "-o", `${folder}/nothing`, nothing]);
  } catch {
    return "needs a C compiler with libasan and libubsan";
  }
  compile([...WARNINGS, ...SANITIZERS, "-o", `${folder}/waiter`, ...waiterSources()]);
  return false;
}

const skip = build();

function run(command: string, args: readonly string[], env: Record<string, string> = {}): [number, string, string] {
  const { code, stdout, stderr } = new Deno.Command(command, { args: [...args], env, stdin: "null" }).outputSync();
  const decoder = new TextDecoder();
  return [code, decoder.decode(stdout), decoder.decode(stderr)];
}

for (const [name, text] of Object.entries(WAITER_CASES)) {
  claim(`the waiter, under the sanitizers: ${text}`, () => {
    assertEquals(run(...driveWaiter(`${folder}/waiter`, name)), [0, "", ""]);
  }, { skip });
}

claim("the waiter, under the sanitizers: without a child to wait for it says what it is", () => {
  const advice = "ipcx-waiter: ipcx becomes this by itself: run 'ipcx spawn'\n";
  assertEquals(run(`${folder}/waiter`, []), [2, "", advice]);
}, { skip });

/** Lets the waiter carry out steps in its own process. */
function carryOut(steps: readonly Step[], env: Record<string, string> = {}): [number, string, string] {
  const { words, data } = encodePlan({
    steps,
    deferred: [],
    command: "printenv",
    paths: ["/nowhere/printenv", "/usr/bin/printenv"],
    args: ["printenv", "PLACE", "LISTEN_PID"],
    environment: Environment.of({ PLACE: "here", LISTEN_PID: "0000000000" }).pack(),
    cgroup: -1,
    script: -1,
    flags: 0,
  });
  const file = `${folder}/plan`;
  Deno.writeFileSync(file, Uint8Array.of(...new Uint8Array(Int32Array.of(words.length).buffer)));
  Deno.writeFileSync(file, new Uint8Array(words.buffer), { append: true });
  Deno.writeFileSync(file, data, { append: true });
  const about = steps.map(({ syscall, about }, at) => [`IPCX_STEP_${at}`, `${syscall} ${about}`]);
  const script = 'echo $$; exec "$0" 5<"$1"';
  const variables = { IPCX_PLAN: "5", ...Object.fromEntries(about), ...env };
  return run("sh", ["-c", script, `${folder}/waiter`, file], variables);
}

function path(what: number, name: string): Step {
  return { what, data: new TextEncoder().encode(`${name}\0`), syscall: "chdir", about: name };
}

const EXEC: Step = { what: STEP.EXEC, numbers: [1], syscall: "execve", about: "printenv" };

claim("the waiter, under the sanitizers: it carries out a plan and becomes the program", () => {
  const [status, out, err] = carryOut([path(STEP.CHANGE_TO_PATH, "/usr"), EXEC]);
  const [pid, place, listenPid] = out.split("\n");
  assertEquals([status, place, listenPid, err], [0, "here", pid, ""]);
}, { skip });

claim(
  "the waiter, under the sanitizers: a step that fails is told, and what was made, and nothing else, is removed",
  () => {
    using directory = new OwnDirectory();
    Deno.writeTextFileSync(directory.file("socket"), "");
    // Descriptor 5 is the plan itself, which is removed as well as anything else.
    const env = { IPCX_REMOVE_0: `5:${folder}/plan`, IPCX_REMOVE_1: `5:${directory.file("socket")}` };
    const [status, , err] = carryOut([path(STEP.CHANGE_TO_PATH, "/nowhere"), EXEC], env);
    assertEquals([status, err], [
      1,
      `${folder}/waiter: chdir /nowhere: No such file or directory (ENOENT)\n`,
    ]);
    assertEquals(Array.from(Deno.readDirSync(directory.path), ({ name }) => name), ["socket"]);
    assertEquals(Array.from(Deno.readDirSync(folder), ({ name }) => name).includes("plan"), false);
  },
  { skip },
);

claim("the waiter, under the sanitizers: a plan that is none is told", () => {
  const [status, , err] = run("sh", ["-c", 'exec "$0" 5</dev/null', `${folder}/waiter`], { IPCX_PLAN: "5" });
  assertEquals(status, 1);
  assertMatch(err, /^\S+\/waiter: .*: Invalid argument \(EINVAL\)\n$/);
  assert(!err.includes("Sanitizer"));
}, { skip });
