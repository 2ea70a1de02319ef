/**
 * `ipcx spawn` in processes of its own, and what its programs see.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { compiled } from "../spawn/compiled.ts";
import { ipcx, type Process, type ProcessOptions, type Result, startIpcx, until } from "./program.ts";

/** Python without what makes it slow to start. */
export const PYTHON: readonly string[] = ["/usr/bin/python3", "-ISc"];

/** Runs `ipcx spawn` to its end. */
export async function spawned(args: readonly string[], options: ProcessOptions = {}): Promise<Result> {
  return await ipcx(["spawn", ...args], options);
}

/** Starts `ipcx spawn`. */
export function startSpawn(args: readonly string[], options: ProcessOptions = {}): Process {
  return startIpcx(["spawn", ...args], options);
}

/**
 * Runs a program that has to succeed and say nothing on standard error.
 *
 * @param args The arguments of `ipcx spawn`.
 * @param options How.
 * @returns Its standard output, without the last line's end.
 */
export async function told(args: readonly string[], options: ProcessOptions = {}): Promise<string> {
  const { status, signal, out, err } = await spawned(args, options);
  assertEquals({ status, signal, err }, { status: 0, signal: null, err: "" }, out);
  return out.replace(/\n$/, "");
}

/**
 * Reads what tests/spawn/programs/look.c sees.
 *
 * @param args The options of `ipcx spawn`.
 * @param options How.
 * @returns What it sees, by name.
 */
export async function look(args: readonly string[], options: ProcessOptions = {}): Promise<Record<string, string>> {
  const lines = (await told([...args, compiled("look.c")], options)).split("\n");
  return Object.fromEntries(lines.map((line) => line.split(/=(.*)/s).slice(0, 2)));
}

/**
 * Makes a command to start others through, with files open for reading at
 * descriptors, and nothing else open beside the standard streams.
 *
 * @param files The files by descriptor.
 * @returns The beginning of a command line.
 */
export function withOpen(files: Readonly<Record<number, string>>): string[] {
  const close = 'for fd in /proc/self/fd/*; do fd=${fd##*/}; [ "$fd" -gt 2 ] && eval "exec $fd>&-"; done; ';
  const open = Object.keys(files).map((number) => `exec ${number}< "$1"; shift; `).join("");
  return ["bash", "-c", `${close}${open}exec "$@"`, "bash", ...Object.values(files)];
}

/** Waits until a process has become the waiter, and waits. */
export async function waits(pid: number): Promise<void> {
  const isWaiter = (): boolean =>
    Object.values(openIn(pid)).includes("anon_inode:[signalfd]") &&
    /^Name:\s+ipcx\n[^]*^State:\s+S/m.test(Deno.readTextFileSync(`/proc/${pid}/status`));
  await until(isWaiter, "no waiter");
}

/**
 * What a process has open: what each descriptor stands for, by its number. One
 * that is closed while this looks, such as a library's file that the loader has
 * just mapped, is left out.
 */
export function openIn(pid: number): Record<number, string> {
  const open: Record<number, string> = {};
  for (const { name } of Deno.readDirSync(`/proc/${pid}/fd`)) {
    try {
      open[Number(name)] = Deno.readLinkSync(`/proc/${pid}/fd/${name}`);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return open;
}
