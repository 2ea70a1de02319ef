/** Docker's beam in Go, built with our small program around it; its code stays out of the repository. */

const directory = import.meta.dirname!;

/** Two packages need a module, and a module must say which Go it is written in. */
const MODULE = "module bench\n\ngo 1.18\n";

/**
 * Reads the Go code of a file that may have lines of a commit before it.
 *
 * @param path The file.
 * @returns The code.
 * @throws {Error} If there is none.
 */
export async function readSeed(path: string): Promise<string> {
  const text = await Deno.readTextFile(path);
  const start = text.search(/^package beam\b/m);
  if (start < 0) throw new Error(`${path} has no line 'package beam'`);
  return text.slice(start);
}

/**
 * Builds the program.
 *
 * @param seed The code of package beam.
 * @param folder An empty folder to work in.
 * @returns Path of the program.
 * @throws {Error} That says why there is none.
 */
export async function buildGo(seed: string, folder: string): Promise<string> {
  await Deno.mkdir(`${folder}/beam`, { recursive: true });
  await Deno.writeTextFile(`${folder}/go.mod`, MODULE);
  await Deno.writeTextFile(`${folder}/beam/unix.go`, seed);
  await Deno.copyFile(`${directory}/beam_peer.go`, `${folder}/main.go`);

  const output = `${folder}/beam_peer_go`;
  const env = { GOTOOLCHAIN: "local", GO111MODULE: "on", GOFLAGS: "", GOWORK: "off" };
  const command = new Deno.Command("go", { args: ["build", "-o", output, "."], cwd: folder, env });
  let result: Deno.CommandOutput;
  try {
    result = await command.output();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Error("go is not installed");
  }
  if (!result.success) throw new Error(new TextDecoder().decode(result.stderr).trim());
  return output;
}

/** Which Go it was built with. */
export async function goVersion(): Promise<string> {
  const { stdout } = await new Deno.Command("go", { args: ["env", "GOVERSION"] }).output();
  return new TextDecoder().decode(stdout).trim().replace("go", "Go ");
}
