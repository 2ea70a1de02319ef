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
 * @param options Its working directory, and variables beside those that are set.
 * @returns What it wrote to standard output.
 * @throws {Error} If it fails: what it wrote to standard error.
 */
export async function run(
  program: string,
  args: readonly string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    cwd: options.cwd,
    env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1", ...options.env },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  if (!success) throw new Error(`'${[program, ...args].join(" ")}' failed:\n${decoder.decode(stderr)}`);
  return decoder.decode(stdout);
}
