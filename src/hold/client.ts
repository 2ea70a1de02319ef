/**
 * Asking a holder to hold descriptors, and for those that it holds.
 *
 * @module
 */

import type { UnixAddress } from "../core/address.ts";
import { delay } from "../core/delay.ts";
import { closeAll, type Fd } from "../core/fd.ts";
import { UnixSocket } from "../core/socket.ts";
import { Conversation } from "./conversation.ts";
import { defaultHolderAddress } from "./defaults.ts";
import type { HeldDescriptor } from "./held_descriptor.ts";
import { HoldError } from "./hold_error.ts";
import type { HolderStatus } from "./holder.ts";
import { checkExpiry } from "./limits.ts";
import { checkName } from "./names.ts";
import { type HoldRequest, MAX_NAMES } from "./protocol.ts";

const DEFAULT_TIMEOUT_MS = 10_000;

const FIRST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 100;

/** How to ask. */
export interface HolderClientOptions {
  /** How long each call may take, in milliseconds, while a busy holder is asked again; 0 for no limit; by default 10 000. */
  timeout?: number;
}

/** What every call takes. */
export interface HolderCallOptions {
  /** Ends the call with its reason; what was asked for may have been done. */
  signal?: AbortSignal;
}

/** How to store descriptors. */
export interface StoreOptions extends HolderCallOptions {
  /** For how long to hold them, 0–2147483647 milliseconds, 0 for ever; by default as the holder does. */
  expire?: number;
  /** Whether what is held under the same names is let go, instead of being in the way. */
  replace?: boolean;
}

/** Parts of a list of names that fit into one request each. */
function portions(names: readonly string[]): string[][] {
  const parts: string[][] = [];
  for (let at = 0; at < names.length; at += MAX_NAMES) parts.push(names.slice(at, at + MAX_NAMES));
  return parts;
}

/** Names that go into one request, so that all is done or nothing. */
function inOneRequest(names: readonly string[]): string[] {
  if (names.length <= MAX_NAMES) return names.map(checkName);
  throw new RangeError(`${names.length} names at once; ${MAX_NAMES} is the most`);
}

/**
 * Asks a holder, with a connection for each call. One that is busy is asked again
 * until time is up: of many programs that start at once, each gets its turn.
 *
 * A retrieved descriptor is a second one for the same open file description
 * (open(2)): who changes its offset or O_NONBLOCK changes them for all.
 */
export class HolderClient {
  readonly #address: UnixAddress | string;
  readonly #timeout: number;

  /**
   * Connects to nobody yet.
   *
   * @param address The holder's socket, by default as {@linkcode defaultHolderAddress} says.
   * @param options How long to wait.
   */
  constructor(address: UnixAddress | string = defaultHolderAddress(), options: HolderClientOptions = {}) {
    this.#address = address;
    this.#timeout = options.timeout ?? DEFAULT_TIMEOUT_MS;
  }

  /**
   * Has descriptors held: all of them, or none.
   *
   * @param descriptors The descriptors by their names, 1 to 253; they stay the caller's, who may close them afterwards.
   * @param options For how long, and whether they may replace others.
   * @returns A promise without a value.
   * @throws {HoldError} `"denied"`, `"taken"`, `"full"`, `"lost"` or `"busy"`.
   * @throws {RangeError} For too many, or a name or a time that is out of its range.
   * @throws {SystemError} As connect(2); ETOOMANYREFS.
   * @throws {DOMException} TimeoutError.
   */
  async store(descriptors: Readonly<Record<string, Fd>>, options: StoreOptions = {}): Promise<void> {
    const names = inOneRequest(Object.keys(descriptors));
    if (names.length === 0) return;
    const { replace = false, signal } = options;
    const request: HoldRequest = { op: "store", names, replace };
    if (options.expire !== undefined) request.expire = checkExpiry(options.expire);
    await this.#call(signal, (conversation) => conversation.ask(request, Object.values(descriptors)));
  }

