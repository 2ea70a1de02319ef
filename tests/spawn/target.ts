/**
 * Processes with namespaces of their own, for tests to join.
 *
 * @module
 */

import type { NamespaceKind } from "../../src/spawn/mod.ts";
import { within } from "../cli/program.ts";
import { compiled } from "./compiled.ts";

/** What unshare(1) calls the kinds. */
const FLAGS: Readonly<Record<NamespaceKind, readonly string[]>> = {
  mnt: ["--mount"],
  pid: ["--pid", "--fork", "--kill-child"],
  net: ["--net"],
  ipc: ["--ipc"],
  uts: ["--uts"],
  user: ["--user", "--map-root-user"],
  cgroup: ["--cgroup"],
  time: ["--time", "--monotonic=1000000", "--fork", "--kill-child"],
};

/** All kinds of namespaces. */
export const ALL_KINDS = Object.keys(FLAGS) as NamespaceKind[];

/** What a target is made of. */
export interface TargetOptions {
  /** What it changes before it is ready, as programs/target.c takes it, such as `["root", "/tmp/x"]`. */
  setting?: readonly string[];
  /** What starts it, such as `setpriv`. */
  through?: readonly string[];
}

/** A process with namespaces of its own, which ends with its block or with this process. */
export class Target implements AsyncDisposable {
  /** Its pid as the host sees it. */
  readonly pid: number;
  readonly #child: Deno.ChildProcess;

  private constructor(pid: number, child: Deno.ChildProcess) {
    this.pid = pid;
    this.#child = child;
  }

  /**
   * Starts one and waits until it is ready.
   *
   * @param kinds Which namespaces it has for itself.
   * @param options Of what else it is made.
   */
  static async start(kinds: readonly NamespaceKind[], options: TargetOptions = {}): Promise<Target> {
    const [program, ...args] = [
      ...(options.through ?? []),
      "unshare",
      ...new Set(kinds.flatMap((kind) => FLAGS[kind])),
      compiled("target.c", "-static"),
      ...(options.setting ?? []),
    ];
    const child = new Deno.Command(program, { args, stdin: "piped", stdout: "piped" }).spawn();
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const { value } = await within(reader.read(), "no target");
    await reader.cancel();
    const pid = Number(value);
    if (!(pid > 0)) throw new Error(`no target: ${(await child.status).code}`);
    return new Target(pid, child);
  }

  /** What one of its namespaces is, such as `net:[4026531833]`. */
  namespace(kind: NamespaceKind): string {
    return Deno.readLinkSync(this.file(kind));
  }

  /** The file that stands for one of its namespaces. */
  file(kind: NamespaceKind): string {
    return `/proc/${this.pid}/ns/${kind}`;
  }

  /** Kills it and waits until it is gone. */
  async kill(): Promise<void> {
    Deno.kill(this.pid, "SIGKILL");
    await this.#child.stdin.close().catch(() => {});
    await this.#child.status;
  }

  /** Ends it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child.stdin.close().catch(() => {});
    await within(this.#child.status, "the target does not end");
  }
}
