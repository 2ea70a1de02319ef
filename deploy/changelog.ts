/**
 * CHANGELOG.md, and what is made of it.
 *
 * @module
 */

import manifest from "../deno.json" with { type: "json" };

/** One version. */
export interface Release {
  /** Such as `0.1.0`. */
  version: string;
  /** The day, as it is written there. */
  day: string;
  /** What is told of it: paragraphs and points, each in one line. */
  entries: string[];
}

const FILE = decodeURIComponent(new URL("../CHANGELOG.md", import.meta.url).pathname);

/** Width of Debian's changelog. */
const WIDTH = 80;

const RELEASE = /^## \[(\d+\.\d+\.\d+)\] - (\d{4}-\d\d-\d\d)$/;

function entriesOf(lines: readonly string[]): string[] {
  const entries: string[] = [];
  let goesOn = false;
  for (const line of lines) {
    const [, start, rest] = /^(- |\s*)(.*)$/.exec(line)!;
    if (rest === "" || rest.startsWith("#")) goesOn = false;
    else if (goesOn && start !== "- ") entries.push(`${entries.pop()} ${rest}`);
    else goesOn = entries.push(rest) > 0;
  }
  return entries;
}

/**
 * Reads a changelog.
 *
 * @param text As https://keepachangelog.com has it; what is not released yet is left out.
 * @returns The versions, the newest first.
 * @throws {Error} For a heading that is neither `## [VERSION] - DAY` nor `## [Unreleased]`.
 */
export function parseChangelog(text: string): Release[] {
  const [, ...parts] = text.split(/^(?=## )/m).map((part) => part.split("\n"));
  return parts.filter(([heading]) => heading !== "## [Unreleased]").map(([heading, ...lines]) => {
    const [, version, day] = RELEASE.exec(heading) ?? [];
    if (version === undefined) throw new Error(`CHANGELOG.md: '${heading}' names no version with its day`);
    return { version, day, entries: entriesOf(lines) };
  });
}

/**
 * Finds the version that is made here.
 *
 * @param releases What CHANGELOG.md has.
 * @param version Which; that of deno.json, unless given.
 * @returns Its entry.
 * @throws {Error} If there is none.
 */
export function currentRelease(releases: readonly Release[], version: string = manifest.version): Release {
  const release = releases.find((one) => one.version === version);
  if (release) return release;
  throw new Error(`CHANGELOG.md has no entry '## [${version}] - DAY' for the version of deno.json`);
}

/**
 * Reads CHANGELOG.md, whose newest version has to be that of deno.json.
 *
 * @returns The versions, the newest first.
 * @throws {Error} If there is no entry for it, or one for a newer version.
 */
export function releases(): Release[] {
  const all = parseChangelog(Deno.readTextFileSync(FILE));
  const current = currentRelease(all);
  if (all[0] === current) return all;
  throw new Error(`CHANGELOG.md tells of ${all[0].version}, and deno.json has version ${current.version}`);
}

/**
 * Tells the time that everything of a release is given, so that it is the same whenever it is made.
 *
 * @param release Which.
 * @returns What SOURCE_DATE_EPOCH says, or else the beginning of its day, in seconds since 1970.
 * @throws {RangeError} If SOURCE_DATE_EPOCH is no number.
 */
export function timeOf(release: Release): number {
  const given = Deno.env.get("SOURCE_DATE_EPOCH");
  if (given === undefined || given === "") return Date.parse(`${release.day}T00:00:00Z`) / 1000;
  if (/^\d{1,11}$/.test(given)) return Number(given);
  throw new RangeError(`SOURCE_DATE_EPOCH is '${given}', which is no number of seconds since 1970`);
}

/**
 * Tells the day of {@linkcode timeOf}.
 *
 * @param release Which.
 * @returns Such as `2026-11-22`.
 */
export function dayOf(release: Release): string {
  return new Date(timeOf(release) * 1000).toISOString().slice(0, 10);
}

function wrap(entry: string): string {
  const lines = [""];
  for (const word of entry.replaceAll("`", "").split(" ")) {
    const longer = lines.at(-1) === "" ? word : `${lines.at(-1)} ${word}`;
    if (longer.length > WIDTH - 4 && lines.at(-1) !== "") lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return `  * ${lines.join("\n    ")}\n`;
}

/** As RFC 5322 writes days, and Debian with it. */
function inFull(day: string): string {
  return new Date(`${day}T00:00:00Z`).toUTCString().replace("GMT", "+0000");
}

/**
 * Writes Debian's changelog: deb-changelog(5).
 *
 * @param releases What CHANGELOG.md has.
 * @param maintainer Who has made the package, with an address.
 * @returns Its text.
 */
export function debianChangelog(releases: readonly Release[], maintainer: string): string {
  return releases.map(({ version, day, entries }) => {
    const changes = entries.map(wrap).join("");
    return `ipcx (${version}) stable; urgency=medium\n\n${changes}\n -- ${maintainer}  ${inFull(day)}\n`;
  }).join("\n");
}
