/**
 * A descriptor holder: it keeps listeners and other descriptors open by name,
 * while those who use them come and go.
 *
 * @module
 */

import { type Fd, raiseDescriptorLimit } from "../core/fd.ts";
import type { UnixListener } from "../core/listener.ts";
import type { SocketFile } from "../core/socket_file.ts";
import { ThrottledLog } from "../core/throttled_log.ts";
import { HoldAccess } from "./access.ts";
import { HolderCounts } from "./counts.ts";
import { describeHeld, type HeldDescriptor } from "./held_descriptor.ts";
import { HoldError } from "./hold_error.ts";
import { Inventory } from "./inventory.ts";
import { checkExpiry, checkHolderLimits, defaultHolderLimits, type HolderLimits } from "./limits.ts";
import { checkName } from "./names.ts";
import { Operations } from "./operations.ts";
import { Reception, type ReceptionOwner } from "./reception.ts";

/** How to set up a holder. */
export interface FdHolderOptions {
  /** Limits other than the defaults. */
  limits?: Partial<HolderLimits>;
  /** Who may do what; by default root and the user that runs it may do anything, and nobody else anything. */
  access?: HoldAccess;
  /** How long to hold what is stored without a time, 0–2147483647 milliseconds; 0, the default, for ever. */
  expire?: number;
}

/** How to hold a descriptor. */
export interface HoldOptions {
  /** For how long, 0–2147483647 milliseconds, 0 for ever; by default as the holder does. */
  expire?: number;
  /** Whether what is held under the name so far is let go, instead of being in the way. */
  replace?: boolean;
  /** The socket file of a listener, the holder's from now on, to be removed with it unless somebody else still has it open. */
  file?: SocketFile;
}

/** A holder as a whole. */
export interface HolderStatus {
  /** Its process. */
  pid: number;
  /** The addresses of its sockets. */
  sockets: string[];
  /** How long it has run, in seconds. */
  uptime: number;
  /** Descriptors held. */
  held: number;
  /** Clients connected. */
  clients: number;
  /** Descriptors stored by clients so far. */
  stored: number;
  /** Copies given to clients so far. */
  retrieved: number;
  /** Descriptors dropped or taken by clients so far. */
  dropped: number;
  /** Descriptors let go since their time was up so far. */
  expired: number;
  /** What was refused so far, by reason. */
  refused: Record<string, number>;
  /** The limits that hold. */
  limits: HolderLimits;
}

/**
 * A descriptor holder, to be embedded in any program; `ipcx hold` is one around it.
 *
 * @example
 * ```ts
 * import { FdHolder, HolderClient, UnixListener, UnixSocket } from "ipcx";
 * import { assertEquals } from "@std/assert";
 *
 * using holder = new FdHolder();
 * const address = `@holder-${crypto.randomUUID()}`;
 * holder.listen(UnixListener.listen(address, { type: "seqpacket" }));
 *
 * const client = new HolderClient(address);
 * const web = UnixListener.listen(`@web-${crypto.randomUUID()}`);
 * await client.store({ web: web.fd });
 * web.close();
 *
 * // Nobody accepts connections now, and none is refused.
 * using visitor = await UnixSocket.connect(web.listensAt);
 * await visitor.send("is anybody there?");
 *
 * const [fd] = await client.retrieve(["web"]);
 * using successor = UnixListener.fromFd(fd);
 * using connection = await successor.accept();
 * assertEquals((await connection.receive())!.text, "is anybody there?");
 * ```
 */
export class FdHolder implements Disposable {
  /** The limits that hold. */
  readonly limits: Readonly<HolderLimits>;
  /** Who may do what; a change holds for the next request. */
  access: HoldAccess;
  readonly #expire: number;
  readonly #counts = new HolderCounts();
  readonly #inventory: Inventory;
  readonly #operations: Operations;
  readonly #reception: Reception;
  readonly #started = performance.now();
  readonly #log = new ThrottledLog("hold");
  #isClosed = false;

