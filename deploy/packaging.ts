/**
 * What the tasks that make packages have in common: their options, and the program that is packed.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { type Release, releases } from "./changelog.ts";
import { makePortable } from "./portable/portable.ts";
import { HOST, type Target, targetNamed } from "./targets.ts";

/** Where finished packages are put. */
export const DIST: string = decodeURIComponent(new URL("../dist/", import.meta.url).pathname);

const OPTIONS = `Options:
  --output FILE    where to [NAME]
  --target NAME    x86_64 or aarch64 [this machine's]
  --program FILE   the ipcx to pack, in its portable form [one is made]
  --help           show this help
`;

/** What is to be packed. */
export interface Packing {
  /** The program, in its portable form: it is the same wherever it is made, and runs wherever the package can be put. */
  program: string;
  /** All versions, the newest first, which is the one that is packed. */
  releases: Release[];
  /** For which processor. */
  target: Target;
  /** Where to. */
  output: string;
}

/** A task. */
export interface PackingTask {
  /** Its name. */
  name: string;
  /** What it makes, as its help says it. */
  summary: string;
  /** The name of the file. */
  fileName(version: string, target: Target): string;
  /** Does it. */
  pack(packing: Packing): Promise<void>;
}

async function make(task: PackingTask, log: (line: string) => void): Promise<void> {
  const { values } = parseArgs({
    options: {
      output: { type: "string" },
      target: { type: "string", default: HOST.name },
      program: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  const versions = releases();
  const target = targetNamed(values.target);
  const output = values.output ?? DIST + task.fileName(versions[0].version, target);
  if (values.help) {
    const name = `dist/${task.fileName(versions[0].version, HOST)}`;
    console.log(
      `Usage: deno task ${task.name} [options]\n\n${task.summary}\n\n${OPTIONS.replace("NAME", name).trimEnd()}`,
    );
    return;
  }
  await Deno.mkdir(DIST, { recursive: true });
  const folder = await Deno.makeTempDir({ prefix: "ipcx-packing-" });
  try {
    const program = values.program ?? `${folder}/ipcx`;
    if (values.program === undefined) await makePortable(target, program, undefined, log);
    await task.pack({ program, releases: versions, target, output });
    log(`${output} is ${(Deno.statSync(output).size / 1e6).toFixed(1)} MB`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/**
 * Runs a task with the arguments of the command line, and sets the exit status.
 *
 * @param task Which.
 */
export async function runTask(task: PackingTask): Promise<void> {
  const log = (line: string): void => console.error(`${task.name}: ${line}`);
  try {
    await make(task, log);
  } catch (error) {
    log((error as Error).message);
    Deno.exitCode = error instanceof TypeError || error instanceof RangeError ? 2 : 1;
  }
}
