/**
 * What dpkg is told of the package: deb-control(5) and its neighbours.
 *
 * @module
 */

import { createHash } from "node:crypto";
import type { Release } from "../changelog.ts";
import { bytesOf, type Entry, EXECUTABLE, type FileTree } from "../file_tree.ts";
import type { Target } from "../targets.ts";

const FOLDER = decodeURIComponent(new URL("./", import.meta.url).pathname);
const UNITS = decodeURIComponent(new URL("../systemd/", import.meta.url).pathname);

/** Who takes care of the package: Debian's own variables say so, as dch(1) has them. */
export function maintainer(): string {
  const { DEBFULLNAME: name, DEBEMAIL: address } = Deno.env.toObject();
  return `${name || "the ipcx authors"} <${address || "ipcx@packages.invalid"}>`;
}

function units(): string[] {
  return Array.from(Deno.readDirSync(UNITS), ({ name }) => name).sort();
}

/** Held descriptors would be gone with their holder. */
function restarted(): string[] {
  return units().filter((name) => name.endsWith(".service") && name !== "ipcx-hold.service");
}

function script(name: string): Entry {
  const text = Deno.readTextFileSync(FOLDER + name);
  const content = text.replaceAll("@UNITS@", units().join(" ")).replaceAll("@RESTARTED@", restarted().join(" "));
  return { content, mode: EXECUTABLE };
}

/** As dpkg counts, in KiB: a file takes whole ones, a link and a folder one each. */
function installedSize(files: readonly [string, Uint8Array | undefined][]): number {
  const folders = new Set<string>();
  let size = 0;
  for (const [path, bytes] of files) {
    for (let at = path.indexOf("/"); at > 0; at = path.indexOf("/", at + 1)) folders.add(path.slice(0, at));
    size += bytes === undefined ? 1 : Math.ceil(bytes.length / 1024);
  }
  return size + folders.size;
}

function md5sum(path: string, bytes: Uint8Array): string {
  return `${createHash("md5").update(bytes).digest("hex")}  ${path}\n`;
}

/**
 * Makes the files of `DEBIAN/`.
 *
 * @param tree What is installed.
 * @param release Of which version it is.
 * @param target For which processor.
 * @returns The files, by their names.
 */
export function controlFiles(tree: FileTree, release: Release, target: Target): FileTree {
  const files = Array.from(tree, ([path, entry]): [string, Uint8Array | undefined] => [path, bytesOf(entry)])
    .sort(([one], [other]) => one < other ? -1 : 1);
  const isConffile = (path: string): boolean => path.startsWith("etc/");
  const fields = {
    Package: "ipcx",
    Version: release.version,
    Architecture: target.debian,
    Maintainer: maintainer(),
    "Installed-Size": installedSize(files),
    Suggests: "bash-completion",
    Section: "net",
    Priority: "optional",
    Description: Deno.readTextFileSync(`${FOLDER}description`).trim(),
  };
  const conffiles = files.filter(([path]) => isConffile(path)).map(([path]) => `/${path}\n`);
  const sums = files.flatMap(([path, bytes]) => bytes && !isConffile(path) ? md5sum(path, bytes) : []);
  return new Map<string, Entry>([
    ["DEBIAN/control", { content: Object.entries(fields).map(([name, value]) => `${name}: ${value}\n`).join("") }],
    ["DEBIAN/conffiles", { content: conffiles.join("") }],
    ["DEBIAN/md5sums", { content: sums.join("") }],
    ...["postinst", "prerm", "postrm"].map((name): [string, Entry] => [`DEBIAN/${name}`, script(name)]),
  ]);
}
