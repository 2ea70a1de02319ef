/**
 * What every Unix socket has, listening or not: a descriptor, names, options.
 *
 * @module
 */

import { UnixAddress } from "./address.ts";
import { type Credentials, peerCredentialsOf, peerGroupsOf, peerPidfdOf } from "./credentials.ts";
import { check, ClosedError, SystemError } from "./errors.ts";
import { Fd } from "./fd.ts";
import { AF_UNIX, ERRNO, NAME_SIZE, SO } from "./linux.ts";
import { native } from "./native.ts";
import { getNumber, getOption, setOption, type SocketOptions, type SocketType, typeName } from "./options.ts";
import type { SocketFile } from "./socket_file.ts";
import { trafficOf } from "./traffic.ts";
import type { Direction, Waiters } from "./waiters.ts";

/**
 * Reads the name of a socket or of its peer.
 *
 * @param fd The socket.
 * @param ofPeer Whether the peer's is meant.
 * @returns The address; unnamed for most clients.
 * @throws {SystemError} ENOTCONN for the peer of a socket that has none.
 */
export function nameOf(fd: number, ofPeer: boolean): UnixAddress {
  const name = new Uint8Array(NAME_SIZE);
  const length = check(native.ipcx_name(fd, ofPeer ? 1 : 0, name), ofPeer ? "getpeername" : "getsockname");
  return UnixAddress.fromKernel(name.subarray(0, length));
}

/**
 * Makes sure that a descriptor is a Unix socket.
 *
 * @param fd The descriptor.
 * @param name What it is called if it is none: it may be the duplicate of another one.
 * @returns The type of the socket.
 * @throws {SystemError} ENOTSOCK, or EAFNOSUPPORT for other sockets.
 */
export function unixTypeOf(fd: number, name: string = `fd:${fd}`): SocketType {
  if (getNumber(fd, SO.DOMAIN, name) !== AF_UNIX) {
    throw new SystemError("getsockopt", ERRNO.EAFNOSUPPORT, { address: `${name} (not a Unix socket)` });
  }
  return typeName(getNumber(fd, SO.TYPE));
}

/**
 * The number of a socket's descriptor, for a call.
 *
 * @param fd The descriptor.
 * @returns Its number.
 * @throws {ClosedError} If the socket was closed or given away.
 */
export function socketNumber(fd: Fd): number {
  if (!fd.isOpen) throw new ClosedError("the socket was closed");
  return fd.number;
}

/** The common part of sockets and listeners: owner of a descriptor, and of a socket file if it made one. */
export abstract class Endpoint implements Disposable {
  /** The descriptor, which stays the socket's own. */
  readonly fd: Fd;
  /** Whether it carries bytes, packets or datagrams. */
  readonly type: SocketType;
  /** Those who wait for the descriptor. */
  protected readonly waiters: Waiters;
  readonly #file: SocketFile | undefined;

  /**
   * Takes ownership of a socket.
   *
   * @param fd The descriptor.
   * @param type The type of the socket.
   * @param file The socket file to remove in the end.
   */
  protected constructor(fd: Fd, type: SocketType, file?: SocketFile) {
    this.fd = fd;
    this.type = type;
    this.#file = file;
    this.waiters = trafficOf(fd).waiters;
  }

  /**
   * The number of the descriptor, for a call.
   *
   * @throws {ClosedError} If the socket was closed or given away.
   */
  protected get number(): number {
    return socketNumber(this.fd);
  }

  /** The socket's own name. */
  get address(): UnixAddress {
    return nameOf(this.number, false);
  }

  /** The name of the socket at the other end; most clients have none. */
  get peerAddress(): UnixAddress {
    return nameOf(this.number, true);
  }

  /** Who is at the other end, as it was when the connection was made. */
  get peerCredentials(): Credentials {
    return peerCredentialsOf(this.number);
  }

  /** The supplementary groups of the peer. */
  get peerGroups(): number[] {
    return peerGroupsOf(this.number);
  }

  /**
   * Opens a pidfd of the peer (Linux 6.5).
   *
   * @returns The pidfd, owned by the caller.
   * @throws {SystemError} ENOPROTOOPT on older kernels.
   */
  openPeerPidfd(): Fd {
    return peerPidfdOf(this.number);
  }

  /**
   * Reads an option.
   *
   * @param name The option.
   * @returns The value as the kernel applies it.
   * @throws {SystemError} ENOPROTOOPT where the kernel has no such option.
   */
  getOption<Name extends keyof SocketOptions>(name: Name): SocketOptions[Name] {
    return getOption(this.number, name);
  }

  /**
   * Sets an option.
   *
   * @param name The option.
   * @param value Its value.
   * @throws {SystemError} ENOPROTOOPT where the kernel has no such option.
   */
  setOption<Name extends keyof SocketOptions>(name: Name, value: SocketOptions[Name]): void {
    setOption(this.number, name, value);
  }

  /**
   * Waits until something may be there to receive or accept, until there may be
   * room to send, or until the peer has gone.
   *
   * It ends at once until a call has found nothing there, or no room.
   *
   * @param direction What to wait for.
   * @param options A signal that ends the wait with its reason.
   * @returns A promise without a value; try, and wait again if it was not so.
   * @throws {ClosedError} If the socket is closed meanwhile.
   */
  ready(direction: Direction, options: { signal?: AbortSignal } = {}): Promise<void> {
    return this.waiters.ready(direction, options.signal);
  }

  /** Keeps the process alive while something is awaited, as is so at first. */
  ref(): void {
    this.waiters.ref();
  }

  /** Lets the process end although something is awaited. */
  unref(): void {
    this.waiters.unref();
  }

  /**
   * Gives the descriptor away; the socket cannot be used any more. A socket
   * file, if any, stays.
   *
   * @returns The descriptor, owned by the caller; nonblocking, unless it came to us otherwise.
   * @throws {ClosedError} If it was closed or given away before.
   */
  release(): Fd {
    const number = this.number;
    this.waiters.close();
    this.#file?.[Symbol.dispose]();
    this.fd.release();
    return new Fd(number);
  }

  /** Closes the socket, removes its file, and ends every wait on it; does nothing the second time. */
  close(): void {
    if (!this.fd.isOpen) return;
    this.waiters.close();
    // The file goes first: a name without a listener looks like a crash to clients.
    this.#file?.remove();
    this.fd.close();
  }

  /** Closes the socket at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close();
  }
}
