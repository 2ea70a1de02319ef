/**
 * The processors that a package with files for several of them can be made for.
 *
 * @module
 */

import { nativeFiles } from "./native_files.ts";
import { HOST, type Target, TARGETS } from "./targets.ts";

/**
 * Finds the processors for which the C library has been built.
 *
 * @param log Is told what is not.
 * @returns This machine's, and those others that are built; these are built again if they are older than the sources.
 * @throws {Error} If it has not been built for this machine.
 */
export function builtTargets(log: (line: string) => void): Target[] {
  return TARGETS.filter((target) => {
    try {
      nativeFiles(target);
      return true;
    } catch (error) {
      if (target === HOST) throw error;
      log(`left out: ${(error as Error).message}`);
      return false;
    }
  });
}
