/**
 * A holder of its own, for the tests of `ipcx hold`.
 *
 * @module
 */

import type { OwnDirectory } from "../claim.ts";
import { ipcx, type Process, type ProcessOptions, type Result, startIpcx } from "./program.ts";

/** `ipcx hold` in a directory, and what is asked of it. */
export class Holding implements AsyncDisposable {
  /** The holder. */
  readonly process: Process;
  /** What tells others where it is. */
  readonly env: Record<string, string>;
  readonly #cwd: string;

  private constructor(directory: OwnDirectory, args: readonly string[], options: ProcessOptions) {
    this.env = { IPCX_HOLD_SOCKET: "./hold" };
    this.#cwd = directory.path;
    this.process = startIpcx(["hold", ...args], {
      cwd: directory.path,
      ...options,
      env: { ...this.env, ...options.env },
    });
  }

  /** Starts one, and waits until it serves. */
  static async start(
    directory: OwnDirectory,
    args: readonly string[] = [],
    options: ProcessOptions = {},
  ): Promise<Holding> {
    const holding = new Holding(directory, args, options);
    try {
      await holding.process.says("serving");
    } catch (error) {
      await holding[Symbol.asyncDispose]();
      throw error;
    }
    return holding;
  }

  /** Asks it for something. */
  async ask(...args: string[]): Promise<Result> {
    return await ipcx(["hold", ...args], { cwd: this.#cwd, env: this.env });
  }

  /** What it holds, by name. */
  async held(): Promise<Record<string, Record<string, unknown>>> {
    const { out } = await this.ask("list", "--json");
    const list = JSON.parse(out) as { name: string }[];
    return Object.fromEntries(list.map(({ name, ...rest }) => [name, rest]));
  }

  /** Kills it, if it still runs. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.process[Symbol.asyncDispose]();
  }
}
