/**
 * Listening Unix sockets.
 *
 * @module
 */

import { toAddress, type UnixAddress } from "./address.ts";
import { lockDirectory } from "./directory_lock.ts";
import { Endpoint, nameOf, unixTypeOf } from "./endpoint.ts";
import { check, ClosedError, SystemError } from "./errors.ts";
import { areOthersDue, letOthersRun } from "./fairness.ts";
import { Fd } from "./fd.ts";
import { ERRNO, SO } from "./linux.ts";
import { native } from "./native.ts";
import { getNumber, setOption, type SocketType, typeNumber } from "./options.ts";
import { UnixSocket } from "./socket.ts";
import { bindSocket, type SocketFile, type SocketFileOptions } from "./socket_file.ts";
import { Turns } from "./turns.ts";

/** How to listen. */
export interface ListenOptions extends SocketFileOptions {
  /** `"stream"`, the default, or `"seqpacket"`. */
  type?: Exclude<SocketType, "dgram">;
  /** How many connections may wait to be accepted, by default 4096; the kernel caps it at net.core.somaxconn. */
  backlog?: number;
  /** Whether accepted sockets receive credentials with each message, from the first on. */
  passCredentials?: boolean;
}

const DEFAULT_BACKLOG = 4096;
const peer = new Int32Array(3);

/**
 * A listening Unix socket, owner of its descriptor and of its socket file.
 *
 * @example
 * ```ts
 * import { UnixListener, UnixSocket } from "ipcx";
 * import { assertEquals } from "@std/assert";
 *
 * using listener = UnixListener.listen(`@example-${crypto.randomUUID()}`);
 * using client = await UnixSocket.connect(listener.address);
 * using server = await listener.accept();
 * assertEquals(server.peerCredentials.pid, Deno.pid);
 * ```
 */
export class UnixListener extends Endpoint implements AsyncIterable<UnixSocket> {
  /** Where it listens, as it was asked for. */
  readonly listensAt: UnixAddress;
  readonly #accepting = new Turns();

  private constructor(fd: Fd, type: SocketType, address: UnixAddress, file?: SocketFile) {
    super(fd, type, file);
    this.listensAt = address;
  }

  /**
   * Starts to listen.
   *
   * A socket file has its mode and owner before anybody can connect; a stale
   * one is replaced. It is removed when the listener is closed.
   *
   * @param address A path, an abstract name, unnamed for a name that the kernel
   * chooses, or `fd:N` to take over a listener that this process was started with.
   * @param options Type, backlog, mode and owner.
   * @returns The listener.
   * @throws {SystemError} EADDRINUSE if somebody listens there already.
   */
  static listen(address: UnixAddress | string, options: ListenOptions = {}): UnixListener {
    const target = toAddress(address);
    if (target.kind === "fd") return UnixListener.#takeOver(Fd.inherit(target.fd), `${target}`);
    const type = options.type ?? "stream";
    const fd = new Fd(check(native.ipcx_socket(typeNumber(type)), "socket"));
    let file: SocketFile | undefined;
    using _alone = lockDirectory(target);
    try {
      file = bindSocket(fd, target, options);
      // Set on the listener, it holds for connections from before they are accepted.
      if (options.passCredentials) setOption(fd.number, "passCredentials", true);
      check(native.ipcx_listen(fd.number, options.backlog ?? DEFAULT_BACKLOG), "listen", { address: `${target}` });
      if (file && !file.isInPlace) throw new SystemError("bind", ERRNO.EADDRINUSE, { address: `${target}` });
      const chosen = target.kind === "unnamed" ? nameOf(fd.number, false) : target;
      return new UnixListener(fd, type, chosen, file);
    } catch (error) {
      file?.remove();
      fd.close();
      throw error;
    }
  }

  /**
   * Takes over a descriptor that listens already. Its socket file, if any, is
   * not removed in the end: it belongs to whoever made it.
   *
   * @param fd The descriptor; the listener's from now on, but closed on failure.
   * @returns The listener.
   * @throws {SystemError} ENOTSOCK, EAFNOSUPPORT, or EINVAL for a socket that does not listen.
   */
  static fromFd(fd: Fd): UnixListener {
    return UnixListener.#takeOver(fd, `fd:${fd.number}`);
  }

  static #takeOver(fd: Fd, name: string): UnixListener {
    try {
      const type = unixTypeOf(fd.number, name);
      if (getNumber(fd.number, SO.ACCEPTCONN) === 0) {
        throw new SystemError("accept", ERRNO.EINVAL, { address: `${name} (does not listen)` });
      }
      check(native.ipcx_set_nonblocking(fd.number), "fcntl");
      return new UnixListener(fd, type, nameOf(fd.number, false));
    } catch (error) {
      fd.close();
      throw error;
    }
  }

  /**
   * Accepts a connection, waiting for it if need be.
   *
   * @param options A signal that ends the wait with its reason.
   * @returns The connection, owned by the caller.
   * @throws {SystemError} EMFILE or ENFILE at a limit of descriptors.
   * @throws {ClosedError} If the listener is closed meanwhile.
   */
  accept(options: { signal?: AbortSignal } = {}): Promise<UnixSocket> {
    return this.#accepting.run(async () => {
      if (areOthersDue()) await letOthersRun(options.signal);
      for (;;) {
        const socket = this.tryAccept();
        if (socket) return socket;
        await this.waiters.wait("readable", options.signal);
      }
    }, options.signal);
  }

  /**
   * Accepts a connection that waits already.
   *
   * @returns The connection, owned by the caller, or `undefined` if none waits.
   * @throws {SystemError} EMFILE or ENFILE at a limit of descriptors.
   */
  tryAccept(): UnixSocket | undefined {
    const result = native.ipcx_accept(this.number, peer);
    if (result === -ERRNO.EAGAIN) {
      this.waiters.exhausted("readable");
      return undefined;
    }
    return UnixSocket.fromFd(new Fd(check(result, "accept", { address: `${this.listensAt}` })));
  }

  /** Accepts connection after connection until {@linkcode close}. */
  async *[Symbol.asyncIterator](): AsyncIterableIterator<UnixSocket> {
    while (this.fd.isOpen) {
      let socket: UnixSocket;
      try {
        socket = await this.accept();
      } catch (error) {
        if (error instanceof ClosedError) return;
        throw error;
      }
      yield socket;
    }
  }
}
