/**
 * What the C compiler has made: `deno task build`.
 *
 * @module
 */

import { HOST, type Target } from "./targets.ts";

const FOLDER = new URL("../ffi/", import.meta.url).pathname;

/**
 * Reads the C library and the waiter.
 *
 * @param target For which processor.
 * @returns Their bytes.
 * @throws {Error} If they have not been built.
 */
export function nativeFiles(target: Target): { library: Uint8Array<ArrayBuffer>; waiter: Uint8Array<ArrayBuffer> } {
  const folder = target === HOST ? FOLDER : `${FOLDER}build/${target.name}/`;
  try {
    return {
      library: Deno.readFileSync(`${folder}libipcx.so`),
      waiter: Deno.readFileSync(`${folder}ipcx-waiter`),
    };
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Error(
      `the C library is not built for ${target.name}: run 'deno task build --target ${target.name}' first`,
    );
  }
}
