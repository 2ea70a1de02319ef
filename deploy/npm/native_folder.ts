/**
 * Where the npm package has what the C compiler has made.
 *
 * @module
 */

/** The processors that the package is for, by the names of the folders. */
export const NATIVE = "native";

/**
 * Names the folder for this processor.
 *
 * @param folder One that is directly in the package.
 * @returns The folder.
 */
export function nativeFolder(folder: string): string {
  return `${folder}/../${NATIVE}/${Deno.build.arch}`;
}
