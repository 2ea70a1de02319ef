/**
 * What /proc tells of one process, and of no later one with its number (proc(5)).
 *
 * @module
 */

import { SystemError } from "./errors.ts";
import type { Fd } from "./fd.ts";
import { ERRNO, OPEN } from "./linux.ts";
import { hasEnded } from "./pidfd.ts";
import { openPath } from "./reach.ts";

/** A kind of namespace. */
export type NamespaceKind = "user" | "cgroup" | "ipc" | "uts" | "net" | "pid" | "mnt" | "time";

/**
 * Tells the number that this /proc has for a process, which another one may have
 * once it has been reaped.
 *
 * @param pidfd The process.
 * @returns The number; −1 if it has been reaped, 0 if /proc does not show its pid namespace.
 */
export function numberInProc(pidfd: Fd): number {
  const text = Deno.readTextFileSync(`/proc/self/fdinfo/${pidfd.number}`);
  return Number(/^Pid:\t(-?\d+)$/m.exec(text)?.[1] ?? 0);
}

function openIfSeen(path: string): Fd | undefined {
  try {
    // With hidepid a directory can be opened as a place, but not looked at.
    Deno.statSync(path);
    return openPath(path, OPEN.DIRECTORY);
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return undefined;
    throw error;
  }
}

/** An error of the runtime as the system call's that it is. */
function asSystemError(error: unknown, syscall: string, address: string): unknown {
  if (error instanceof SystemError) return new SystemError(syscall, error.errno, { address });
  const code = (error as { code?: string }).code;
  const errno = code !== undefined && code in ERRNO ? ERRNO[code as keyof typeof ERRNO] : undefined;
  return errno === undefined ? error : new SystemError(syscall, errno, { address });
}

/**
 * The directory of a process in /proc.
 *
 * It is opened once. Whatever is found below it is that process's, or nobody's:
 * should the process be reaped and its number given to another one, the
 * directory is empty. What it says while the process still lives was true of
 * that process at that time; a process that has ended is an error.
 */
export class ProcessFolder implements Disposable {
  readonly #pidfd: Fd;
  readonly #folder: Fd;
  readonly #path: string;

  private constructor(pidfd: Fd, folder: Fd, path: string) {
    this.#pidfd = pidfd;
    this.#folder = folder;
    this.#path = path;
  }

  /**
   * Opens the directory of a process.
   *
   * @param pidfd The process; stays the caller's, and open as long as this is used.
   * @returns Its directory.
   * @throws {SystemError} ESRCH if it has gone or is in a pid namespace that this
   * /proc does not show, ENOENT if /proc hides it (hidepid).
   */
  static open(pidfd: Fd): ProcessFolder {
    const number = numberInProc(pidfd);
    if (number === 0) {
      throw new SystemError("open", ERRNO.ESRCH, { address: "/proc/PID (its pid namespace is not to be seen here)" });
    }
    const path = `/proc/${number}`;
    const folder = number < 0 ? undefined : openIfSeen(path);
    // Looked at afterwards: nobody else has had its number before it was reaped.
    const isReaped = numberInProc(pidfd) < 0;
    if (folder && !isReaped) return new ProcessFolder(pidfd, folder, path);
    folder?.close();
    if (isReaped || hasEnded(pidfd.number)) {
      throw new SystemError("open", ERRNO.ESRCH, { address: number < 0 ? "/proc/PID" : path });
    }
    throw new SystemError("open", ERRNO.ENOENT, { address: `${path} (hidden by hidepid)` });
  }

  /**
   * Names a file of it, for messages.
   *
   * @param name The file, such as `"ns/net"`.
   * @returns The path, which may be another process's by now.
   */
  path(name: string): string {
    return `${this.#path}/${name}`;
  }

  #through(name: string): string {
    return `/proc/self/fd/${this.#folder.number}/${name}`;
  }

  /** Takes a look, and passes on what was seen only if the process has lived all the while. */
  #look<Seen>(syscall: string, name: string, see: () => Seen, discard: (seen: Seen) => void): Seen {
    const ended = (): SystemError => new SystemError(syscall, ERRNO.ESRCH, { address: this.path(name) });
    let seen: Seen;
    try {
      seen = see();
    } catch (error) {
      throw hasEnded(this.#pidfd.number) ? ended() : asSystemError(error, syscall, this.path(name));
    }
    if (!hasEnded(this.#pidfd.number)) return seen;
    discard(seen);
    throw ended();
  }

  /**
   * Opens a file of it.
   *
   * @param name The file, such as `"ns/net"` or `"exe"`.
   * @param flags What to insist on, of `OPEN`.
   * @returns The descriptor, owned by the caller.
   * @throws {SystemError} ESRCH if the process has ended, EACCES if it is not to be looked into.
   */
  open(name: string, flags: number = OPEN.READ): Fd {
    return this.#look("open", name, () => openPath(this.#through(name), flags), (fd) => fd.close());
  }

  /**
   * Reads a file of it.
   *
   * @param name The file, such as `"cmdline"`.
   * @returns All that is in it.
   * @throws {SystemError} ESRCH if the process has ended, EACCES if it is not to be looked into.
   */
  read(name: string): Uint8Array<ArrayBuffer> {
    return this.#look("read", name, () => Deno.readFileSync(this.#through(name)), () => {});
  }

  /**
   * Reads a file of text of it.
   *
   * @param name The file, such as `"status"`.
   * @returns All that is in it.
   * @throws {SystemError} As {@linkcode read}.
   */
  readText(name: string): string {
    return new TextDecoder().decode(this.read(name));
  }

  /**
   * Reads where a link of it leads to.
   *
   * @param name The link, such as `"exe"`.
   * @returns What it says.
   * @throws {SystemError} ESRCH if the process has ended, EACCES if it is not to be looked into.
   */
  readLink(name: string): string {
    return this.#look("readlink", name, () => Deno.readLinkSync(this.#through(name)), () => {});
  }

  /** Closes the directory. */
  [Symbol.dispose](): void {
    this.#folder.close();
  }
}
