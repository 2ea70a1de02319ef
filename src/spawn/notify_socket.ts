/**
 * The other side of sd_notify(3): where a managed process says that it is ready.
 *
 * @module
 */

import { UnixAddress } from "../core/address.ts";
import { ClosedError } from "../core/errors.ts";
import type { Fd } from "../core/fd.ts";
import type { Message } from "../core/message.ts";
import { isThere } from "../core/pidfd.ts";
import { belongsTo } from "../core/process_identity.ts";
import { openPath } from "../core/reach.ts";
import { UnixSocket } from "../core/socket.ts";

const MAX_MESSAGE_BYTES = 4096;

/** A datagram socket that one process and its descendants can reach. */
export class NotifySocket implements Disposable {
  /** What the process's NOTIFY_SOCKET is. */
  readonly variable: string;
  /** What it needs besides, under the number that was asked for; ours. */
  readonly fd?: Fd;
  readonly #socket: UnixSocket;

  private constructor(socket: UnixSocket, variable: string, fd?: Fd) {
    this.#socket = socket;
    this.variable = variable;
    if (fd) this.fd = fd;
    socket.setOption("passCredentials", true);
    try {
      socket.setOption("passPidfd", true);
    } catch {
      // Before Linux 6.5 only the number tells who has sent.
    }
  }

  /**
   * Opens one with an abstract name, for a process in our network namespace.
   *
   * @returns The socket.
   */
  static abstract(): NotifySocket {
    const socket = UnixSocket.bound(UnixAddress.unnamed);
    return new NotifySocket(socket, `${socket.address}`);
  }

  /**
   * Opens one for a process in any namespaces that has a /proc: no name leads
   * there, only a descriptor of its place, which is a path in /proc.
   *
   * @param number The number under which the process will have it.
   * @returns The socket.
   */
  static descriptor(number: number): NotifySocket {
    const folder = Deno.makeTempDirSync({ prefix: "ipcx-notify-" });
    try {
      // Who it is run as is not known; without a name only its holder can reach it.
      const socket = UnixSocket.bound(`${folder}/notify`, { mode: 0o666 });
      try {
        return new NotifySocket(socket, `/proc/self/fd/${number}`, openPath(`${folder}/notify`));
      } catch (error) {
        socket.close();
        throw error;
      }
    } finally {
      Deno.removeSync(folder, { recursive: true });
    }
  }

  /**
   * Reads what is sent until it is closed.
   *
   * @param pid The process.
   * @param onReady Called for each READY=1 of its own.
   */
  async listen(pid: number, onReady: () => void): Promise<void> {
    try {
      for (;;) {
        // Descriptors are closed at once: sd_notify_barrier(3) waits for that.
        using message = await this.#socket.receive({ maxBytes: MAX_MESSAGE_BYTES, maxFds: 1 });
        if (message && isReady(message) && isFrom(message, pid)) onReady();
      }
    } catch (error) {
      if (!(error instanceof ClosedError)) throw error;
    }
  }

  /** Closes our copy of what was passed, as soon as the process has it. */
  closePassed(): void {
    this.fd?.close();
  }

  /** Closes it. */
  [Symbol.dispose](): void {
    this.closePassed();
    this.#socket.close();
  }
}

function isReady(message: Message): boolean {
  return message.text.split("\n").includes("READY=1");
}

/** The kernel vouches for the sender's number, and the pidfd for that number not being another's by now. */
function isFrom({ credentials, pidfd }: Message, pid: number): boolean {
  if (!credentials || credentials.pid === 0) return false;
  return belongsTo(credentials.pid, pid) && (!pidfd || isThere(pidfd.number));
}
