/**
 * `ipcx doctor`: looks at this host and says what will not work.
 *
 * @module
 */

import { AddressError } from "../core/address.ts";
import { printable } from "../core/lines.ts";
import { CHECK_NAMES } from "../doctor/check_names.ts";
import { diagnose } from "../doctor/diagnose.ts";
import type { Finding, FindingState } from "../doctor/finding.ts";
import { type Arguments, UsageError } from "./parse.ts";
import { rowWriter } from "./text_table.ts";
import { oneOf } from "./values.ts";

const COLOURS: Readonly<Record<FindingState, number>> = { ok: 32, warning: 33, fails: 31 };

/** Whether colours are understood, and wanted (no-color.org). */
function hasColours(): boolean {
  return Deno.stdout.isTerminal() && !Deno.noColor && Deno.env.get("TERM") !== "dumb";
}

function text(findings: readonly Finding[], coloured: boolean): string {
  const rows = findings.map(({ state, name, found }) => [state, printable(name), printable(found)]);
  const write = rowWriter([["", "left"], ["", "left"], ["", "left"]], rows);
  return findings.map(({ state, means, remedy }, at) => {
    const line = write(rows[at]);
    const head = coloured ? line.replace(state, `\x1b[${COLOURS[state]}m${state}\x1b[0m`) : line;
    return [
      head,
      ...(means === undefined ? [] : [`  so:  ${printable(means)}\n`]),
      ...(remedy === undefined ? [] : [`  do:  ${printable(remedy)}\n`]),
    ].join("");
  }).join("");
}

function summary(findings: readonly Finding[]): string {
  const [warnings, failures] = (["warning", "fails"] as const).map((state) =>
    findings.filter((finding) => finding.state === state).length
  );
  if (warnings + failures === 0) return "nothing is wrong\n";
  return `${failures} fail${failures === 1 ? "s" : ""}, ${warnings} warning${warnings === 1 ? "" : "s"}, ` +
    `${findings.length - failures - warnings} ok\n`;
}

function json(findings: readonly Finding[]): string {
  return `[\n${findings.map((finding) => JSON.stringify(finding)).join(",\n")}\n]\n`;
}

/** Not with the functions of output.ts: those need the C library, which may be what fails. */
function print(text: string): void {
  let rest = new TextEncoder().encode(text);
  try {
    while (rest.length > 0) rest = rest.subarray(Deno.stdout.writeSync(rest));
  } catch (error) {
    throw new Error(`standard output: ${(error as Error).message}`, { cause: error });
  }
}

async function look(args: Arguments): Promise<Finding[]> {
  const only = args.all("only", oneOf(...CHECK_NAMES));
  try {
    return await diagnose({ only, sockets: args.words });
  } catch (error) {
    if (error instanceof AddressError) throw new UsageError(`SOCKET: ${error.message}`);
    throw error;
  }
}

/** Runs `ipcx doctor`. */
export async function run(args: Arguments): Promise<number> {
  const findings = await look(args);
  const status = findings.some(({ state }) => state === "fails") ? 1 : 0;
  const told = args.has("quiet") ? findings.filter(({ state }) => state !== "ok") : findings;
  if (args.has("json")) print(json(told));
  else print(text(told, hasColours()) + (args.has("quiet") ? "" : summary(findings)));
  // A look at a file system that hangs goes on, and nothing is to wait for that.
  Deno.exit(status);
}
