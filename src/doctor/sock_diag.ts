/**
 * Whether the kernel tells of Unix sockets (sock_diag(7)).
 *
 * @module
 */

import { KernelPort } from "../core/diag_port.ts";
import { askForUnconnected } from "../core/diag_questions.ts";
import { SystemError } from "../core/errors.ts";
import { type Check, fails, type Judgement, ok } from "./finding.ts";

/** Judges sock_diag, by the error that it gives. */
export function judgeSockDiag(code: string | undefined): Judgement {
  if (code === undefined) return ok("the kernel lists Unix sockets");
  return fails(
    `the kernel does not list Unix sockets: ${code}`,
    "'sockets' shows none, and 'lock --status' does not tell who holds a name",
    code === "ENOENT" || code === "EPROTONOSUPPORT"
      ? "modprobe unix_diag (CONFIG_UNIX_DIAG), as root of the host"
      : "look for a sandbox that refuses netlink(7): systemd's RestrictAddressFamilies= without AF_NETLINK, a seccomp filter",
  );
}

/** Whether the kernel tells of Unix sockets. */
export const SOCK_DIAG: Check = {
  name: "sock-diag",
  examine() {
    try {
      using port = new KernelPort();
      askForUnconnected(port);
    } catch (error) {
      return judgeSockDiag(error instanceof SystemError ? error.code : (error as Error).message);
    }
    return judgeSockDiag(undefined);
  },
};
