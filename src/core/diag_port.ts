/**
 * A socket that asks the kernel about the sockets of one network namespace.
 *
 * @module
 */

import { check } from "./errors.ts";
import { Fd } from "./fd.ts";
import { ERRNO } from "./linux.ts";
import { native } from "./native.ts";

/** What the kernel's pieces of a list never exceed; it makes them as large as somebody has room for, up to half of that. */
const PIECE_BYTES = 65_536;

/** Where questions go and answers come from. */
export interface DiagPort {
  /** Asks. */
  send(request: Uint8Array<ArrayBuffer>): void;
  /**
   * Takes the next piece of the answer.
   *
   * @returns The piece, good until the next call.
   * @throws {SystemError} EAGAIN if there is none.
   */
  receive(): Uint8Array;
}

/** The kernel as a {@linkcode DiagPort}. */
export class KernelPort implements DiagPort, Disposable {
  readonly #fd: Fd;
  readonly #place = new Uint8Array(PIECE_BYTES);

  /**
   * Opens a socket of sock_diag(7).
   *
   * @param network The network namespace whose sockets are meant, which stays the
   * caller's; by default this process's. Only a short-lived thread joins it.
   * @throws {SystemError} EPERM without CAP_SYS_ADMIN over that namespace and
   * one's own user namespace; EPROTONOSUPPORT where the kernel has no sock_diag.
   */
  constructor(network?: Fd) {
    const result = native.ipcx_diag_socket(network?.number ?? -1);
    this.#fd = new Fd(check(result, result === -ERRNO.EPERM ? "setns" : "socket"));
  }

  /** Asks. */
  send(request: Uint8Array<ArrayBuffer>): void {
    check(native.ipcx_write(this.#fd.number, request, request.length), "write");
  }

  /** Takes the next piece of the answer. */
  receive(): Uint8Array {
    const length = check(native.ipcx_netlink_receive(this.#fd.number, this.#place, PIECE_BYTES), "recvmsg");
    return this.#place.subarray(0, length);
  }

  /** Closes the socket. */
  [Symbol.dispose](): void {
    this.#fd.close();
  }
}
