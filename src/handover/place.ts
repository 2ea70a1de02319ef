/**
 * Where the versions of a server meet: the listener for handovers, and its socket
 * file if it has one.
 *
 * @module
 */

import type { UnixAddress } from "../core/address.ts";
import type { Fd } from "../core/fd.ts";
import { UnixListener } from "../core/listener.ts";
import { SocketFile } from "../core/socket_file.ts";
import type { Settings } from "./options.ts";
import type { FileIdentity } from "./packets.ts";

/** Owner of the listener, and of its file as long as no other version has both. */
export class Place {
  /** The address. */
  readonly address: UnixAddress;
  /** What tells the file from others that may come to have its path; null for an abstract name. */
  readonly identity: FileIdentity | null;
  readonly #listener: UnixListener;
  readonly #file: SocketFile | undefined;

  /**
   * Takes over a place.
   *
   * @param address The address.
   * @param listener What listens there; the place's from now on. Its file, if any, stays when it is closed.
   * @param identity What its file is.
   */
  constructor(address: UnixAddress, listener: UnixListener, identity: FileIdentity | null) {
    this.address = address;
    this.identity = identity;
    this.#listener = listener;
    this.#file = identity ? new SocketFile(address.filename, identity) : undefined;
  }

  /**
   * Makes a place, as the first version does.
   *
   * @param address A path or an abstract name.
   * @param settings Mode and owner of a socket file.
   * @returns The place.
   * @throws {SystemError} EADDRINUSE if somebody listens there.
   */
  static make(address: UnixAddress, { mode, uid, gid }: Settings): Place {
    const listener = UnixListener.listen(address, { type: "seqpacket", mode, uid, gid });
    if (address.kind !== "path") return new Place(address, listener, null);
    const { dev, ino } = Deno.lstatSync(address.filename);
    return new Place(address, UnixListener.fromFd(listener.release()), { dev, ino: ino ?? -1 });
  }

  /** The listener, which stays the place's own. */
  get fd(): Fd {
    return this.#listener.fd;
  }

  /** Leaves it to another version, which has the listener, too. */
  leave(): void {
    this.#listener.close();
  }

  /** Gives it up, so that the next process is a first one. */
  remove(): void {
    // The file goes first: a name without a listener looks like a crash to others.
    this.#file?.remove();
    this.#listener.close();
  }
}
