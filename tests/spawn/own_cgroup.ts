/**
 * Control groups of one's own.
 *
 * @module
 */

import { cgroupMount } from "../../src/spawn/cgroup.ts";
import { until } from "../cli/program.ts";

/** Why a test that needs a control group cannot run, or `false`. */
export const NEEDS_CGROUP: string | false = Deno.uid() !== 0
  ? "needs root"
  : cgroupMount() === undefined
  ? "cgroup v2 is mounted nowhere"
  : false;

/** A control group, removed at the end of its block, with all who are in it. */
export class OwnCgroup implements AsyncDisposable {
  /** Its name below the mount. */
  readonly name: string = `ipcx-${crypto.randomUUID()}`;
  /** Its directory. */
  readonly path = `${cgroupMount()}/${this.name}`;

  /** Makes it. */
  constructor() {
    Deno.mkdirSync(this.path);
  }

  /** Who is in it. */
  get members(): number[] {
    return Deno.readTextFileSync(`${this.path}/cgroup.procs`).match(/\d+/g)?.map(Number) ?? [];
  }

  /** Kills who is in it and removes it. */
  async [Symbol.asyncDispose](): Promise<void> {
    Deno.writeTextFileSync(`${this.path}/cgroup.kill`, "1");
    await until(() => /^populated 0$/m.test(Deno.readTextFileSync(`${this.path}/cgroup.events`)), "somebody stays");
    await until(() => {
      try {
        Deno.removeSync(this.path);
        return true;
      } catch {
        return false; // Zombies count for a moment longer.
      }
    }, "the cgroup stays");
  }
}
