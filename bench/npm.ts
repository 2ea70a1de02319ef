/** Packages from npm, installed for a run and run under Node. */

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
 * @param version Its version.
 * @param folder A folder that is not there yet, to install it in.
 * @throws {Error} That says why it cannot be had.
 */
export async function installPackage(name: string, version: string, folder: string): Promise<void> {
  await Deno.mkdir(folder);
  await Deno.writeTextFile(`${folder}/package.json`, '{ "private": true }');
  await run("npm", ["install", "--no-audit", "--no-fund", `${name}@${version}`], folder);
  // It may be there and yet not fit this version of Node.
  await run("node", ["-e", `require(${JSON.stringify(name)})`], folder);
}

/** Node's name and version. */
export async function nodeVersion(): Promise<string> {
  const { stdout } = await new Deno.Command("node", { args: ["--version"] }).output();
  return `Node ${new TextDecoder().decode(stdout).trim()}`;
}
