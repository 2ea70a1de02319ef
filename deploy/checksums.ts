/**
 * SHA256SUMS: what sha256sum(1) checks downloads by.
 *
 * @module
 */

import { createHash } from "node:crypto";

/** The program, and the packages of a version; not what other versions or an interrupted task have left there. */
function isForDownload(name: string, version: string): boolean {
  if (name === "ipcx") return true;
  const ofVersion = [`ipcx-${version}`, `ipcx_${version}`].find((beginning) => name.startsWith(beginning));
  return ofVersion !== undefined && /^([-_]\w[\w-]*)?\.(deb|tgz|tar\.gz)$/.test(name.slice(ofVersion.length));
}

/**
 * Writes `SHA256SUMS` beside the files that it is about.
 *
 * @param folder Where they are.
 * @param version Whose.
 * @returns The names of the files, sorted.
 */
export function writeChecksums(folder: string, version: string): string[] {
  const names = Array.from(Deno.readDirSync(folder)).filter(({ isFile, name }) =>
    isFile && isForDownload(name, version)
  )
    .map(({ name }) => name).sort();
  const sums = names.map((name) => {
    const sum = createHash("sha256").update(Deno.readFileSync(`${folder}/${name}`)).digest("hex");
    return `${sum}  ${name}\n`;
  });
  Deno.writeTextFileSync(`${folder}/SHA256SUMS`, sums.join(""));
  return names;
}
