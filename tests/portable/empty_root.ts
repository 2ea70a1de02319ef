/**
 * A root directory that holds nothing but the single binary.
 *
 * @module
 */

import { OwnDirectory } from "../claim.ts";
import { Process, type ProcessOptions, type Result, serving } from "../cli/program.ts";
import { portableIpcx } from "./binary.ts";
import { staticProgram } from "./static_program.ts";

/** Mounts what there is at $1, and stays there: $2 is ipcx, $3 a static program, $4 more to be done. */
const SCRIPT = `set -e
mount -t tmpfs -o mode=755 none "$1"; cd "$1"; mkdir proc tmp; touch ipcx tool
mount --bind "$2" ipcx; mount --bind "$3" tool; mount --rbind /proc proc; mount -t tmpfs none tmp; eval "$4"
exec "$3" live "$1"`;

/** Makes /dev/null, and nothing else of what is usually there. */
export const WITH_NULL = "mkdir dev; touch dev/null; mount --bind /dev/null dev/null";

/** A mount namespace of its own whose root has `/ipcx`, `/proc`, `/tmp`, `/tool`, and no libraries, devices or files. */
export class EmptyRoot implements AsyncDisposable {
  readonly #directory = new OwnDirectory();
  readonly #keeper: Process;

  private constructor(program: string, more: string) {
    const args = [this.#directory.path, program, staticProgram("tool"), more];
    this.#keeper = new Process(["unshare", "--mount", "sh", "-c", SCRIPT, "sh", ...args], { input: "open" });
  }

  /**
   * Makes one.
   *
   * @param more What else is done in it, by a shell that has its own root.
   * @returns The root.
   */
  static async make(more = ""): Promise<EmptyRoot> {
    const root = new EmptyRoot(await portableIpcx(), more);
    try {
      await root.#keeper.says("ready");
    } catch (error) {
      await root[Symbol.asyncDispose]();
      throw error;
    }
    return root;
  }

  /** A process whose root it is. */
  get pid(): number {
    return this.#keeper.child.pid;
  }

  /**
   * Names a file in it, as seen from outside.
   *
   * @param name Its path there.
   */
  path(name: string): string {
    return `/proc/${this.pid}/root${name}`;
  }

  /**
   * Starts `/ipcx` there.
   *
   * @param args Its arguments.
   * @param options How.
   * @returns The process.
   */
  start(args: readonly string[], options: ProcessOptions = {}): Process {
    const through = ["nsenter", `--mount=/proc/${this.pid}/ns/mnt`, ...(options.through ?? [])];
    return new Process(["/ipcx", ...args], { ...options, through });
  }

  /**
   * Starts `/ipcx` there and waits until it says that it serves.
   *
   * @param args Its arguments.
   * @param options How.
   * @returns The process.
   */
  async serve(args: readonly string[], options: ProcessOptions = {}): Promise<Process> {
    return await serving(this.start(args, options));
  }

  /**
   * Runs `/ipcx` there to its end.
   *
   * @param args Its arguments.
   * @param options How.
   * @returns What came of it.
   */
  async run(args: readonly string[], options: ProcessOptions = {}): Promise<Result> {
    return await this.start(args, options).ended();
  }

  /** Lets go of it: what is in it is gone when the last process there has ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#keeper[Symbol.asyncDispose]();
    this.#directory[Symbol.dispose]();
  }
}
