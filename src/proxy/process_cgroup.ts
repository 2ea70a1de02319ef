/**
 * A control group for one process, made with its limits and removed with it (cgroups(7), version 2).
 *
 * @module
 */

import { cgroupDirectory } from "../spawn/mod.ts";
import type { CgroupLimits } from "./config.ts";

/** The control group of one process. */
export class ProcessCgroup {
  private constructor(
    /** Its directory. */
    readonly directory: string,
  ) {}

  /**
   * Makes one.
   *
   * @param limits Where, and what is written into it; `undefined` makes none.
   * @param name What it is called.
   * @returns It, to be removed by the caller.
   * @throws {Error} If it cannot be made, or a limit cannot be set.
   */
  static create(limits: CgroupLimits | undefined, name: string): ProcessCgroup | undefined {
    if (!limits) return undefined;
    const directory = `${cgroupDirectory(limits.parent)}/${name}`;
    Deno.mkdirSync(directory);
    const cgroup = new ProcessCgroup(directory);
    try {
      for (const [file, value] of Object.entries(limits.settings)) {
        Deno.writeTextFileSync(`${directory}/${file}`, value, { create: false });
      }
      return cgroup;
    } catch (error) {
      cgroup.remove();
      throw error;
    }
  }

  /**
   * Tells whether a process is in it.
   *
   * @param pid The process.
   * @returns Whether it is.
   */
  holds(pid: number): boolean {
    try {
      const lines = Deno.readTextFileSync(`${this.directory}/cgroup.procs`).split("\n");
      return lines.includes(`${pid}`);
    } catch {
      return false;
    }
  }

  /** Removes it; nobody may be in it any more. */
  remove(): void {
    try {
      Deno.removeSync(this.directory);
    } catch {
      // Somebody was put into it from outside: it is theirs now.
    }
  }
}
