/**
 * A target whose root directory is one of the test's, and as empty.
 *
 * @module
 */

import type { NamespaceKind } from "../../src/spawn/mod.ts";
import { OwnDirectory } from "../claim.ts";
import { Target, type TargetOptions } from "./target.ts";

/** What the file /marker says there; the host has no such file. */
export const MARKER = "elsewhere";

/** What a target elsewhere is made of. */
export interface ElsewhereOptions extends TargetOptions {
  /** Whether it has /proc. */
  proc?: boolean;
  /** What it has beside the marker: copies, by their names. */
  files?: Readonly<Record<string, string>>;
}

/** A target that sees nothing but a directory of its own. */
export class Elsewhere implements AsyncDisposable {
  /** The process. */
  readonly target: Target;
  /** Its root directory, as the test sees it. */
  readonly root: string;
  readonly #directory: OwnDirectory;

  private constructor(target: Target, directory: OwnDirectory) {
    this.target = target;
    this.root = directory.path;
    this.#directory = directory;
  }

  /**
   * Starts it and waits until it is ready.
   *
   * @param kinds Which namespaces it has for itself, mnt among them.
   * @param options What else it has and changes.
   */
  static async start(
    kinds: readonly NamespaceKind[] = ["mnt"],
    { setting = [], proc = false, files = {}, ...options }: ElsewhereOptions = {},
  ): Promise<Elsewhere> {
    const directory = new OwnDirectory();
    try {
      Deno.chmodSync(directory.path, 0o755);
      Deno.writeTextFileSync(directory.file("marker"), MARKER);
      for (const folder of ["sub", "proc"]) Deno.mkdirSync(directory.file(folder));
      for (const [name, from] of Object.entries(files)) Deno.copyFileSync(from, directory.file(name));
      // In a user namespace /proc can only be mounted while another one is there.
      const place = [...(proc ? ["proc", directory.file("proc")] : []), "root", directory.path];
      const target = await Target.start(kinds, { ...options, setting: [...place, ...setting] });
      return new Elsewhere(target, directory);
    } catch (error) {
      directory[Symbol.dispose]();
      throw error;
    }
  }

  /** Ends it and removes its directory. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.target[Symbol.asyncDispose]();
    this.#directory[Symbol.dispose]();
  }
}
