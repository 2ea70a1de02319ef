/** Packages from npm, installed for a run and run under Node. */

import type { WorkloadName } from "./beam_workloads.ts";

const program = `${import.meta.dirname}/beam_node.mjs`;

/** What the packages that are compared can do. */
export const PACKAGES: readonly { name: string; version: string; workloads: WorkloadName[]; isGlued: boolean }[] = [
  { name: "usocket", version: "1.1.0", workloads: ["fd", "plain"], isGlued: true },
  // It has packets and datagrams, and no descriptors.
  { name: "node-unix-socket", version: "0.2.7", workloads: ["packet"], isGlued: false },
];

async function run(command: string, args: string[], cwd: string): Promise<void> {
  let result: Deno.CommandOutput;
  try {
    result = await new Deno.Command(command, { args, cwd, stdin: "null" }).output();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Error(`${command} is not installed`);
  }
  if (result.success) return;
  const last = new TextDecoder().decode(result.stderr).trim().split("\n").slice(-5).join("\n");
  throw new Error(`${command} ${args[0]} failed:\n${last}`);
}

/**
 * Installs a package, built for this machine where it has to be.
 *
 * @param name The package.
 * @param folder An empty folder to install it in.
 * @returns The command line of a candidate that uses it.
 * @throws {Error} That says why it cannot be had.
 */
export async function installPackage(name: string, folder: string): Promise<string[]> {
  const { version } = PACKAGES.find((known) => known.name === name)!;
  await Deno.mkdir(folder);
  await Deno.writeTextFile(`${folder}/package.json`, '{ "private": true }');
  await run("npm", ["install", "--no-audit", "--no-fund", `${name}@${version}`], folder);
  // It may be there and yet not fit this version of Node.
  await run("node", ["-e", `require(${JSON.stringify(name)})`], folder);
  return ["node", program, "--package", name, "--modules", folder];
}
