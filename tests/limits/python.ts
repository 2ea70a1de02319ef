/**
 * The same limits as `ipcx limits` tells and as direct system calls of Python do.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import type { Limit } from "ipcx";
import { ipcx, runProgram } from "../cli/program.ts";

/** Values by the names of limits. */
export type Values = Record<string, Limit["value"]>;

const PEER = new URL("./peer", import.meta.url).pathname;

/** Memory in one piece, and what others of the user have in flight, change from moment to moment. */
const MOMENTARY: Record<string, readonly string[]> = {
  sizes: ["dgram-most", "dgram-most-beyond", "seqpacket-most", "seqpacket-most-beyond"],
  passing: ["fds-in-flight"],
};

const ATTEMPTS = 20;

async function askIpcx(through: readonly string[], args: readonly string[] = []): Promise<Limit[]> {
  const { status, out, err } = await ipcx(["limits", "--json", ...args], { through });
  assertEquals({ status, err }, { status: 0, err: "" });
  return JSON.parse(out);
}

async function askPython(through: readonly string[], modules: readonly string[] = []): Promise<Values> {
  const { status, out, err } = await runProgram(["python3", "-B", PEER, ...modules], { through });
  assertEquals({ status, err }, { status: 0, err: "" });
  return JSON.parse(out);
}

function only(values: Values, names: readonly string[]): Values {
  return Object.fromEntries(names.map((name) => [name, values[name]]));
}

function valuesOf(limits: readonly Limit[]): Values {
  return Object.fromEntries(limits.map(({ name, value }) => [name, value]));
}

function differ(names: readonly string[], one: Values, other: Values): boolean {
  return names.some((name) => one[name] !== other[name]);
}

/** Looks again until both have met the same moment. */
async function settle(through: readonly string[], module: string, mine: Values, theirs: Values): Promise<void> {
  const names = MOMENTARY[module];
  for (let attempt = 0; differ(names, mine, theirs) && attempt < ATTEMPTS; attempt++) {
    Object.assign(theirs, only(await askPython(through, [module]), names));
    Object.assign(mine, valuesOf(await askIpcx(through, names)));
  }
}

/**
 * Measures all limits in both ways, and claims that they agree in every one.
 *
 * @param through What both are started by, such as `setpriv`.
 * @returns The limits.
 */
export async function agreeWithPython(through: readonly string[] = []): Promise<Values> {
  const limits = await askIpcx(through);
  const unknown = limits.filter(({ value }) => value === null).map(({ name, note }) => `${name}: ${note}`);
  assertEquals(unknown, []);
  const mine = valuesOf(limits);
  const theirs = await askPython(through);
  for (const module of Object.keys(MOMENTARY)) await settle(through, module, mine, theirs);
  assert(Object.keys(mine).length > 100);
  const sorted = (values: Values): [string, Limit["value"]][] =>
    Object.entries(values).sort(([one], [other]) => one < other ? -1 : 1);
  assertEquals(sorted(mine), sorted(theirs));
  return mine;
}
