/**
 * Whose everything in a package is, as Debian writes it: the copyright format 1.0.
 *
 * @module
 */

import type { Target } from "../targets.ts";
import { type BundledPackage, bundledPackages } from "./bundled_packages.ts";
import { type CarriedParts, carriedParts } from "./carried_parts.ts";

const ROOT = decodeURIComponent(new URL("../..", import.meta.url).pathname);
const TEXTS = `${ROOT}deploy/licences/`;

/** Licences that are told of by a file that has them in full. */
export const WHOLE_LICENCES: readonly string[] = ["LGPL-2.1", "GPL-3", "Apache-2.0"];

/** What a field holds is indented, and an empty line is a dot. */
function field(name: string, first: string, text = ""): string {
  const lines = text.split("\n").map((line) => line.trimEnd()).map((line) => ` ${line === "" ? "." : line}`);
  return `${name}: ${[first, ...(text === "" ? [] : lines)].join("\n")}`.replace(/^(\w+:) \n/, "$1\n");
}

function paragraph(files: string, holders: readonly string[], license: string, comment = ""): string {
  const [first, ...more] = holders;
  return [
    field("Files", files),
    [`Copyright: ${first}`, ...more.map((holder) => `           ${holder}`)].join("\n"),
    field("License", license),
    ...(comment === "" ? [] : [field("Comment", "", comment)]),
  ].join("\n");
}

/** What is above the conditions of a licence. */
const ABOVE = /^\s*(Copyright:? .*|(The )?MIT License( \(MIT\))?)\s*$/;

/** The conditions alone: whose they are is told where they are named. */
function conditions(text: string): string {
  return text.split("\n").filter((line) => !ABOVE.test(line)).join("\n").trim();
}

function areAlike(one: string, other: string): boolean {
  const [words, others] = [one, other].map((text) => text.split(/\s+/).join(" ").toLowerCase());
  return words === others;
}

/** What each text is called: its licence, and whose it is if others have another text by that name. */
class Licences {
  readonly #texts = new Map<string, string>();

  /** Takes a text in; returns its name. */
  add(license: string, owner: string, text: string): string {
    if (WHOLE_LICENCES.includes(license)) return license;
    for (const name of [license, `${license}-${owner}`]) {
      const known = this.#texts.get(name);
      if (known === undefined) this.#texts.set(name, conditions(text));
      if (known === undefined || areAlike(known, conditions(text))) return name;
    }
    throw new Error(`${owner} has two texts of the licence ${license}`);
  }

  /** The paragraphs of all texts. */
  paragraphs(): string[] {
    return Array.from(this.#texts, ([name, text]) => field("License", name, text));
  }
}

function ofDeno({ deno }: CarriedParts, licences: Licences): string[] {
  const text = (name: string): string => Deno.readTextFileSync(TEXTS + name);
  return [
    paragraph(
      "carried/deno/*",
      ["2018-2026 the Deno authors"],
      licences.add("MIT", "deno", text("deno")),
      `The runtime, unchanged: Deno ${deno}. Its source, and the packages of Rust that it
is made of with their licences, are told by Cargo.lock there:
https://github.com/denoland/deno/tree/v${deno}`,
    ),
    paragraph(
      "carried/deno/v8/*",
      ["2006-2026 the V8 project authors"],
      licences.add("BSD-3-Clause", "v8", text("v8")),
      "The engine within it: https://github.com/denoland/rusty_v8",
    ),
  ];
}

function ofGnu({ glibc, gcc }: CarriedParts): string[] {
  return [
    paragraph(
      "carried/glibc/*",
      ["1991-2026 Free Software Foundation, Inc."],
      "LGPL-2.1+",
      `The dynamic loader and the C library, unchanged: ${glibc}.
Used where the host has no newer one. Its source is that of the distribution
named there ('apt-get source glibc'), and https://ftp.gnu.org/gnu/glibc. The
program for waiting (ffi/waiter) is linked with it statically; who wants another
glibc in either makes ipcx from source with that, or gives it to 'deno task compile'
by installing it.`,
    ),
    paragraph(
      "carried/libgcc/*",
      ["1989-2026 Free Software Foundation, Inc."],
      "GPL-3+ with GCC-exception-3.1",
      `libgcc_s.so.1, unchanged, of GCC ${gcc}. Its source is that
of the distribution named there, and https://ftp.gnu.org/gnu/gcc.`,
    ),
  ];
}

function ofNpm(one: BundledPackage, licences: Licences): string {
  const { name, version, license, holders, text } = one;
  const files = `carried/npm/${name}@${version}/*`;
  return paragraph(files, holders, licences.add(license, name.replaceAll(/[@/]+/g, "-").replace(/^-/, ""), text));
}

function wholeLicences(folder: string): string[] {
  const exception = Deno.readTextFileSync(`${TEXTS}GCC-exception-3.1`).trim();
  return [
    field("License", "LGPL-2.1+", `The GNU Lesser General Public License, version 2.1 or later: ${folder}LGPL-2.1`),
    field(
      "License",
      "GPL-3+ with GCC-exception-3.1",
      `The GNU General Public License, version 3 or later: ${folder}GPL-3\nwith this exception:\n\n${exception}`,
    ),
    field("License", "Apache-2.0", `The Apache License, version 2.0: ${folder}Apache-2.0`),
  ];
}

/**
 * Writes the copyright file of a package with the portable form.
 *
 * @param target The processor that it is for.
 * @param folder Where {@linkcode WHOLE_LICENCES} are, with a slash at its end.
 * @returns Its text.
 * @throws {Error} If something that is carried does not tell its licence or its version.
 */
export async function copyright(target: Target, folder: string): Promise<string> {
  const parts = carriedParts(target);
  const licences = new Licences();
  const own = licences.add("MIT", "ipcx", Deno.readTextFileSync(`${ROOT}LICENSE`));
  const files = [
    paragraph("*", ["2026 the ipcx authors"], own),
    ...ofDeno(parts, licences),
    ...ofGnu(parts),
    ...(await bundledPackages()).map((one) => ofNpm(one, licences)),
  ];
  const header = [
    field("Format", "https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/"),
    field("Upstream-Name", "ipcx"),
    field(
      "Comment",
      "",
      `The program is one file that carries what it runs on. What is of others in it is
named carried/ here, though there are no such files.`,
    ),
  ].join("\n");
  return [header, ...files, ...licences.paragraphs(), ...wholeLicences(folder)].join("\n\n") + "\n";
}
