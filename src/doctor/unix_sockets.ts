/**
 * Whether there are Unix sockets, and whether descriptors go through them.
 *
 * @module
 */

import { UnixAddress } from "../core/address.ts";
import { SystemError } from "../core/errors.ts";
import { UnixListener } from "../core/listener.ts";
import type { SocketType } from "../core/options.ts";
import { UnixSocket } from "../core/socket.ts";
import { OPEN } from "../core/linux.ts";
import { openPath } from "../core/reach.ts";
import { type Check, fails, type Judgement, ok } from "./finding.ts";

const TYPES: readonly SocketType[] = ["stream", "seqpacket", "dgram"];

/** Sends a descriptor through a pair of sockets. */
function passThrough(type: SocketType): void {
  const [left, right] = UnixSocket.pair(type);
  using file = openPath("/", OPEN.DIRECTORY);
  try {
    left.trySend(new Uint8Array(1), { fds: [file] });
    using message = right.tryReceive();
    if (message?.fds.length !== 1) throw new Error("a descriptor that was sent did not arrive");
  } finally {
    left.close();
    right.close();
  }
}

/** Judges Unix sockets. */
export function judgeUnixSockets(failures: readonly string[]): Judgement {
  if (failures.length === 0) return ok("streams, packets and datagrams work, abstract names and descriptors too");
  return fails(
    failures.join("; "),
    "ipcx is about these: hardly anything of it works",
    "look for a sandbox: systemd's RestrictAddressFamilies= without AF_UNIX, a seccomp filter, a security module",
  );
}

function failureOf(what: string, attempt: () => void): string[] {
  try {
    attempt();
    return [];
  } catch (error) {
    const said = error instanceof SystemError ? `${error.syscall}: ${error.code}` : (error as Error).message;
    return [`${what}: ${said}`];
  }
}

/** Whether there are Unix sockets. */
export const UNIX_SOCKETS: Check = {
  name: "unix-sockets",
  examine() {
    const passing = TYPES.flatMap((type) => failureOf(type, () => passThrough(type)));
    const name = UnixAddress.abstract(`ipcx-doctor-${crypto.randomUUID()}`);
    return judgeUnixSockets([
      ...passing,
      ...failureOf("abstract names", () => UnixListener.listen(name).close()),
    ]);
  },
};
