/**
 * What is held: descriptors by their names, how many of whom, and for how long.
 *
 * @module
 */

import { closeAll, type Fd } from "../core/fd.ts";
import type { SocketFile } from "../core/socket_file.ts";
import { HoldError } from "./hold_error.ts";
import type { HolderLimits } from "./limits.ts";
import { PerUser } from "./per_user.ts";

/** One descriptor that is held. */
export interface Held {
  /** Its name. */
  readonly name: string;
  /** The descriptor, the inventory's. */
  readonly fd: Fd;
  /** The user for whom it is held. */
  readonly uid: number;
  /** Since when, in milliseconds since 1970. */
  readonly since: number;
  /** Until when, on the same clock; absent for ever. */
  readonly expires?: number;
  /** The socket file that goes with it. */
  readonly file?: SocketFile;
}

/** What is to be held. */
export interface NewHeld {
  /** Its name. */
  name: string;
  /** The descriptor. */
  fd: Fd;
  /** The socket file that goes with it. */
  file?: SocketFile;
}

/** Descriptors by their names. */
export class Inventory implements Disposable {
  readonly #limits: Readonly<HolderLimits>;
  readonly #onExpired: (held: Held) => void;
  readonly #held = new Map<string, Held>();
  readonly #users = new PerUser();
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();
  #names: readonly string[] | undefined;

  /**
   * Begins with nothing.
   *
   * @param limits How much can be held.
   * @param onExpired Told of what is let go since its time is up.
   */
  constructor(limits: Readonly<HolderLimits>, onExpired: (held: Held) => void) {
    this.#limits = limits;
    this.#onExpired = onExpired;
  }

  /** How many descriptors are held. */
  get size(): number {
    return this.#held.size;
  }

  /** The names in their order. */
  get names(): readonly string[] {
    return this.#names ??= [...this.#held.keys()].sort();
  }

  /**
   * Finds a descriptor.
   *
   * @param name Its name.
   * @returns What is held, or `undefined`.
   */
  get(name: string): Held | undefined {
    return this.#held.get(name);
  }

  /**
   * Holds descriptors: all of them, or none. Those held so far under the same
   * names are let go.
   *
   * @param items What, each with a name of its own; the inventory's from now on, but not if this throws.
   * @param uid For whom.
   * @param expire For how long, in milliseconds; 0 for ever.
   * @throws {HoldError} `"full"` at a limit.
   */
  put(items: readonly NewHeld[], uid: number, expire: number): void {
    this.#refuseBeyondLimits(items, uid);
    const since = Date.now();
    for (const { name, fd, file } of items) {
      this.remove(name);
      this.#held.set(name, { name, fd, uid, since, file, expires: expire === 0 ? undefined : since + expire });
      this.#users.add(uid);
      if (expire > 0) this.#letGoIn(expire, name);
    }
    this.#names = undefined;
  }

  #refuseBeyondLimits(items: readonly NewHeld[], uid: number): void {
    const { maxHeld, maxHeldPerUid } = this.#limits;
    const replaced = items.flatMap(({ name }) => this.#held.get(name) ?? []);
    const ofTheirOwn = replaced.filter((held) => held.uid === uid);
    if (this.size + items.length - replaced.length > maxHeld) {
      throw new HoldError("full", `${this.size} descriptors are held; ${maxHeld} is the most`);
    }
    const count = this.#users.of(uid);
    if (count + items.length - ofTheirOwn.length > maxHeldPerUid) {
      throw new HoldError("full", `${count} descriptors are held for uid ${uid}; ${maxHeldPerUid} is the most`);
    }
  }

  #letGoIn(ms: number, name: string): void {
    const timer = setTimeout(() => {
      const held = this.#held.get(name)!;
      this.remove(name);
      this.#onExpired(held);
    }, ms);
    Deno.unrefTimer(timer);
    this.#timers.set(name, timer);
  }

  /**
   * Lets a descriptor go.
   *
   * @param name Its name.
   * @returns Whether there was one.
   */
  remove(name: string): boolean {
    const held = this.#held.get(name);
    if (!held) return false;
    clearTimeout(this.#timers.get(name));
    this.#timers.delete(name);
    this.#held.delete(name);
    this.#names = undefined;
    this.#users.remove(held.uid);
    closeAll([held.fd]);
    held.file?.removeUnlessServed();
    return true;
  }

  /** Lets everything go. */
  [Symbol.dispose](): void {
    for (const name of this.names) this.remove(name);
  }
}
