/**
 * A real terminal with a program on it, and somebody who types.
 *
 * @module
 */

import { assert } from "@std/assert";
import { IPCX, ROOT, within } from "./program.ts";

/** What is on a terminal, and how large it is. */
export interface TerminalOptions {
  /** Its rows, by default 24. */
  rows?: number;
  /** Its columns, by default 80. */
  columns?: number;
  /** Variables beside the test's. */
  env?: Record<string, string>;
}

/** An interactive shell without anybody's settings; `$SPAWN` is the command `ipcx spawn`. */
export const SHELL: readonly string[] = ["bash", "--norc", "--noprofile", "--noediting", "-i"];

/** A terminal; what is typed is not echoed by it. */
export class Terminal implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #reading: Promise<void>;
  #text = "";
  #onText = (): void => {};

  /**
   * Runs a program on a terminal.
   *
   * @param command The program and its arguments.
   * @param options How large the terminal is.
   */
  constructor(command: readonly string[], { rows = 24, columns = 80, env }: TerminalOptions = {}) {
    this.#child = new Deno.Command("/usr/bin/python3", {
      args: ["-IS", `${ROOT}tests/cli/programs/on_terminal.py`, `${rows}`, `${columns}`, ...command],
      env: { PS1: "$ ", TERM: "dumb", HISTFILE: "", SPAWN: [...IPCX, "spawn"].join(" "), ...env },
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.#writer = this.#child.stdin.getWriter();
    this.#reading = this.#read();
  }

  async #read(): Promise<void> {
    for await (const text of this.#child.stdout.pipeThrough(new TextDecoderStream())) {
      this.#text += text;
      this.#onText();
    }
    this.#onText();
  }

  async #act(action: Record<string, unknown>): Promise<void> {
    await this.#writer.write(new TextEncoder().encode(`${JSON.stringify(action)}\n`));
  }

  /** Types. */
  async type(text: string): Promise<void> {
    await this.#act({ type: text });
  }

  /** Gives the terminal another size. */
  async resize(rows: number, columns: number): Promise<void> {
    await this.#act({ resize: [rows, columns] });
  }

  /** Ends the connection to the terminal. */
  async hangUp(): Promise<void> {
    await this.#writer.close();
  }

  /**
   * Waits until something is shown; the next wait looks at what comes behind it.
   *
   * @param pattern What.
   * @returns What was found, with its groups.
   */
  async shows(pattern: RegExp): Promise<RegExpExecArray> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onText = () => pattern.test(this.#text) && resolve();
    this.#onText();
    await within(Promise.race([promise, this.#reading]), `no ${pattern}`, () => JSON.stringify(this.#text));
    const found = pattern.exec(this.#text);
    assert(found, `it ended without ${pattern}: ${JSON.stringify(this.#text)}`);
    this.#text = this.#text.slice(found.index + found[0].length);
    return found;
  }

  /**
   * Waits for the end of the program.
   *
   * @returns Its exit status, or 128 and its signal, and what was shown since the last wait.
   */
  async ended(): Promise<{ status: number; shown: string }> {
    const [{ code }] = await within(
      Promise.all([this.#child.status, this.#reading]),
      "it does not end",
      () => this.#text,
    );
    await this.#writer.close().catch(() => {});
    return { status: code, shown: this.#text };
  }

  /** Hangs up and waits until all is gone. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer.close().catch(() => {});
    await this.ended();
  }
}
