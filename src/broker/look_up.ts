/**
 * Asking a broker for what somebody has announced.
 *
 * @module
 */

import { escapeBytes, toAddress, type UnixAddress } from "../core/address.ts";
import type { Credentials } from "../core/credentials.ts";
import { delay } from "../core/delay.ts";
import { isPeerGone } from "../core/errors.ts";
import type { Message } from "../core/message.ts";
import type { UnixSocket } from "../core/socket.ts";
import { MAX_VALUE_BYTES } from "./announce.ts";
import { defaultBrokerAddress } from "./defaults.ts";
import { requestPair } from "./request_pair.ts";

const DEFAULT_TIMEOUT_MS = 30_000;

/** How long to wait before somebody else is asked, if who was asked has gone, in milliseconds: each time twice as long. */
const FIRST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 1000;

/** What the kernel tells of a sender if it was not asked in time: nobody, the overflow user. */
const UNKNOWN_UID = 65534;

/** What to look up, and where. */
export interface LookUpOptions<Value = unknown> {
  /** Where the broker listens, by default where `ipcx pair` looks for it. */
  address?: UnixAddress | string;
  /** What the announcer names, too: 1–1024 bytes; text is taken as UTF-8. */
  key: string | Uint8Array;
  /** How long to wait for somebody who has announced it, in milliseconds; by default 30 000. */
  timeout?: number;
  /**
   * Makes sure that the value is what was agreed upon, and throws if it is not.
   *
   * @param value What JSON.parse made of the answer.
   * @returns The value, now of its type.
   */
  check?: (value: unknown) => Value;
  /** Ends the wait with its reason. */
  signal?: AbortSignal;
}

/** What was announced, and by whom. */
export interface Announced<Value = unknown> {
  /** The value. */
  readonly value: Value;
  /**
   * Who sent it, as the kernel vouches for with the answer itself. (Of the connection it names the broker, which made
   * it.) `undefined` for an announcer that does not say so, such as a shell's.
   */
  readonly announcer: Credentials | undefined;
}

/** Thrown for an answer that is no announced value. */
export class LookUpError extends Error {
  /** The class name, for those who print errors. */
  override readonly name = "LookUpError";
  /** What is wrong: it has more than 65536 bytes, is no JSON in UTF-8, or `check` refused it. */
  readonly reason: "too large" | "no JSON" | "refused";

  /**
   * Describes what is wrong.
   *
   * @param reason What, for decisions.
   * @param message What, for people.
   * @param cause The error behind it, if there is one.
   */
  constructor(reason: "too large" | "no JSON" | "refused", message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.reason = reason;
  }
}

/** An answer as it came. */
interface Answer {
  readonly bytes: Uint8Array;
  readonly announcer: Credentials | undefined;
}

/**
 * Asks a broker for what somebody has announced under a key, and waits until
 * somebody does.
 *
 * An announcer that dies before it has answered is not the last: the next one is
 * asked. Whoever may ask the broker for the key may announce anything under it:
 * look at `announcer`, or give the broker access rules.
 *
 * @param options Broker, key and time-out.
 * @returns The value, and who announced it.
 * @throws {DOMException} `TimeoutError` if nobody has announced it in time.
 * @throws {LookUpError} If the answer is too large, no JSON, or refused by `check`.
 * @throws {SystemError} If the broker cannot be reached.
 * @throws {PairRefusedError} If the broker refuses, or ends meanwhile.
 * @throws {RangeError} If the key is empty or too long.
 *
 * @example
 * ```ts
 * import { announce, Broker, lookUp, UnixListener } from "ipcx";
 * import { assertEquals } from "@std/assert";
 *
 * using broker = new Broker();
 * const address = `@broker-${crypto.randomUUID()}`;
 * broker.listen(UnixListener.listen(address));
 *
 * // It does not matter who comes first.
 * const looking = lookUp<string>({ address, key: "motto", timeout: 10_000 });
 * using announcement = announce({ address, key: "motto", value: "festina lente" });
 * assertEquals((await looking).value, "festina lente");
 * announcement.close();
 * await announcement.ended;
 * ```
 */
export async function lookUp<Value = unknown>(options: LookUpOptions<Value>): Promise<Announced<Value>> {
  const { timeout = DEFAULT_TIMEOUT_MS } = options;
  const address = toAddress(options.address ?? defaultBrokerAddress());
  const key = typeof options.key === "string" ? new TextEncoder().encode(options.key) : options.key;
  const late = AbortSignal.timeout(timeout);
  const signal = options.signal ? AbortSignal.any([options.signal, late]) : late;
  const name = `'${escapeBytes(key)}'`;
  try {
    const { bytes, announcer } = await ask(address, key, signal);
    return { value: valueOf(bytes, name, options.check), announcer };
  } catch (error) {
    if (error !== late.reason) throw error;
    throw new DOMException(`nobody has announced ${name} at ${address} within ${timeout} ms`, "TimeoutError");
  }
}

async function ask(address: UnixAddress, key: Uint8Array, signal: AbortSignal): Promise<Answer> {
  for (let pause = FIRST_PAUSE_MS;; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    using socket = await requestPair({ address, key, mode: "client", signal });
    const answer = await receiveAnswer(socket, signal);
    if (answer.bytes.length > 0) return answer;
    await delay(pause, signal);
  }
}

/** Receives all up to the end, or a little more than is allowed. */
async function receiveAnswer(socket: UnixSocket, signal: AbortSignal): Promise<Answer> {
  socket.setOption("passCredentials", true);
  const buffer = new Uint8Array(MAX_VALUE_BYTES + 1);
  let length = 0;
  let announcer: Credentials | undefined;
  try {
    socket.shutdown("write");
    while (length < buffer.length) {
      using message = await socket.receive({ buffer: buffer.subarray(length), maxFds: 0, signal });
      if (!message) break;
      announcer = length === 0 ? senderOf(message) : sameSender(announcer, senderOf(message));
      length += message.data.length;
    }
  } catch (error) {
    // It has died: what it said before that is complete, or is seen not to be.
    if (!isPeerGone(error)) throw error;
  }
  return { bytes: buffer.subarray(0, length), announcer };
}

function senderOf({ credentials }: Message): Credentials | undefined {
  const isKnown = credentials && !(credentials.pid === 0 && credentials.uid === UNKNOWN_UID);
  return isKnown ? credentials : undefined;
}

/** What several have put together is nobody's. */
function sameSender(one: Credentials | undefined, other: Credentials | undefined): Credentials | undefined {
  return one?.pid === other?.pid && one?.uid === other?.uid ? one : undefined;
}

function valueOf<Value>(bytes: Uint8Array, name: string, check?: (value: unknown) => Value): Value {
  if (bytes.length > MAX_VALUE_BYTES) {
    throw new LookUpError("too large", `what is announced as ${name} has more than ${MAX_VALUE_BYTES} bytes`);
  }
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new LookUpError("no JSON", `what is announced as ${name} is no JSON in UTF-8`, cause);
  }
  try {
    return check ? check(value) : value as Value;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new LookUpError("refused", `what is announced as ${name} was refused: ${reason}`, cause);
  }
}
