/**
 * The portable form: one ELF file that carries its runtime.
 *
 * @module
 */

import { makeArchive, makeBoot } from "../archive.ts";
import { nativeFiles } from "../native_files.ts";
import type { Target } from "../targets.ts";
import { layOut } from "./layout.ts";
import { compileLauncher, readLibraries } from "./native.ts";
import { findRuntime } from "./runtime.ts";
import type { Placed } from "./table.ts";

/** What is there is replaced at once, by a whole file, or not at all. */
function write(path: string, pieces: readonly Placed[]): void {
  const partial = `${path}.${Deno.pid}`;
  try {
    {
      using file = Deno.openSync(partial, { write: true, create: true, truncate: true, mode: 0o755 });
      for (const { at, bytes } of pieces) {
        file.seekSync(at, Deno.SeekMode.Start);
        for (let done = 0; done < bytes.length;) done += file.writeSync(bytes.subarray(done));
      }
    }
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
  const { library, waiter } = nativeFiles(target);
  const { loader, glibc, others } = readLibraries(target);
  const archive = await makeArchive({ "ipcx-waiter": waiter });
  const contents = {
    launcher: compileLauncher(target),
    runtime: Deno.readFileSync(runtime ?? findRuntime(target, log)),
    loader,
    glibc,
    libraries: { ...others, "libipcx.so": library },
    program: archive.bytes,
  };
  const script = (at: number) => makeBoot("deploy/portable/boot.ts", { at, parts: archive.parts });
  write(output, await layOut(contents, script));
}
