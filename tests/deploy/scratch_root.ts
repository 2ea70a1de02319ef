/**
 * A root directory with next to nothing in it, for dpkg to install into.
 *
 * @module
 */

import { assert } from "@std/assert";
import { dirname } from "node:path";
import { NEEDS_ROOT, OwnDirectory } from "../claim.ts";
import { Process, type ProcessOptions, type Result, runProgram } from "../cli/program.ts";
import { missing } from "../spawn/compiled.ts";

/** Programs that are copied from this system, with the libraries that they need. */
const PROGRAMS = ["sh", "echo", "rmdir"];

/** Makes what every system has, in a mount namespace that ends with the command. */
const SURROUNDINGS = `mount --rbind /proc "$0/proc" && mount --bind /dev/null "$0/dev/null" && exec "$@"`;

/** Why there can be none, or `false`. */
export const NO_SCRATCH_ROOT: string | false = NEEDS_ROOT || ["dpkg", "dpkg-deb", "unshare", "chroot", "ldd"]
  .map(missing).find((reason) => reason !== false) ||
  false;

function which(program: string): string {
  const folder = Deno.env.get("PATH")!.split(":").find((path) => missing(`${path}/${program}`) === false);
  return `${folder}/${program}`;
}

async function librariesOf(path: string): Promise<string[]> {
  const { out } = await runProgram(["ldd", path]);
  return Array.from(out.matchAll(/(\/\S+) \(0x/g), ([, library]) => library);
}

function allBelow(folder: string): string[] {
  return Array.from(Deno.readDirSync(folder)).flatMap(({ name, isDirectory }) =>
    isDirectory ? [`${name}/`, ...allBelow(`${folder}/${name}`).map((path) => `${name}/${path}`)] : [name]
  );
}

/** Such a directory. */
export class ScratchRoot implements Disposable {
  readonly #directory = new OwnDirectory();

  private constructor() {
    for (const folder of ["bin", "dev", "proc", "run", "tmp", "var/lib/dpkg/info", "var/lib/dpkg/updates"]) {
      Deno.mkdirSync(this.file(folder), { recursive: true });
    }
    for (const file of ["dev/null", "var/lib/dpkg/status"]) Deno.writeTextFileSync(this.file(file), "");
  }

  /** Makes one. */
  static async make(): Promise<ScratchRoot> {
    const root = new ScratchRoot();
    for (const program of PROGRAMS) {
      const path = which(program);
      Deno.copyFileSync(path, root.file(`bin/${program}`));
      for (const library of await librariesOf(path)) {
        Deno.mkdirSync(dirname(root.file(library)), { recursive: true });
        Deno.copyFileSync(library, root.file(library));
      }
    }
    return root;
  }

  /** Its own path. */
  get path(): string {
    return this.#directory.file("root");
  }

  /** The path of a file in it, as seen from outside. */
  file(path: string): string {
    return `${this.path}/${path.replace(/^\//, "")}`;
  }

  /** Names all that is in it but dpkg's own files; folders end with a slash. */
  files(): string[] {
    return allBelow(this.path).filter((path) => !/^(proc|var\/lib\/dpkg)\/./.test(path)).sort();
  }

  /** Runs dpkg for it, which must succeed. */
  async dpkg(...args: string[]): Promise<Result> {
    const options = [`--root=${this.path}`, `--log=${this.#directory.file("log")}`, "--force-unsafe-io"];
    const result = await runProgram(["dpkg", ...options, ...args], { through: this.#through });
    assert(result.status === 0, `dpkg ${args.join(" ")}: ${result.err}${result.out}`);
    return result;
  }

  get #through(): string[] {
    return ["unshare", "--mount", "sh", "-c", SURROUNDINGS, this.path];
  }

  /**
   * Tells how a command is run in it.
   *
   * @param options How else.
   * @returns The same for a process.
   */
  options(options: ProcessOptions = {}): ProcessOptions {
    const through = [...options.through ?? [], ...this.#through, "chroot", this.path];
    return { ...options, through, env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", ...options.env } };
  }

  /** Runs a command in it to its end. */
  async run(command: readonly string[], options?: ProcessOptions): Promise<Result> {
    return await runProgram(command, this.options(options));
  }

  /** Starts a command in it. */
  start(command: readonly string[], options?: ProcessOptions): Process {
    return new Process(command, this.options(options));
  }

  /** Removes it. */
  [Symbol.dispose](): void {
    this.#directory[Symbol.dispose]();
  }
}
