/**
 * Managers and processes for the tests of the process manager.
 *
 * @module
 */

import { type LogLine, type ManagedOptions, ProcessManager, type ProcessManagerOptions } from "../../src/spawn/mod.ts";
import { ROOT, until } from "../cli/program.ts";

/** The folder of the test programs. */
export const PROGRAMS = `${import.meta.dirname}/programs`;

/** The system's Python; a version manager's would start another program first. */
export const PYTHON = "/usr/bin/python3";

/** Why a test that needs Python is skipped, or `false`. */
export const NEEDS_PYTHON: string | false = (() => {
  try {
    return Deno.statSync(PYTHON).isFile ? false : `${PYTHON} is no file`;
  } catch {
    return `there is no ${PYTHON}`;
  }
})();

/** A manager whose sockets have names of their own, and the lines that its processes print. */
export class OwnManager implements AsyncDisposable {
  /** The manager. */
  readonly manager: ProcessManager;
  /** What came so far. */
  readonly lines: LogLine[] = [];
  /** What its sockets' names begin with. */
  readonly prefix: string = `ipcx-test-${crypto.randomUUID().slice(0, 8)}-`;

  /** Sets it up. */
  constructor(options: ProcessManagerOptions = {}) {
    this.manager = new ProcessManager({
      socketPrefix: this.prefix,
      onLine: (line) => this.lines.push(line),
      ...options,
    });
  }

  /** The texts of the lines. */
  get texts(): string[] {
    return this.lines.map(({ text }) => text);
  }

  /** Waits until a line has come. */
  async says(text: string): Promise<void> {
    await until(() => this.texts.includes(text), `no line '${text}' among ${JSON.stringify(this.texts)}`);
  }

  /** Kills what is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.manager.shutdown({ grace: 0 });
  }
}

/** How to start a shell script. */
export function script(text: string, options: Partial<ManagedOptions> = {}): ManagedOptions {
  return { command: "sh", args: ["-c", text], ...options };
}

/** How to start a Python program of the tests. */
export function python(program: string, args: readonly string[] = [], options: Partial<ManagedOptions> = {}) {
  return { command: PYTHON, args: [`${PROGRAMS}/${program}`, ...args], ...options };
}

/** Whether a process lives: a zombie does not. */
export function lives(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX]/.test(Deno.readTextFileSync(`/proc/${pid}/stat`));
  } catch {
    return false;
  }
}

/** The command line of a manager in a process of its own. */
export function managerProgram(options: ProcessManagerOptions, ...processes: object[]): string[] {
  const args = [options, ...processes].map((one) => JSON.stringify(one));
  return [
    Deno.execPath(),
    "run",
    "--quiet",
    "--allow-all",
    `--config=${ROOT}deno.json`,
    `${PROGRAMS}/manager.ts`,
    ...args,
  ];
}
