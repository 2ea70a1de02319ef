/**
 * Becoming another program (execve(2)).
 *
 * @module
 */

import { SystemError } from "./errors.ts";
import type { Fd } from "./fd.ts";
import { ERRNO } from "./linux.ts";
import { native } from "./native.ts";

const encoder = new TextEncoder();

/** How to become another program. */
export interface ExecOptions {
  /** A descriptor to hand over. It is the program's from then on. */
  fd: Fd;
  /** The number under which the program finds it, 0–1 048 575. */
  as: number;
  /** The environment; by default this process's. */
  env?: Readonly<Record<string, string>>;
}

function pack(strings: readonly string[]): Uint8Array<ArrayBuffer> {
  for (const string of strings) {
    if (string.includes("\0")) {
      throw new TypeError(`an argument cannot contain a NUL: '${string.replaceAll("\0", "\\x00")}'`);
    }
  }
  return encoder.encode(strings.map((string) => `${string}\0`).join(""));
}

/** The places where execvp(3) would look. */
function candidates(command: string): string[] {
  if (command.includes("/")) return [command];
  return (Deno.env.get("PATH") ?? "/usr/local/bin:/usr/bin:/bin").split(":").map((folder) =>
    `${folder || "."}/${command}`
  );
}

/**
 * Replaces this process, and everything in it, with another program.
 *
 * What the runtime ignores or blocks for itself (SIGPIPE, the signal mask) is
 * reset, descriptors that are not close-on-exec stay open. Returns only by failing, with all as it was.
 *
 * @param command The program, looked up in PATH if it has no slash.
 * @param args Its arguments, without its own name.
 * @param options The descriptor that it is given, and its environment.
 * @throws {SystemError} ENOENT, EACCES, ENOEXEC, E2BIG.
 * @throws {TypeError} If an argument contains a NUL.
 */
export function exec(command: string, args: readonly string[], options: ExecOptions): never {
  const env = Object.entries(options.env ?? Deno.env.toObject()).map(([name, value]) => `${name}=${value}`);
  const argv = pack([command, ...args]);
  const envp = pack(env);
  let errno: number = ERRNO.ENOENT;
  for (const path of candidates(command)) {
    const result = native.ipcx_exec(
      pack([path]),
      argv,
      args.length + 1,
      envp,
      env.length,
      options.fd.number,
      options.as,
    );
    // As execvp(3): a file that may not be run is remembered, one that is not there is not.
    if (-result !== ERRNO.ENOENT && -result !== ERRNO.ENOTDIR) errno = -result;
    if (-result !== ERRNO.ENOENT && -result !== ERRNO.ENOTDIR && -result !== ERRNO.EACCES) break;
  }
  throw new SystemError("execve", errno, { address: command });
}
