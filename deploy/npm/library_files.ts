/**
 * The C library and the waiter, as files of the npm package.
 *
 * @module
 */

import { nativeFolder } from "./native_folder.ts";

const folder = nativeFolder(import.meta.dirname!);
const file = `${folder}/libipcx.so`;

/** Where `deno compile` has put the package into a program, the file can be read, but is none to the dynamic loader. */
export const library: Uint8Array<ArrayBuffer> | string = Deno.build.standalone ? Deno.readFileSync(file) : file;

/**
 * Loads the program that waits in this one's place, when it is needed.
 *
 * @returns Its bytes.
 */
export function loadWaiter(): Promise<Uint8Array<ArrayBuffer>> {
  return Deno.readFile(`${folder}/ipcx-waiter`);
}
