/**
 * The portable form: one ELF file that carries its runtime.
 *
 * @module
 */

import { resolve } from "node:path";
import manifest from "../../deno.json" with { type: "json" };
import { makeArchive, makeBoot } from "../archive.ts";
import { nativeFiles } from "../native_files.ts";
import { HOST, type Target } from "../targets.ts";
import { faultOfRuntime } from "./elf.ts";
import { layOut } from "./layout.ts";
import { compileLauncher, readLibraries } from "./native.ts";
import { findRuntime } from "./runtime.ts";
import type { Placed } from "./table.ts";

/** What a program says to `--version`, if it works. */
function answerOf(program: string): string {
  const { stdout, stderr } = new Deno.Command(program, { args: ["--version"], stdin: "null" }).outputSync();
  return new TextDecoder().decode(stdout.length > 0 ? stdout : stderr).trim();
}

function writePieces(path: string, pieces: readonly Placed[]): void {
  using file = Deno.openSync(path, { write: true, create: true, truncate: true, mode: 0o755 });
  for (const { at, bytes } of pieces) {
    file.seekSync(at, Deno.SeekMode.Start);
    for (let done = 0; done < bytes.length;) done += file.writeSync(bytes.subarray(done));
  }
}

/** What is there is replaced at once, by a whole file that works where that can be tried, or not at all. */
function write(path: string, pieces: readonly Placed[], target: Target): void {
  const partial = `${path}.${Deno.pid}`;
  try {
    writePieces(partial, pieces);
    const answer = target === HOST ? answerOf(resolve(partial)) : undefined;
    if (answer !== undefined && answer !== `ipcx ${manifest.version}`) {
      throw new Error(`what was made does not work, is the runtime a deno? It says: ${answer}`);
    }
    // Whoever made it, others are to run it, too.
    Deno.chmodSync(partial, 0o755);
    Deno.renameSync(partial, path);
  } catch (error) {
    try {
      Deno.removeSync(partial);
    } catch {
      // There is none: it could not be made.
    }
    throw error;
  }
}

function readRuntime(path: string, target: Target): Uint8Array<ArrayBuffer> {
  const bytes = Deno.readFileSync(path);
  const fault = faultOfRuntime(bytes, target);
  if (fault) throw new Error(`${path} cannot be the runtime: ${fault}`);
  return bytes;
}

/**
 * Makes the portable form.
 *
 * @param target For which processor.
 * @param output Where to; a file that is there is replaced at once.
 * @param runtime The `deno` to carry; otherwise what npm has.
 * @param log Is told what is not as expected.
 * @throws {Error} With what is missing.
 */
export async function makePortable(
  target: Target,
  output: string,
  runtime: string | undefined,
  log: (line: string) => void,
): Promise<void> {
  // What may be missing comes first, the compiler before what it is asked for: it says what to install.
  const launcher = compileLauncher(target);
  const carried = readRuntime(runtime ?? findRuntime(target, log), target);
  const { library, waiter } = nativeFiles(target);
  const { loader, glibc, others } = readLibraries(target);
  const archive = await makeArchive({ "ipcx-waiter": waiter });
  const contents = {
    launcher,
    runtime: carried,
    loader,
    glibc,
    libraries: { ...others, "libipcx.so": library },
    program: archive.bytes,
  };
  const script = (at: number) => makeBoot("deploy/portable/boot.ts", { at, parts: archive.parts });
  write(output, await layOut(contents, script), target);
}
