/**
 * Programs that a package is made with.
 *
 * @module
 */

/**
 * Runs a program to its end.
 *
 * @param program Which.
 * @param args Its arguments.
 * @param options Its working directory.
 * @returns What it wrote to standard output.
 * @throws {Error} If it fails: what it wrote to standard error.
 */
export async function run(program: string, args: readonly string[], options: { cwd?: string } = {}): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    ...options,
    args: [...args],
    env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  if (!success) throw new Error(`'${[program, ...args].join(" ")}' failed:\n${decoder.decode(stderr)}`);
  return decoder.decode(stdout);
}
