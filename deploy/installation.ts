/**
 * What is installed, and where: the same for the Debian package and for the tarball.
 *
 * @module
 */

import { bash } from "../src/cli/completions_bash.ts";
import { fish } from "../src/cli/completions_fish.ts";
import { zsh } from "../src/cli/completions_zsh.ts";
import { manualPages } from "../src/cli/man.ts";
import { PROGRAMS } from "../src/cli/table.ts";
import { dayOf, type Release } from "./changelog.ts";
import { copiesOf, type Entry, EXECUTABLE, type FileTree, gzipped } from "./file_tree.ts";

const ROOT = decodeURIComponent(new URL("..", import.meta.url).pathname);

/** What differs from one package to another. */
export interface Places {
  /** The program, as it was made. */
  program: string;
  /** Under which directory all is installed, for what has to name it: `/usr`. */
  prefix: string;
  /** Where zsh looks for completions, below that. */
  zsh: string;
}

/**
 * Tells what is for /etc.
 *
 * @param to Where it is put, with a slash at its end.
 * @returns All files.
 */
export function configuration(to: string): FileTree {
  return new Map([
    ...copiesOf(`${ROOT}deploy/etc/`, `${to}ipcx/`),
    ...copiesOf(`${ROOT}deploy/default/`, `${to}default/`),
  ]);
}

/** Units name the program by its path. */
function units(prefix: string): [string, Entry][] {
  return copiesOf(`${ROOT}deploy/systemd/`, "lib/systemd/system/").map(([path, entry]) => {
    const text = Deno.readTextFileSync((entry as { copyOf: string }).copyOf);
    return [path, { content: text.replaceAll("/usr/bin/ipcx", `${prefix}/bin/ipcx`) }];
  });
}

function manuals(release: Release): [string, Entry][] {
  const pages = manualPages({ version: release.version, date: dayOf(release) });
  return Array.from(pages, ([name, text]) => [`share/man/man1/${name}.gz`, { content: gzipped(text) }]);
}

/** What is for reading, and for trying out, laid out as here, so that pages find each other. */
function documentation(to: string): [string, Entry][] {
  const files = new Map([
    ...["README.md", "SECURITY.md"].map((name): [string, Entry] => [name, { copyOf: ROOT + name }]),
    ...["docs/", "examples/", "deploy/kubernetes/"].flatMap((folder) => copiesOf(ROOT + folder, folder)),
    ["deploy/Containerfile", { copyOf: `${ROOT}deploy/Containerfile` }] as [string, Entry],
  ]);
  return Array.from(files, ([path, entry]) => [to + path, path.endsWith(".md") ? page(path, files) : entry]);
}

/** A page whose links all lead somewhere: where what is linked stays here, its name does. */
function page(path: string, files: FileTree): Entry {
  const content = Deno.readTextFileSync(ROOT + path).replace(
    /\[([^\]]+)\]\((?!https?:)([^)#\s]+)(?:#[^)]*)?\)/g,
    (link, text, target) => files.has(new URL(target, `file:///${path}`).pathname.slice(1)) ? link : text,
  );
  return { content };
}

/**
 * Tells what is installed.
 *
 * @param places Where.
 * @param release Of which version it is.
 * @returns All files, below the prefix.
 */
export function installation(places: Places, release: Release): FileTree {
  const { program, prefix } = places;
  return new Map<string, Entry>([
    ["bin/ipcx", { copyOf: program, mode: EXECUTABLE }],
    // Not in bin: these are other programs' names, and who has those is not to get ours by surprise.
    ...PROGRAMS.map(({ name }): [string, Entry] => [`lib/ipcx/${name}`, { linkTo: "../../bin/ipcx" }]),
    ["share/bash-completion/completions/ipcx", { content: bash() }],
    [`${places.zsh}/_ipcx`, { content: zsh() }],
    ["share/fish/vendor_completions.d/ipcx.fish", { content: fish() }],
    ...manuals(release),
    ...units(prefix),
    ...copiesOf(`${ROOT}deploy/sysusers.d/`, "lib/sysusers.d/"),
    ...documentation("share/doc/ipcx/"),
  ]);
}
