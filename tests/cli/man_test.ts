import { assert, assertEquals, assertMatch } from "@std/assert";
import fc from "fast-check";
import manifest from "../../deno.json" with { type: "json" };
import { manualPages } from "../../src/cli/man.ts";
import { MANUALS } from "../../src/cli/manuals.ts";
import { parseCommand } from "../../src/cli/parse.ts";
import { escapeRoff, literal } from "../../src/cli/roff.ts";
import { optionsOf } from "../../src/cli/command_spec.ts";
import { COMMANDS, findCommand, PROGRAMS } from "../../src/cli/table.ts";
import { claim, OwnDirectory } from "../claim.ts";
import { sources } from "../documents.ts";
import { missing } from "../spawn/compiled.ts";
import { ROOT, runProgram } from "./program.ts";

const EDITION = { version: "1.2.3", date: "2026-11-22" };
const PAGES = manualPages(EDITION);
const WIDTH = 80;

/** Renderers, each told to complain of all that it can, and how much of what they print is complaints. */
const RENDERERS: Record<string, { command: string[]; complains: "err" | "out" }> = {
  man: { command: ["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8"], complains: "err" },
  groff: { command: ["groff", "-man", "-ww", "-K", "utf8", "-Tutf8"], complains: "err" },
  mandoc: { command: ["mandoc", "-T", "lint", "-W", "warning"], complains: "out" },
};

function writeTo(directory: OwnDirectory): string[] {
  return Array.from(PAGES, ([name, text]) => {
    Deno.writeTextFileSync(directory.file(name), text);
    return directory.file(name);
  });
}

/** A page as it is shown, in lines of that many columns. */
async function shown(file: string, columns = 78): Promise<string> {
  const { status, out, err } = await runProgram(["man", "-E", "UTF-8", "-l", "-Tutf8", file], {
    env: { MANWIDTH: `${columns}`, LC_ALL: "C.UTF-8" },
  });
  assertEquals([status, err], [0, ""]);
  // Bold and italics are letters that are struck twice.
  return out.replaceAll(/.[\b]/g, "");
}

/** A text without its line breaks, and the hyphens (U+2010) that they have made. */
function words(text: string): string {
  return text.replaceAll(/\u2010\n\s*/g, "").replaceAll("…", "...").replaceAll(/\s+/g, " ").trim();
}

claim("there is a page for ipcx, one for each command, and one for each name that it can be called by", () => {
  const commands = COMMANDS.map(({ name }) => `ipcx-${name}.1`);
  const programs = PROGRAMS.map(({ name }) => `${name}.1`);
  assertEquals([...PAGES.keys()], ["ipcx.1", ...commands, ...programs]);
});

for (const [renderer, { command, complains }] of Object.entries(RENDERERS)) {
  claim(`${renderer} renders each page without a warning`, async () => {
    using directory = new OwnDirectory();
    for (const file of writeTo(directory)) {
      const result = await runProgram([...command, file], { env: { LC_ALL: "C.UTF-8" } });
      assertEquals([result.status, result[complains]], [0, ""], file);
      if (complains === "err") assert(result.out.length > 1000, file);
    }
  }, { skip: missing(renderer) });
}

claim("pages are ASCII, so that no locale garbles them", () => {
  for (const [name, text] of PAGES) assertMatch(text, /^[\n -~]*$/, name);
});

claim("any text is shown as it is, and can be copied", async () => {
  const printable = fc.string({
    unit: fc.constantFrom(...Array.from({ length: 95 }, (_, at) => String.fromCharCode(32 + at))),
  });
  const samples = [".TH", "'br", "\\fB", "-- -x", "a.b", "...", "\\\\", '"', "~^`", ...fc.sample(printable, 300)]
    .map((text) => `>${text}<`);
  using directory = new OwnDirectory();
  const file = directory.file("x.1");
  // What stands at the beginning of a line is tried as well.
  const bare = [".TH", "'br", "..", '.\\"', "'"];
  const lines = [...literal([...samples, ...bare]), ...bare.map(escapeRoff)];
  Deno.writeTextFileSync(file, ['.TH X 1 "" "" ""', ".SH X", ...lines, ""].join("\n"));
  const text = (await shown(file, 1000)).split("\n").map((line) => line.trim());
  for (const sample of [...samples, ...bare]) assert(text.includes(sample.trimEnd()), sample);
  assert(text.map(words).includes(bare.join(" ")), text.at(-3));
}, { skip: missing("man") });

