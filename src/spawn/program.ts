/**
 * What kind of program a file is, for those that run in another mount namespace
 * than the one they come from.
 *
 * @module
 */

import { SystemError } from "../core/errors.ts";
import type { Fd } from "../core/fd.ts";
import { ERRNO, OPEN } from "../core/linux.ts";
import { openPath } from "../core/reach.ts";

const ELF_MAGIC = [0x7f, 0x45, 0x4c, 0x46];
const ELF_CLASS_64 = 2;
const ELF_MACHINES: Record<string, number> = { x86_64: 62, aarch64: 183 };
const HEADER_BYTES = 20;

function header(path: string): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES);
  using file = Deno.openSync(path);
  return bytes.subarray(0, file.readSync(bytes) ?? 0);
}

function isOfThisMachine(bytes: Uint8Array): boolean {
  return ELF_MAGIC.every((byte, at) => bytes[at] === byte) && bytes[4] === ELF_CLASS_64 &&
    (bytes[18] | bytes[19] << 8) === ELF_MACHINES[Deno.build.arch];
}

/**
 * Whether exec would take a file, as far as can be told from outside.
 *
 * @param path The file.
 * @returns Whether it is one, and executable for somebody.
 */
export function isProgram(path: string): boolean {
  try {
    const { isFile, mode } = Deno.statSync(path);
    return isFile && ((mode ?? 0) & 0o111) !== 0;
  } catch {
    return false;
  }
}

/**
 * Finds out whether the program that exec would choose is a script.
 *
 * @param paths Where the program may be, in order of preference.
 * @returns The script, held open, the caller's; `undefined` for a program that
 * the kernel runs by itself.
 * @throws {SystemError} ENOEXEC for what is neither: its interpreter, if the
 * kernel knows one, would look for it in the wrong place. EACCES for a file that may not be read.
 */
export function openScript(paths: readonly string[]): Fd | undefined {
  const path = paths.find(isProgram);
  // Exec itself knows best what is wrong.
  if (path === undefined) return undefined;
  let bytes: Uint8Array;
  try {
    bytes = header(path);
  } catch {
    throw new SystemError("open", ERRNO.EACCES, { address: `${path} (it must be readable to run elsewhere)` });
  }
  if (bytes[0] === 0x23 && bytes[1] === 0x21) return openPath(path, OPEN.READ);
  if (isOfThisMachine(bytes)) return undefined;
  throw new SystemError("execve", ERRNO.ENOEXEC, {
    address: `${path} (neither a 64-bit program of this machine nor a script)`,
  });
}
