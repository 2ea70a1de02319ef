/**
 * The archive of the program's parts, and the boot script that knows where they are.
 *
 * @module
 */

import { bundleModule, bundleParts } from "../bundle.ts";

/** The program as bytes. */
export interface Archive {
  /** All parts, one behind the other. */
  bytes: Uint8Array<ArrayBuffer>;
  /** Writes the boot script, as a URL that can be run, once it is known where in its file the archive is. */
  boot(at: number): string;
}

/** What a part names by `require`. */
function requirementsOf(source: string): string[] {
  return Array.from(source.matchAll(/\brequire\("(\.\/[^"]+\.js)"\)/g), ([, name]) => name);
}

/**
 * Makes the archive of the program.
 *
 * @param waiter The program of ffi/waiter.
 * @returns The archive.
 */
export async function makeArchive(waiter: Uint8Array<ArrayBuffer>): Promise<Archive> {
  const [parts, boot] = await Promise.all([
    bundleParts("src/cli/main.ts"),
    bundleModule("deploy/portable/boot.ts"),
  ]);
  const encoder = new TextEncoder();
  const contents: [string, Uint8Array<ArrayBuffer>, string[]][] = Array.from(
    parts,
    ([name, source]) => [name, encoder.encode(source), requirementsOf(source).filter((other) => parts.has(other))],
  );
  contents.push(["ipcx-waiter", waiter, []]);
  const index: Record<string, [number, number, string[]]> = {};
  let length = 0;
  for (const [name, bytes, requires] of contents) {
    index[name] = [length, bytes.length, requires];
    length += bytes.length;
  }
  const bytes = new Uint8Array(length);
  for (const [name, part] of contents) bytes.set(part, index[name][0]);
  return {
    bytes,
    boot(at) {
      const script = `const program=${JSON.stringify({ at, parts: index })};${boot}`;
      return `data:application/javascript;base64,${btoa(script)}`;
    },
  };
}
