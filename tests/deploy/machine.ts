/**
 * A real systemd with the program and the units as they are installed, in namespaces of its own.
 *
 * @module
 */

import { assert } from "@std/assert";
import { NEEDS_ROOT } from "../claim.ts";
import { Process, type ProcessOptions, type Result, ROOT, runProgram, until, within } from "../cli/program.ts";
import { portableIpcx } from "../portable/binary.ts";
import { missing } from "../spawn/compiled.ts";

const SYSTEMD = "/lib/systemd/systemd";

/** Where cgroup v2 is mounted. */
function cgroups(): string | undefined {
  const mounts = Deno.readTextFileSync("/proc/self/mounts").split("\n").map((line) => line.split(" "));
  return mounts.find(([, , type]) => type === "cgroup2")?.[1];
}

function cannotMakeCgroups(): string | false {
  const mount = cgroups();
  if (mount === undefined) return "cgroup v2 is not mounted";
  const path = `${mount}/ipcx-test-${crypto.randomUUID()}`;
  try {
    Deno.mkdirSync(path);
    Deno.removeSync(path);
    return false;
  } catch {
    return "cgroup v2 cannot be written to";
  }
}

function lacksOverlay(): string | false {
  return /\toverlay$/m.test(Deno.readTextFileSync("/proc/filesystems")) ? false : "there is no overlayfs";
}

/** Why there can be none, or `false`. */
export const NO_MACHINE: string | false = NEEDS_ROOT || missing(SYSTEMD) || missing("systemd-sysusers") ||
  missing("unshare") || missing("nsenter") || lacksOverlay() || cannotMakeCgroups();

function removeCgroups(path: string): void {
  for (const { name, isDirectory } of Deno.readDirSync(path)) if (isDirectory) removeCgroups(`${path}/${name}`);
  Deno.removeSync(path);
}

/** A systemd that runs. */
export class Machine implements AsyncDisposable {
  readonly #directory: string;
  readonly #cgroup: string;
  readonly #process: Process;
  #pid = 0;

  private constructor(directory: string, cgroup: string, process: Process) {
    this.#directory = directory;
    this.#cgroup = cgroup;
    this.#process = process;
  }

  /**
   * Starts one, and waits until it is up.
   *
   * @param drops Files below its /etc, such as `systemd/system/ipcx-broker.service.d/x.conf`, with what is in them.
   * @returns It.
   */
  static async start(drops: Readonly<Record<string, string>> = {}): Promise<Machine> {
    const program = await portableIpcx();
    const directory = Deno.makeTempDirSync({ prefix: "ipcx-machine-" });
    const cgroup = `${cgroups()}/${directory.split("/").at(-1)}`;
    Deno.mkdirSync(cgroup);
    const boot = `${import.meta.dirname}/programs/boot.sh`;
    const process = new Process(
      ["sh", boot, directory, program, `${ROOT}deploy`],
      {
        through: [
          ...["sh", "-c", 'echo $$ > "$0/cgroup.procs"; exec "$@"', cgroup],
          ...["unshare", "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--fork", "--kill-child"],
        ],
      },
    );
    const machine = new Machine(directory, cgroup, process);
    try {
      await machine.#comesUp();
      for (const [path, text] of Object.entries(drops)) await machine.write(`/etc/${path}`, text);
      if (Object.keys(drops).length > 0) await machine.does("systemctl", "daemon-reload");
    } catch (error) {
      await machine[Symbol.asyncDispose]();
      throw error;
    }
    return machine;
  }

  async #comesUp(): Promise<void> {
    const { pid, status } = this.#process.child;
    const ended = status.then(() => Promise.reject(new Error(`systemd has ended: ${this.#process.err}`)));
    const up = until(async () => {
      this.#pid = Number(Deno.readTextFileSync(`/proc/${pid}/task/${pid}/children`).trim() || 0);
      return this.#pid > 0 && /running|degraded/.test((await this.run(["systemctl", "is-system-running"])).out);
    }, "systemd does not come up");
    await Promise.race([up, ended]);
    ended.catch(() => {});
  }

  /** What runs a command in it. */
  get through(): readonly string[] {
    const namespaces = ["--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup"];
    return ["nsenter", `--target=${this.#pid}`, ...namespaces, "--root", "--wd"];
  }

  /** Runs a command in it to its end, as root and from its root directory. */
  async run(command: readonly string[], options: ProcessOptions = {}): Promise<Result> {
    return await runProgram(command, { ...options, through: [...this.through, ...(options.through ?? [])] });
  }

  /**
   * Runs a command in it that must succeed.
   *
   * @param command The program and its arguments.
   * @returns What it prints.
   */
  async does(...command: string[]): Promise<string> {
    const { status, out, err } = await this.run(command);
    assert(status === 0, `${command.join(" ")}: status ${status} ${err} ${out} ${status && await this.logs()}`);
    return out;
  }

  /** Writes a file in it, with the directories on the way. */
  async write(path: string, text: string): Promise<void> {
    const script = 'mkdir -p "$(dirname "$0")" && cat > "$0"';
    const { status, err } = await this.run(["sh", "-c", script, path], { input: text });
    assert(status === 0, err);
  }

  /** A property of a unit, as `systemctl show` has it. */
  async property(unit: string, name: string): Promise<string> {
    return (await this.does("systemctl", "show", "--property", name, "--value", unit)).trim();
  }

  /** What the services have logged. */
  async logs(): Promise<string> {
    return (await this.run(["sh", "-c", "cat /run/*.log"])).out;
  }

  /** Ends it, with all that runs in it. */
  async [Symbol.asyncDispose](): Promise<void> {
    // Of a process namespace, all end with the first.
    this.#process.kill("SIGKILL");
    await within(this.#process.child.status, "unshare does not end");
    await until(() => !/^populated 1$/m.test(Deno.readTextFileSync(`${this.#cgroup}/cgroup.events`)), "it goes on");
    await this.#process[Symbol.asyncDispose]();
    removeCgroups(this.#cgroup);
    Deno.removeSync(this.#directory, { recursive: true });
  }
}
