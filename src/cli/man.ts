/**
 * Manual pages, made from the table. Nothing that runs loads this: `deno task man` does.
 *
 * @module
 */

import { BROKER_FILES } from "./broker_manuals.ts";
import { type CommandSpec, optionsOf, type OptionSpec } from "./command_spec.ts";
import { valueOf } from "./help.ts";
import { paragraphs } from "./man_details.ts";
import { type Entry, type Manual, STATUSES } from "./manual.ts";
import { MANUALS } from "./manuals.ts";
import { bold, escapeRoff, italic, literal, prose, section, tagged, unbroken } from "./roff.ts";
import { COMMANDS, findCommand, PROGRAMS } from "./table.ts";

/** What a page says of itself. */
export interface Edition {
  /** The version of the program. */
  version: string;
  /** When it was made, as in `2026-11-22`. */
  date: string;
}

const PLACES =
  "An address ADDR is written /path or ./path for a socket file, @name for an abstract name, where \\xHH " +
  "stands for any byte, or fd:N for a descriptor that is open already.";

function isCommand(name: string): boolean {
  return findCommand(name) !== undefined;
}

function text(words: string): string[] {
  return prose(words, isCommand);
}

function sentence(words: string): string[] {
  const [, said, byDefault] = /^(.*) \[(.+)\]$/.exec(words) ?? [, words];
  return text(`${said![0].toUpperCase()}${said!.slice(1)}.${byDefault === undefined ? "" : ` Default: ${byDefault}.`}`);
}

function header(name: string, { version, date }: Edition): string[] {
  return [`.TH ${escapeRoff(name.toUpperCase())} 1 "${date}" "ipcx ${version}" "ipcx manual"`, ".ad l"];
}

/** The words of a usage line: typed ones in bold, what they stand for in italics, brackets as they are. */
function synopsisLine(program: string, usage: string): string {
  const words = usage.replaceAll(/(--?[a-z][\w-]*|--|options|[A-Z]+|[a-z][\w-]*)|([^A-Za-z-]+|-)/g, (found, word) => {
    if (word === undefined) return escapeRoff(found);
    return word === "options" || /^[A-Z]/.test(word) ? italic(word) : bold(word);
  });
  return program === "" ? words : `${bold(program)} ${words}`;
}

function synopsis(program: string, usage: readonly string[]): string[] {
  return usage.flatMap((line, at) => [...(at > 0 ? [".br"] : []), synopsisLine(program, line)]);
}

function optionEntry(option: OptionSpec): string[] {
  const value = valueOf(option).replaceAll(
    /[A-Z]+|[^A-Z]+/g,
    (part) => /^[A-Z]/.test(part) ? italic(part) : escapeRoff(part),
  );
  const names = [...(option.short ? [bold(`-${option.short}`)] : []), bold(`--${option.name}`) + value];
  return tagged(names.join(", "), ...sentence(option.help));
}

function entries(rows: readonly Entry[] | undefined, set: (term: string) => string): string[] {
  return (rows ?? []).flatMap(([term, meaning]) => tagged(set(term), ...sentence(meaning)));
}

function examples(manual: Manual, program: string | undefined): string[] {
  return manual.examples.flatMap(({ what, lines }, at) => [
    ...(at > 0 ? [".PP"] : []),
    ...text(what),
    ...literal(program === undefined ? lines : lines.map((line) => line.replaceAll(`ipcx ${program}`, program))),
  ]);
}

function references(pages: readonly string[]): string[] {
  return pages.map((page, at) => {
    const [, name, number] = /^(.+)\((\d)\)$/.exec(page)!;
    return `.BR ${unbroken(name)} (${number})${at < pages.length - 1 ? " ," : ""}`;
  });
}

/** The pages of ipcx itself that belong to a command: they are told of by its name in each other's texts. */
function neighbours({ name, details, summary, usage }: CommandSpec): string[] {
  const said = [details, summary, ...usage].join(" ");
  return COMMANDS.filter((other) => other.name !== name && new RegExp(`\\bipcx\\s+${other.name}\\b`).test(said))
    .map((other) => `ipcx-${other.name}(1)`);
}