for (const spec of COMMANDS) {
  claim(`the page of ${spec.name} shows all that its help tells`, async () => {
    using directory = new OwnDirectory();
    writeTo(directory);
    const page = await shown(directory.file(`ipcx-${spec.name}.1`), 500);
    const text = words(page);
    const has = (wanted: string): void =>
      assert(text.toLowerCase().includes(words(wanted).toLowerCase()), `no ${wanted}`);
    for (const usage of spec.usage) has(`ipcx ${usage}`);
    has(spec.summary);
    for (const option of optionsOf(spec)) {
      has(`${option.short ? `-${option.short}, ` : ""}--${option.name}`);
      has(option.help.replace(/ \[[^\]]*\]$/, ""));
      const [, byDefault] = / \[([^\]]*)\]$/.exec(option.help) ?? [];
      if (byDefault !== undefined) has(`Default: ${byDefault}.`);
    }
    for (const line of (spec.details ?? "").split("\n")) {
      if (/^Exam|^ {2}(source|ipcx comp)/.test(line)) continue;
      for (const piece of line.replace("Exit status: ", "").trim().split(/ {2,}/)) has(piece.replace(/^(.)/, "$1"));
    }
    for (const title of ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS", "EXAMPLES", "SEE ALSO"]) {
      assert(page.split("\n").includes(title), `no section ${title}`);
    }
  }, { skip: missing("man") });
}

claim("the page of ipcx shows each command with its summary", async () => {
  using directory = new OwnDirectory();
  writeTo(directory);
  const text = words(await shown(directory.file("ipcx.1"), 500)).toLowerCase();
  for (const { name, summary } of COMMANDS) {
    assert(text.includes(`${name} ${summary.toLowerCase()}.`), name);
    assert(text.includes(`ipcx-${name}(1)`), name);
  }
}, { skip: missing("man") });

claim("on a terminal of 80 columns no line of a page is cut", async () => {
  using directory = new OwnDirectory();
  for (const file of writeTo(directory)) {
    const lines = (await shown(file, WIDTH)).split("\n");
    for (const line of lines) assert(line.length <= WIDTH, `${file}: ${line}`);
  }
}, { skip: missing("man") });

/** The words of the calls of ipcx in a shell's line, as far as examples go. */
function calls(line: string): string[][] {
  const tokens = Array.from(
    line.matchAll(/'([^']*)'|"([^"]*)"|((?:\\.|[^\s'"\\])+)/g),
    ([whole, single, double, bare]) => ({ text: single ?? double ?? bare, isBare: bare !== undefined, whole }),
  );
  const found: string[][] = [];
  let call: string[] | undefined;
  for (const { text, isBare } of tokens) {
    if (isBare && /^(\||<?\(?ipcx|\d*[<>].*)$/.test(text)) {
      call = text.endsWith("ipcx") ? [] : undefined;
      if (call) found.push(call);
    } else call?.push(isBare ? text.replace(/\)$/, "") : text);
  }
  return found;
}

claim("every example is one that the table takes", () => {
  let count = 0;
  for (const { name } of COMMANDS) {
    const examples = MANUALS[name].examples;
    assert(examples.length > 0, name);
    for (const { what, lines } of examples) {
      assertMatch(what, /^[A-Z].*:$/);
      const found = lines.join("\n").replaceAll("\\\n", "").split("\n").flatMap(calls);
      assert(found.some(([command]) => command === name), `${name}: ${lines}`);
      for (const [command, ...args] of found) {
        parseCommand(findCommand(command)!, args);
        count++;
      }
    }
  }
  assert(count > COMMANDS.length);
});

claim("a variable that a page tells of is one that the program looks at, and none is left out", () => {
  const told = new Set(
    Object.values(MANUALS).flatMap(({ variables = [] }) => variables.flatMap(([term]) => term.split(", "))),
  );
  const source = sources("src").replaceAll(/\/\*[^]*?\*\//g, "");
  // Deno itself looks at these.
  const byRuntime = ["TMPDIR", "OTEL_DENO", "NO_COLOR"];
  for (const name of told) assert(byRuntime.includes(name) || source.includes(`"${name}"`), name);
  const looked = Array.from(source.matchAll(/env\.get\("([A-Z_]+)"\)/g), ([, name]) => name);
  assert(looked.length > 3);
  assertEquals(looked.filter((name) => !told.has(name)), []);
});

claim("deno task man writes them, the same for the same day", async () => {
  using directory = new OwnDirectory();
  const write = async (folder: string): Promise<void> => {
    const permissions = ["--allow-read", `--allow-write=${directory.path}`, "--allow-env=SOURCE_DATE_EPOCH"];
    const command = [Deno.execPath(), "run", "--quiet", ...permissions, `${ROOT}deploy/man.ts`, directory.file(folder)];
    const { status, err } = await runProgram(command, { env: { SOURCE_DATE_EPOCH: "1795305600" } });
    assertEquals([status, err], [0, `man: ${PAGES.size} pages in ${directory.file(folder)}\n`]);
  };
  await write("one");
  await write("two");
  const pages = manualPages({ version: manifest.version, date: "2026-11-22" });
  for (const [name, text] of pages) {
    for (const folder of ["one", "two"]) assertEquals(Deno.readTextFileSync(directory.file(`${folder}/${name}`)), text);
  }
});
