/**
 * Becoming another program (execve(2)).
 *
 * @module
 */

import { SystemError } from "./errors.ts";
import type { Fd } from "./fd.ts";
import { candidatesFor, Environment, packStrings } from "./image.ts";
import { ERRNO } from "./linux.ts";
import { native } from "./native.ts";

/** How to become another program. */
export interface ExecOptions {
  /** Descriptors to hand over, by the numbers at which the program finds them, 0–1 048 575. */
  fds?: Readonly<Record<number, Fd>>;
  /** The environment; by default this process's. */
  env?: Readonly<Record<string, string>>;
  /** What the program takes for its own name; by default the command. */
  argv0?: string;
  /** Whether signals wait for the program, as they have been told to, instead of being reset. */
  signalsHeld?: boolean;
}

/**
 * Replaces this process, and everything in it, with another program.
 *
 * What the runtime ignores or blocks for itself (SIGPIPE, the signal mask) is
 * reset, descriptors that are not close-on-exec stay open. Returns only by failing, with all as it was.
 *
 * @param command The program, looked up in PATH if it has no slash.
 * @param args Its arguments, without its own name; bytes where they are no text.
 * @param options The descriptors that it is given, and its environment.
 * @throws {SystemError} ENOENT, EACCES, ENOEXEC, E2BIG; EMFILE where RLIMIT_NOFILE leaves no room to move descriptors.
 * @throws {TypeError} If an argument contains a NUL.
 */
export function exec(command: string, args: readonly (string | Uint8Array)[], options: ExecOptions = {}): never {
  const environment = options.env ? Environment.of(options.env) : Environment.inherit();
  const argv = packStrings([options.argv0 ?? command, ...args]);
  const envp = environment.pack();
  const fds = Int32Array.from(Object.entries(options.fds ?? {}).flatMap(([as, fd]) => [fd.number, Number(as)]));
  let errno: number = ERRNO.ENOENT;
  for (const path of candidatesFor(command, environment)) {
    const result = native.ipcx_exec(
      packStrings([path]).bytes,
      argv.bytes,
      argv.count,
      envp.bytes,
      envp.count,
      fds,
      fds.length / 2,
      options.signalsHeld ? 1 : 0,
    );
    // As execvp(3): a file that may not be run is remembered, one that is not there is not.
    if (-result !== ERRNO.ENOENT && -result !== ERRNO.ENOTDIR) errno = -result;
    if (-result !== ERRNO.ENOENT && -result !== ERRNO.ENOTDIR && -result !== ERRNO.EACCES) break;
  }
  throw new SystemError("execve", errno, { address: command });
}
