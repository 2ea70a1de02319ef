/**
 * What `ipcx doctor` finds in a situation that is made for it.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import type { Finding } from "ipcx";
import { ipcx, type ProcessOptions } from "../cli/program.ts";

const FOLDER = import.meta.dirname!;

/**
 * Runs `ipcx doctor` and looks at one finding.
 *
 * @param name The check.
 * @param options What it is started by, and its environment.
 * @returns What was found.
 */
export async function examined(name: string, options: ProcessOptions = {}): Promise<Finding> {
  const { status, out, err } = await ipcx(["doctor", "--json", "--only", name], options);
  assert(out !== "", `status ${status}: ${err}`);
  const findings = JSON.parse(out) as Finding[];
  const finding = findings.find((one) => one.name === name)!;
  assert(finding, out);
  assertEquals({ status, err }, { status: findings.some(({ state }) => state === "fails") ? 1 : 0, err: "" });
  return finding;
}

/** What is found, in short: its state, and what was found. */
export async function found(name: string, options: ProcessOptions = {}): Promise<string> {
  const { state, found } = await examined(name, options);
  return `${state}: ${found}`;
}

/** A shell that does something before it becomes the program. */
export function after(script: string): string[] {
  return ["sh", "-c", `${script} && exec "$@"`, "sh"];
}

/** A sandbox that refuses calls, as `CALL:ERRNO`. */
export function refusing(...rules: string[]): string[] {
  return ["python3", `${FOLDER}/programs/refuse.py`, ...rules, "--"];
}
