import { assert, assertEquals } from "@std/assert";
import { COMMANDS } from "../src/cli/table.ts";
import { claim } from "./claim.ts";

const ROOT = new URL("..", import.meta.url).pathname;

/** The parts that may use another part, through its mod.ts. */
const NEIGHBOURS: Readonly<Record<string, string>> = { proxy: "spawn", beam: "broker" };

/** Files should stay below 250 lines; above this they must be two. */
const MOST_LINES = 450;

/** What is in the repository; other imports are packages. */
const OURS = /^((src|ffi|tests|bench|examples)\/|(cli|mod)\.ts$|deno\.json$)/;

const VAGUE = ["util", "utils", "helper", "helpers", "common", "misc"];

/** What tests and benchmarks make is not the repository's. */
const MADE = ["tests/build", "bench/build", "ffi/build"];

/** The files below a folder, by their paths in the repository. */
function filesBelow(folder: string): string[] {
  if (MADE.includes(folder)) return [];
  return Array.from(Deno.readDirSync(ROOT + folder)).flatMap(({ name, isDirectory }) =>
    isDirectory ? filesBelow(`${folder}/${name}`) : [`${folder}/${name}`]
  ).sort();
}

function sourceOf(path: string): string {
  return Deno.readTextFileSync(ROOT + path);
}

/** What is left of a source without its comments, whose examples may import what they like. */
function codeOf(path: string): string {
  return sourceOf(path).replace(/\/\*[^]*?\*\//g, "").replace(/(^|\s)\/\/.*$/gm, "$1");
}

/** What a file imports, in whatever way: relative paths as paths in the repository, others as they are. */
function importsOf(path: string): string[] {
  const found = codeOf(path).matchAll(/\b(?:from|import)\s*\(?\s*["']([^"']+)["']/g);
  return Array.from(
    found,
    ([, specifier]) => specifier.startsWith(".") ? new URL(specifier, `file:///${path}`).pathname.slice(1) : specifier,
  );
}

/** The folder that a path is in: `"cli"`, `"core"`, `"std"`, a part, or what is above or below them. */
function layerOf(path: string): string {
  const [top, below] = path.split("/");
  return top === "src" ? below : top;
}

/** Whether an arrow from one file to another points down. */
function mayImport(from: string, to: string): boolean {
  const [upper, lower] = [layerOf(from), layerOf(to)];
  if (lower === "ipcx") return false;
  if (!OURS.test(to)) return true;
  if (upper === "cli.ts") return lower === "cli";
  if (upper === "mod.ts") return to.startsWith("src/") && to.endsWith("/mod.ts") && lower !== "cli";
  if (lower === upper || lower === "std") return true;
  if (upper === "std") return false;
  if (upper === "core") return lower === "ffi";
  if (lower === "core") return true;
  if (upper === "cli") return lower === "deno.json" || (to.startsWith("src/") && lower !== "cli");
  return lower === NEIGHBOURS[upper] && to === `src/${lower}/mod.ts`;
}

const SOURCES = ["cli.ts", "mod.ts", ...filesBelow("src").filter((path) => path.endsWith(".ts"))];

claim("the rule itself tells down from up", () => {
  const down = [
    ["cli.ts", "src/cli/main.ts"],
    ["mod.ts", "src/broker/mod.ts"],
    ["src/cli/broker.ts", "src/broker/broker.ts"],
    ["src/cli/main.ts", "deno.json"],
    ["src/broker/broker.ts", "src/core/fd.ts"],
    ["src/broker/broker.ts", "prom-client"],
    ["src/core/fd.ts", "@std/log"],
    ["src/proxy/workers.ts", "src/spawn/mod.ts"],
    ["src/beam/meet.ts", "src/broker/mod.ts"],
    ["src/core/native_files.ts", "ffi/libipcx.so"],
    ["src/core/fd.ts", "src/std/log.ts"],
  ];
  const up = [
    ["src/core/fd.ts", "src/broker/broker.ts"],
    ["src/core/fd.ts", "src/cli/values.ts"],
    ["src/core/fd.ts", "mod.ts"],
    ["src/core/fd.ts", "ipcx"],
    ["src/broker/broker.ts", "src/cli/values.ts"],
    ["src/broker/broker.ts", "src/spawn/mod.ts"],
    ["src/broker/broker.ts", "ffi/libipcx.so"],
    ["src/beam/meet.ts", "src/broker/broker.ts"],
    ["src/spawn/spawn.ts", "src/proxy/mod.ts"],
    ["src/std/log.ts", "src/core/fd.ts"],
    ["src/cli/main.ts", "ffi/libipcx.so"],
    ["cli.ts", "src/core/fd.ts"],
    ["mod.ts", "src/cli/main.ts"],
    ["mod.ts", "src/core/fd.ts"],
  ];
  for (const [from, to] of down) assert(mayImport(from, to), `${from} → ${to}`);
  for (const [from, to] of up) assert(!mayImport(from, to), `${from} → ${to}`);
});

claim("no import points up", () => {
  const imports = SOURCES.flatMap((from) => importsOf(from).map((to) => [from, to]));
  assert(imports.length > 100, "imports are found at all");
  const upward = imports.filter(([from, to]) => !mayImport(from, to));
  assertEquals(upward.map(([from, to]) => `${from} → ${to}`), []);
});

claim("every imported file exists", () => {
  const relative = SOURCES.flatMap(importsOf).filter((path) => path.startsWith("src/"));
  const files = filesBelow("src");
  assertEquals(relative.filter((path) => !files.includes(path)), []);
});

claim("only src/core/native.ts calls Deno.dlopen, and only native_files.ts imports what is built from C", () => {
  const callers = SOURCES.filter((path) => /\bdlopen\b/.test(codeOf(path)));
  assertEquals(callers, ["src/core/native.ts"]);
  const importers = SOURCES.filter((path) => importsOf(path).some((to) => layerOf(to) === "ffi"));
  assertEquals(importers, ["src/core/native_files.ts"]);
});

claim("no file and no folder is called util, helper, common or misc", () => {
  const paths = ["src", "ffi", "tests", "bench"].flatMap(filesBelow);
  const vague = paths.filter((path) => path.split(/[/._-]/).some((word) => VAGUE.includes(word.toLowerCase())));
  assertEquals(vague, []);
});

claim(`no source file has more than ${MOST_LINES} lines`, () => {
  const long = SOURCES.map((path) => `${path}: ${sourceOf(path).split("\n").length - 1}`)
    .filter((line) => Number(line.split(": ")[1]) > MOST_LINES);
  assertEquals(long, []);
});

claim("every command and every option is told of in README.md or docs/", () => {
  const pages = ["README.md", ...filesBelow("docs").filter((path) => path.endsWith(".md"))];
  const text = pages.map(sourceOf).join("\n");
  const isTold = (words: string): boolean => new RegExp(`(?<![\\w-])${words}(?![\\w-])`).test(text);
  const missing = COMMANDS.flatMap(({ name, options }) => [
    ...(isTold(`ipcx ${name}`) ? [] : [`ipcx ${name}`]),
    ...options.filter((option) => !isTold(`--${option.name}`)).map((option) => `${name} --${option.name}`),
  ]);
  assertEquals(missing, []);
});
