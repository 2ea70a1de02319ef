/**
 * Other processes that hold names, or want them.
 *
 * @module
 */

import { UnixAddress } from "../../src/core/address.ts";
import type { InstanceHolder, InstanceKeeper } from "../../src/instance/mod.ts";
import { Process, type ProcessOptions, type Result } from "../cli/program.ts";

/** Where the programs are. */
export const programs = `${import.meta.dirname}/programs`;

/** How those in TypeScript are started. */
export const DENO: readonly string[] = [Deno.execPath(), "run", "-A", "--quiet"];

function holdCommand(name: string, options: Record<string, unknown>, root?: string): string[] {
  return [...DENO, `${programs}/hold.ts`, name, JSON.stringify(options), ...(root === undefined ? [] : [root])];
}

/**
 * Starts a process that takes a lock with this library, and lets go when its input ends.
 *
 * @param name The lock.
 * @param how How to start it.
 * @param options The options of `acquireInstance`.
 * @returns The process, which holds it.
 */
export async function startHolder(
  name: string,
  how: ProcessOptions = {},
  options: Record<string, unknown> = {},
): Promise<Process> {
  const holder = new Process(holdCommand(name, options), { ...how, input: "open" });
  await holder.says("holds");
  return holder;
}

/** Why another process did not get a lock, as hold.ts says it. */
export interface Complaint {
  /** The message. */
  message: string;
  /** Who holds it. */
  holder?: InstanceHolder;
  /** Who has it open. */
  keepers: InstanceKeeper[];
  /** Whether that should not be so. */
  isUnexpected: boolean;
}

/**
 * Lets another process try to take a lock that is held.
 *
 * @param name The lock.
 * @param options The options of `acquireInstance`.
 * @param how How to start it, and its root directory.
 * @returns What it says.
 */
export async function complaintOf(
  name: string,
  options: Record<string, unknown> = {},
  how: ProcessOptions & { root?: string } = {},
): Promise<Complaint> {
  const { out, err } = await new Process(holdCommand(name, options, how.root), how).ended();
  if (out === "") throw new Error(`no complaint: ${err}`);
  return JSON.parse(out);
}

/**
 * Lets another process try to take a lock that is free.
 *
 * @param name The lock.
 * @param how How to start it.
 * @returns How it ended.
 */
export async function taken(name: string, how: ProcessOptions = {}): Promise<Result> {
  return await new Process(holdCommand(name, {}), { ...how, input: "" }).ended();
}

/** A name as programs/sockets.py takes it. */
export function hex(name: string, suffix = ""): string {
  return new Uint8Array([...UnixAddress.parse(name).bytes, ...new TextEncoder().encode(suffix)]).toHex();
}

/**
 * Starts programs/sockets.py and waits until it has done what it is told.
 *
 * @param words What it is told.
 * @param how How to start it.
 * @returns The process, which ends with its input.
 */
export async function startSockets(words: readonly string[], how: ProcessOptions = {}): Promise<Process> {
  const process = new Process(["/usr/bin/python3", "-IS", `${programs}/sockets.py`, ...words], {
    ...how,
    input: "open",
  });
  await process.says("ready");
  return process;
}

/** The process ids of the children in which programs/sockets.py went on, one after the other. */
export function pidsOf(process: Process): number[] {
  return /^ready (.*)$/m.exec(process.err)![1].split(" ").map(Number);
}

/** How many connections to a name nobody has accepted yet. */
export function pendingAt(name: string): number {
  const shown = String.fromCharCode(...UnixAddress.parse(name).bytes);
  return Deno.readTextFileSync("/proc/net/unix").split("\n")
    .filter((row) => row.endsWith(` @${shown}`) && / 0001 02 +0 /.test(row)).length;
}