function commandPage(spec: CommandSpec, edition: Edition, program: string | undefined): string {
  const manual = MANUALS[spec.name];
  const title = program ?? `ipcx-${spec.name}`;
  const usage = program === undefined ? spec.usage : spec.usage.map((line) => line.slice(spec.name.length + 1));
  const summary = program === undefined ? spec.summary : manual.asProgram ?? spec.summary;
  const { description, statuses } = paragraphs(spec.details ?? "", text);
  return [
    ...header(title, edition),
    ...section("NAME", `${escapeRoff(title)} \\- ${escapeRoff(summary)}`),
    ...section("SYNOPSIS", ...synopsis(program ?? "ipcx", usage)),
    ...section("DESCRIPTION", ...sentence(summary), ...description),
    ...section("OPTIONS", ...optionsOf(spec).flatMap(optionEntry)),
    ...section(
      "EXIT STATUS",
      ...(statuses.length > 0 ? statuses : entries([...STATUSES, ...manual.statuses ?? []], bold)),
    ),
    ...section("ENVIRONMENT", ...entries(manual.variables, bold)),
    ...section("FILES", ...entries(manual.files, italic)),
    ...section("EXAMPLES", ...examples(manual, program)),
    ...section("SEE ALSO", ...references(["ipcx(1)", ...neighbours(spec), ...manual.seeAlso ?? []])),
    "",
  ].join("\n");
}

/** All variables, each as the first command tells of it. */
function variables(): Entry[] {
  const all = COMMANDS.flatMap(({ name }) => (MANUALS[name].variables ?? []).map((entry) => ({ name, entry })));
  const terms = [...new Set(all.map(({ entry: [term] }) => term))];
  return terms.map((term) => {
    const names = all.filter(({ entry }) => entry[0] === term).map(({ name }) => name);
    return [term, `heeded by ${names.join(", ")}`];
  });
}

function programPage(edition: Edition): string {
  return [
    ...header("ipcx", edition),
    ...section("NAME", "ipcx \\- Unix sockets in full: broker, beam, proxy, spawn, and tools"),
    ...section("SYNOPSIS", ...synopsis("ipcx", ["COMMAND [options]", "--help", "--version"])),
    ...section(
      "DESCRIPTION",
      ...text(
        "ipcx is what two processes on a host can say to each other: packets, abstract names, credentials and open " +
          "files over Unix sockets, a broker that gives two processes a private socket, a gateway from HTTP to " +
          "programs, and starting programs in other namespaces with sockets in their hands.",
      ),
      ".PP",
      ...text(PLACES),
      ".PP",
      ...text(
        "Times are seconds, or a number with ms, s, m or h. Data goes to standard output, messages and logs to standard error.",
      ),
      ".PP",
      ...text(
        `Called by the name ${
          PROGRAMS.map(({ name }) => name).join(" or ")
        }, it is that program, and COMMAND is left out.`,
      ),
    ),
    ...section("COMMANDS", ...COMMANDS.flatMap(({ name, summary }) => tagged(bold(name), ...sentence(summary)))),
    ...section(
      "OPTIONS",
      ...tagged(
        `${bold("-h")}, ${bold("--help")}`,
        ...text("List the commands. Behind a command, tell what it understands."),
      ),
      ...tagged(`${bold("-V")}, ${bold("--version")}`, ...text("Print the version.")),
    ),
    ...section("EXIT STATUS", ...entries(STATUSES, bold), ".PP", ...text("A command that runs CMD ends as that does.")),
    ...section("ENVIRONMENT", ...entries(variables(), bold)),
    ...section("FILES", ...entries(BROKER_FILES, italic)),
    ...section(
      "EXAMPLES",
      ...text("Two shells meet through a broker:"),
      ...literal(["ipcx broker --socket ./one.socket --daemonize", "ipcx pair --socket ./one.socket disk0"]),
    ),
    ...section(
      "SEE ALSO",
      ...references([...COMMANDS.map(({ name }) => `ipcx-${name}(1)`), "unix(7)", "namespaces(7)"]),
    ),
    "",
  ].join("\n");
}

/**
 * Writes all manual pages.
 *
 * @param edition What they say of themselves.
 * @returns Their texts by their file names, such as `ipcx-spawn.1`.
 */
export function manualPages(edition: Edition): Map<string, string> {
  return new Map([
    ["ipcx.1", programPage(edition)],
    ...COMMANDS.map((spec) => [`ipcx-${spec.name}.1`, commandPage(spec, edition, undefined)] as const),
    ...PROGRAMS.map((spec) => [`${spec.name}.1`, commandPage(spec, edition, spec.name)] as const),
  ]);
}
