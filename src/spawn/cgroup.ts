/**
 * Control groups, version 2 (cgroups(7)).
 *
 * @module
 */

import type { Fd } from "../core/fd.ts";
import { OPEN } from "../core/linux.ts";
import { openPath } from "../core/reach.ts";

/** Where cgroup v2 is mounted, or `undefined` if it is not. */
export function cgroupMount(): string | undefined {
  const line = Deno.readTextFileSync("/proc/self/mountinfo").split("\n").find((entry) => entry.includes(" - cgroup2 "));
  // Blanks and backslashes are written as octal numbers there (proc_pid_mountinfo(5)).
  return line?.split(" ")[4].replaceAll(/\\([0-7]{3})/g, (_, digits) => String.fromCharCode(parseInt(digits, 8)));
}

/**
 * Finds a control group.
 *
 * @param path Its directory, or a path below the mount of cgroup v2 if it has no leading slash.
 * @returns Its directory.
 * @throws {Error} If cgroup v2 is mounted nowhere.
 */
export function cgroupDirectory(path: string): string {
  if (path.startsWith("/")) return path;
  const mount = cgroupMount();
  if (mount === undefined) throw new Error("cgroup v2 is mounted nowhere on this host");
  return `${mount}/${path}`;
}

/**
 * Opens a control group to start a process in.
 *
 * @param directory Its directory.
 * @returns The descriptor, the caller's.
 * @throws {SystemError} ENOENT, EACCES, ENOTDIR.
 */
export function openCgroup(directory: string): Fd {
  return openPath(directory, OPEN.DIRECTORY | OPEN.READ);
}

/**
 * Tells whether nobody is in a control group, nor in one below it.
 *
 * @param directory Its directory.
 * @returns `false` also where the kernel does not say, as of the root.
 */
export function isEmptyCgroup(directory: string): boolean {
  try {
    return Deno.readTextFileSync(`${directory}/cgroup.events`).includes("populated 0\n");
  } catch {
    return false;
  }
}

/**
 * Kills all processes of a control group at once (cgroup.kill, Linux 5.14).
 *
 * @param directory Its directory.
 * @returns Whether the kernel could; `false` if it is too old.
 */
export function killCgroup(directory: string): boolean {
  try {
    Deno.writeTextFileSync(`${directory}/cgroup.kill`, "1", { create: false });
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function realPath(directory: string): string {
  try {
    return Deno.realPathSync(directory);
  } catch {
    return directory;
  }
}

/** A control group in which a process was alone when it was started there. */
export class OwnCgroup {
  /** Which of them has a process that lives, by their real paths. */
  static readonly #lived = new Map<string, OwnCgroup>();
  readonly #directory: string;
  readonly #path: string;
  #isShared = false;

  private constructor(directory: string, path: string) {
    this.#directory = directory;
    this.#path = path;
  }

  /**
   * Tells that a process was started in a control group: whoever was alone there is so no more.
   *
   * @param directory Its directory.
   * @param isAlone Whether nobody else was there.
   * @returns The group, if it is the process's own.
   */
  static enter(directory: string, isAlone: boolean): OwnCgroup | undefined {
    const path = realPath(directory);
    const other = OwnCgroup.#lived.get(path);
    if (other) other.#isShared = true;
    OwnCgroup.#lived.delete(path);
    const contested = CgroupArrival.contest(path);
    if (!isAlone || contested) return undefined;
    const own = new OwnCgroup(directory, path);
    OwnCgroup.#lived.set(path, own);
    return own;
  }

  /** Its directory; `undefined` if it is shared by now. */
  get directory(): string | undefined {
    return this.#isShared ? undefined : this.#directory;
  }

  /**
   * Kills all who are in it.
   *
   * @returns Whether that could be done; `false` if it is shared by now, or the kernel too old.
   */
  kill(): boolean {
    return !this.#isShared && killCgroup(this.#directory);
  }

  /** Tells that its process has ended. */
  leave(): void {
    if (OwnCgroup.#lived.get(this.#path) === this) OwnCgroup.#lived.delete(this.#path);
  }
}

/** Those who are about to be created in a control group. */
interface Coming {
  count: number;
  /** Whether somebody else was started there meanwhile. */
  isContested: boolean;
}

/**
 * A process that is about to be created in a control group: whoever is started
 * there meanwhile shares it with that one, although nobody is there yet.
 */
export class CgroupArrival implements Disposable {
  static readonly #coming = new Map<string, Coming>();
  readonly #directory: string;
  readonly #path: string;
  readonly #isAlone: boolean;
  #hasCome = false;

  private constructor(directory: string, path: string) {
    this.#directory = directory;
    this.#path = path;
    this.#isAlone = !CgroupArrival.contest(path) && isEmptyCgroup(directory);
    const coming = CgroupArrival.#coming.get(path);
    if (coming) coming.count++;
    else CgroupArrival.#coming.set(path, { count: 1, isContested: false });
  }

  /**
   * Tells that a process is about to be created in a control group.
   *
   * @param directory Its directory.
   * @returns The arrival: dispose of it when that was done, or has failed.
   */
  static announce(directory: string): CgroupArrival {
    return new CgroupArrival(directory, realPath(directory));
  }

  /**
   * Tells that somebody else is started in a control group.
   *
   * @param path Its real path.
   * @returns Whether anybody was about to come there.
   */
  static contest(path: string): boolean {
    const coming = CgroupArrival.#coming.get(path);
    if (coming) coming.isContested = true;
    return coming !== undefined;
  }

  /**
   * Tells that the process was created.
   *
   * @returns The group, if it is the process's own.
   */
  enter(): OwnCgroup | undefined {
    const isContested = CgroupArrival.#coming.get(this.#path)!.isContested;
    this[Symbol.dispose]();
    return OwnCgroup.enter(this.#directory, this.#isAlone && !isContested);
  }

  /** Tells that it is not about to come any more. */
  [Symbol.dispose](): void {
    if (this.#hasCome) return;
    this.#hasCome = true;
    if (--CgroupArrival.#coming.get(this.#path)!.count === 0) CgroupArrival.#coming.delete(this.#path);
  }
}
