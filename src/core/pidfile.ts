/**
 * A file with this process's id, for those who send it signals.
 *
 * @module
 */

import type { Fd } from "./fd.ts";
import { OPEN } from "./linux.ts";
import { openPath } from "./reach.ts";

/** A pid file of this process. */
export class Pidfile implements Disposable {
  readonly #path: string;
  #text: string;

  private constructor(path: string, text: string) {
    this.#path = path;
    this.#text = text;
  }

  /**
   * Writes the file.
   *
   * @param path Where; a file of a process that is gone is replaced.
   * @returns The file, to be removed in the end.
   * @throws {Error} If a living process is in it, or it holds something else.
   */
  static create(path: string): Pidfile {
    // Linked into place with its content: an empty one would look like a stale one.
    const draft = `${path}.${Deno.pid}`;
    const text = `${Deno.pid}\n`;
    Deno.writeTextFileSync(draft, text, { mode: 0o644 });
    try {
      for (;;) {
        try {
          Deno.linkSync(draft, path);
          return new Pidfile(path, text);
        } catch (error) {
          if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
        }
        removeStale(path);
      }
    } finally {
      Deno.removeSync(draft);
    }
  }

  /**
   * Puts another process into the file: the one that this one was started for.
   *
   * @param pid Its process id.
   * @returns The file itself, the caller's: who reads it may put another one in its place at once.
   */
  rewrite(pid: number): Fd {
    const draft = `${this.#path}.${Deno.pid}`;
    this.#text = `${pid}\n`;
    Deno.writeTextFileSync(draft, this.#text, { mode: 0o644 });
    const file = openPath(draft, OPEN.NO_FOLLOW);
    Deno.renameSync(draft, this.#path);
    return file;
  }

  /** Removes the file, unless it is another process's by now. */
  [Symbol.dispose](): void {
    try {
      if (Deno.readTextFileSync(this.#path) === this.#text) Deno.removeSync(this.#path);
    } catch {
      // A file that was taken away needs no cleaning.
    }
  }
}

function removeStale(path: string): void {
  const text = Deno.readTextFileSync(path).trim();
  if (!/^\d{0,10}$/.test(text)) throw new Error(`${path} exists and is no pid file: it holds '${text.slice(0, 40)}'`);
  if (text !== "" && Number(text) !== Deno.pid && isRunning(text)) {
    throw new Error(`${path} names process ${text}, which is running: stop it or choose another pid file`);
  }
  Deno.removeSync(path);
}

function isRunning(pid: string): boolean {
  try {
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
    // Killed, and nobody has waited for it: not every first process of a container does.
    return stat[stat.lastIndexOf(")") + 2] !== "Z";
  } catch (error) {
    // ESRCH: it went while it was looked at.
    if (error instanceof Deno.errors.NotFound || (error as { code?: string }).code === "ESRCH") return false;
    throw error;
  }
}