  /**
   * Gets copies of descriptors, which stay held.
   *
   * @param names Their names, any number.
   * @param options A signal.
   * @returns The descriptors in the order of the names, the caller's.
   * @throws {HoldError} `"denied"`, `"absent"`, `"lost"` or `"busy"`; none is left open then.
   * @throws {SystemError} As connect(2).
   * @throws {DOMException} TimeoutError.
   */
  async retrieve(names: readonly string[], options: HolderCallOptions = {}): Promise<Fd[]> {
    const parts = portions(names.map(checkName));
    if (parts.length === 0) return [];
    return await this.#call(options.signal, async (conversation) => {
      const fds: Fd[] = [];
      try {
        for (const part of parts) {
          using packet = await conversation.ask({ op: "retrieve", names: part }, [], part.length);
          fds.push(...packet.message.takeFds());
        }
      } catch (error) {
        closeAll(fds);
        throw error;
      }
      return fds;
    });
  }

  /**
   * Gets descriptors that the holder lets go once they are on their way: all of them, or none.
   *
   * @param names Their names, 1 to 253.
   * @param options A signal; if it ends the call, they may be lost.
   * @returns The descriptors in the order of the names, the caller's.
   * @throws {HoldError} As {@linkcode retrieve}.
   * @throws {RangeError} For too many.
   * @throws {SystemError} As connect(2).
   * @throws {DOMException} TimeoutError.
   */
  async take(names: readonly string[], options: HolderCallOptions = {}): Promise<Fd[]> {
    const wanted = inOneRequest(names);
    if (wanted.length === 0) return [];
    return await this.#call(options.signal, async (conversation) => {
      using packet = await conversation.ask({ op: "take", names: wanted }, [], wanted.length);
      return packet.message.takeFds();
    });
  }

  /**
   * Has the holder let descriptors go: all of them, or none.
   *
   * @param names Their names, 1 to 253.
   * @param options A signal.
   * @returns A promise without a value.
   * @throws {HoldError} `"denied"`, `"absent"` or `"busy"`.
   * @throws {RangeError} For too many.
   * @throws {SystemError} As connect(2).
   * @throws {DOMException} TimeoutError.
   */
  async drop(names: readonly string[], options: HolderCallOptions = {}): Promise<void> {
    const wanted = inOneRequest(names);
    if (wanted.length === 0) return;
    await this.#call(options.signal, (conversation) => conversation.ask({ op: "drop", names: wanted }, []));
  }

  /**
   * Asks what is held.
   *
   * @param options A signal.
   * @returns What this user may list, in the order of the names.
   * @throws {HoldError} `"denied"` if this user may do nothing at all, or `"busy"`.
   * @throws {SystemError} As connect(2).
   * @throws {DOMException} TimeoutError.
   */
  async list(options: HolderCallOptions = {}): Promise<HeldDescriptor[]> {
    return await this.#call(options.signal, async (conversation) => {
      const all: HeldDescriptor[] = [];
      for (let more = true; more;) {
        using packet = await conversation.ask({ op: "list", after: all.at(-1)?.name }, []);
        const page = packet.value.held ?? [];
        all.push(...page);
        more = packet.value.more === true && page.length > 0;
      }
      return all;
    });
  }

  /**
   * Asks how the holder is.
   *
   * @param options A signal.
   * @returns What it tells.
   * @throws {HoldError} `"denied"` or `"busy"`.
   * @throws {SystemError} As connect(2).
   * @throws {DOMException} TimeoutError.
   */
  async status(options: HolderCallOptions = {}): Promise<HolderStatus> {
    return await this.#call(options.signal, async (conversation) => {
      using packet = await conversation.ask({ op: "status" }, []);
      if (packet.value.status) return packet.value.status;
      throw new HoldError("invalid", "the holder told no status");
    });
  }

  async #call<T>(given: AbortSignal | undefined, talk: (conversation: Conversation) => Promise<T>): Promise<T> {
    const late = this.#timeout > 0 ? AbortSignal.timeout(this.#timeout) : undefined;
    const signal = AbortSignal.any([given, late].filter((one) => one !== undefined));
    let busy: HoldError | undefined;
    try {
      for (let pause = FIRST_PAUSE_MS;; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
        try {
          return await this.#attempt(talk, signal);
        } catch (error) {
          if (!(error instanceof HoldError) || error.reason !== "busy") throw error;
          busy = error;
        }
        await delay(pause, signal);
      }
    } catch (error) {
      // When time is up, that it was busy is what there is to tell.
      throw late?.aborted && !given?.aborted ? busy ?? error : error;
    }
  }

  async #attempt<T>(talk: (conversation: Conversation) => Promise<T>, signal: AbortSignal): Promise<T> {
    const socket = await UnixSocket.connect(this.#address, { type: "seqpacket", signal });
    using conversation = new Conversation(socket, `${this.#address}`, signal);
    return await talk(conversation);
  }
}
