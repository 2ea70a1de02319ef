/**
 * What is made of the sources only when they have changed.
 *
 * @module
 */

const ROOT = new URL("..", import.meta.url).pathname;

/** What a program, and a package, is made of. */
const INGREDIENTS = ["mod.ts", "src", "ffi", "deploy", "deno.json"];

function newest(path: string): number {
  const { isDirectory, mtime } = Deno.statSync(path);
  const own = mtime?.getTime() ?? 0;
  if (!isDirectory) return own;
  return Math.max(own, ...Array.from(Deno.readDirSync(path), ({ name }) => newest(`${path}/${name}`)));
}

/**
 * Tells whether something need not be made again.
 *
 * @param path The file.
 * @returns Whether it is there, and newer than all sources.
 */
export function isCurrent(path: string): boolean {
  try {
    const made = Deno.statSync(path).mtime!.getTime();
    return INGREDIENTS.every((name) => newest(ROOT + name) < made);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
