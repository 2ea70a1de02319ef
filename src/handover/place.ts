/**
 * Where the versions of a server meet: the listener for handovers, and its socket
 * file if it has one.
 *
 * @module
 */

import type { UnixAddress } from "../core/address.ts";
import type { FileIdentity } from "../core/directory_entry.ts";
import type { Fd } from "../core/fd.ts";
import { UnixListener } from "../core/listener.ts";
import { SocketFile } from "../core/socket_file.ts";
import type { Settings } from "./options.ts";

/** Owner of the listener, and of its file as long as no other version has both. */
export class Place {
  /** The address. */
  readonly address: UnixAddress;
  /** What tells the file from others that may come to have its path; null for an abstract name. */
  readonly identity: FileIdentity | null;
  readonly #listener: UnixListener;
  readonly #file: SocketFile | undefined;

  private constructor(address: UnixAddress, listener: UnixListener, identity: FileIdentity | null) {
    this.address = address;
    this.identity = identity;
    this.#listener = listener;
    this.#file = identity ? new SocketFile(address.filename, identity) : undefined;
  }

  /**
   * Takes over a place.
   *
   * @param address The address.
   * @param listener What listens there, without its file; the place's from now on, but closed on failure.
   * @param identity What its file is.
   * @returns The place.
   * @throws {SystemError} EMFILE, or ENOENT if the directory of the file is gone.
   */
  static takeOver(address: UnixAddress, listener: UnixListener, identity: FileIdentity | null): Place {
    try {
      return new Place(address, listener, identity);
    } catch (error) {
      listener.close();
      throw error;
    }
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
    using listener = UnixListener.listen(address, { type: "seqpacket", mode, uid, gid });
    const identity = address.kind === "path" ? identify(address.filename) : null;
    const place = Place.takeOver(address, UnixListener.fromFd(listener.fd.duplicate()), identity);
    // Its file is the last version's to remove.
    listener.release().close();
    return place;
  }

  /** The listener, which stays the place's own. */
  get fd(): Fd {
    return this.#listener.fd;
  }

  /** Leaves it to another version, which has the listener, too. */
  leave(): void {
    this.#file?.[Symbol.dispose]();
    this.#listener.close();
  }

  /** Gives it up, so that the next process is a first one. */
  remove(): void {
    // The file goes first: a name without a listener looks like a crash to others.
    this.#file?.remove();
    this.#listener.close();
  }
}

function identify(path: string): FileIdentity {
  const { dev, ino } = Deno.lstatSync(path);
  return { dev, ino: ino ?? -1 };
}