  /**
   * Sets up a holder that holds nothing and listens nowhere yet. Raises the soft
   * limit of open descriptors to the hard one.
   *
   * @param options Limits, access, and how long to hold.
   * @throws {RangeError} If a limit or a time is out of its range.
   */
  constructor(options: FdHolderOptions = {}) {
    const descriptors = raiseDescriptorLimit();
    this.limits = { ...defaultHolderLimits(descriptors, options.limits), ...options.limits };
    checkHolderLimits(this.limits);
    this.#expire = checkExpiry(options.expire ?? 0);
    this.access = options.access ?? HoldAccess.none;
    this.#inventory = new Inventory(this.limits, ({ name, uid }) => {
      this.#counts.expired++;
      this.#log.debug("expired", { name, uid });
    });
    this.#operations = this.#prepareOperations();
    this.#reception = this.#prepareReception();
  }

  #prepareOperations(): Operations {
    // deno-lint-ignore no-this-alias
    const holder = this;
    return new Operations({
      inventory: this.#inventory,
      counts: this.#counts,
      expire: this.#expire,
      get access() {
        return holder.access;
      },
      get status() {
        return { ok: true as const, status: holder.status };
      },
    });
  }

  #prepareReception(): Reception {
    const owner: ReceptionOwner = {
      requestTimeout: this.limits.requestTimeout,
      knows: (peer) => this.access.knows(peer),
      perform: ({ value, message }, peer) => {
        const outcome = this.#operations.perform(value, peer, message);
        if (this.#log.isDebug) this.#log.debug("done", { ...value, pid: peer.pid, uid: peer.uid });
        return outcome;
      },
      onRefused: ({ reason, message }, { pid, uid }) => {
        this.#counts.refuse(reason);
        this.#log.warn(`refused ${reason}`, "refused", { reason, error: message, pid, uid });
      },
      onUnread: ({ pid, uid }) => this.#log.warn("unread", "a client leaves a reply unread", { pid, uid }),
    };
    return new Reception(this.limits, owner, this.#log);
  }

  /**
   * Holds a descriptor for the user that runs this process.
   *
   * @param name Its name: 1 to 255 printable characters of ASCII, and no colon.
   * @param fd The descriptor, the holder's from now on, but not if this throws.
   * @param options For how long, and whether it may replace another one.
   * @throws {RangeError} For a name or a time that is out of its range.
   * @throws {HoldError} `"taken"` if something is held under that name, `"full"` at a limit.
   */
  hold(name: string, fd: Fd, options: HoldOptions = {}): void {
    checkName(name);
    const expire = checkExpiry(options.expire ?? this.#expire);
    if (!options.replace && this.#inventory.get(name)) {
      throw new HoldError("taken", `something is held under '${name}' already`);
    }
    this.#inventory.put([{ name, fd, file: options.file }], Deno.uid()!, expire);
  }

  /**
   * Gives a copy of a descriptor, which stays held.
   *
   * @param name Its name.
   * @returns The copy, the caller's; `undefined` if nothing is held under that name.
   * @throws {SystemError} EMFILE.
   */
  retrieve(name: string): Fd | undefined {
    return this.#inventory.get(name)?.fd.duplicate();
  }

  /**
   * Lets a descriptor go.
   *
   * @param name Its name.
   * @returns Whether anything was held under that name.
   */
  drop(name: string): boolean {
    return this.#inventory.remove(name);
  }

  /** What is held, in the order of the names. */
  get held(): HeldDescriptor[] {
    return this.#inventory.names.map((name) => describeHeld(this.#inventory.get(name)!));
  }

  /** How it is. */
  get status(): HolderStatus {
    const { stored, retrieved, dropped, expired, refused } = this.#counts;
    return {
      pid: Deno.pid,
      sockets: this.#reception.sockets,
      uptime: (performance.now() - this.#started) / 1000,
      held: this.#inventory.size,
      clients: this.#reception.clients,
      stored,
      retrieved,
      dropped,
      expired,
      refused: { ...refused },
      limits: { ...this.limits },
    };
  }

  /**
   * Serves clients at one more place. The process stays alive until {@linkcode close}.
   *
   * @param listener A SEQPACKET listener; the holder's from now on, but not if this throws.
   * @throws {TypeError} For a listener of another type.
   */
  listen(listener: UnixListener): void {
    if (listener.type !== "seqpacket") {
      throw new TypeError(`a holder is asked in packets: its socket is of type seqpacket, not ${listener.type}`);
    }
    this.#reception.listen(listener);
  }

  /** Disconnects everybody, lets everything go, and removes the socket files. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#reception[Symbol.dispose]();
    this.#inventory[Symbol.dispose]();
  }

  /** Closes the holder at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close();
  }
}
