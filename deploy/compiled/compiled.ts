/**
 * The compiled form: what `deno compile` makes, where it can have denort.
 *
 * @module
 */

import { makeArchive, makeBoot } from "../archive.ts";
import { nativeFiles } from "../native_files.ts";
import { HOST, type Target } from "../targets.ts";

/** As `deno compile` calls it. */
function triple(target: Target): string {
  return `${target.name}-unknown-linux-gnu`;
}

function run(program: string, args: readonly string[], cwd: string): { success: boolean; out: string; err: string } {
  const { success, stdout, stderr } = new Deno.Command(program, {
    args: [...args],
    cwd,
    env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
    stdout: "piped",
    stderr: "piped",
  }).outputSync();
  return { success, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr) };
}

/** The cause that is named last, without what surrounds it. */
function causeOf(err: string): string {
  const lines = err.split("\n").map((line) => line.trim()).filter((line) => line !== "" && !/^(Stack|0:)/.test(line));
  const causes = lines.filter((line) => /^\d+:/.test(line)).map((line) => line.replace(/^\d+:\s*/, ""));
  return causes.at(-1) ?? lines.at(-1) ?? "deno compile failed";
}

/**
 * Tries to make the compiled form.
 *
 * @param target For which processor.
 * @param output Where to; only a program that works is put there.
 * @param version What it has to answer to `--version`.
 * @returns `undefined`, or why there is none.
 */
export async function tryCompiled(target: Target, output: string, version: string): Promise<string | undefined> {
  const { library, waiter } = nativeFiles(target);
  const archive = await makeArchive();
  const folder = await Deno.makeTempDir({ prefix: "ipcx-compile-" });
  try {
    const files = { "libipcx.so": library, "ipcx-waiter": waiter, "program.parts": archive.bytes };
    for (const [name, bytes] of Object.entries(files)) await Deno.writeFile(`${folder}/${name}`, bytes);
    await Deno.writeTextFile(`${folder}/boot.js`, await makeBoot("deploy/compiled/boot.ts", { parts: archive.parts }));
    const include = Object.keys(files).map((name) => `--include=${name}`);
    const made = run(Deno.execPath(), [
      "compile",
      "--quiet",
      "--allow-all",
      "--no-config",
      "--no-lock",
      "--target",
      triple(target),
      ...include,
      "--output",
      "ipcx",
      "boot.js",
    ], folder);
    if (!made.success) return causeOf(made.err);
    if (target === HOST) {
      const { out } = run(`${folder}/ipcx`, ["--version"], folder);
      if (out.trim() !== `ipcx ${version}`) return "what deno compile made does not work: is DENORT_BIN a denort?";
    }
    await Deno.copyFile(`${folder}/ipcx`, `${output}.${Deno.pid}`);
    await Deno.chmod(`${output}.${Deno.pid}`, 0o755);
    await Deno.rename(`${output}.${Deno.pid}`, output);
    return undefined;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
