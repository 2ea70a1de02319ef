/**
 * What is sent and received in one piece.
 *
 * @module
 */

import type { UnixAddress } from "./address.ts";
import type { Credentials } from "./credentials.ts";
import { closeAll, type Fd } from "./fd.ts";

/**
 * What a message carries: bytes, text as UTF-8, or bytes from several places one
 * behind the other (writev(2)), of which there may be 1024.
 */
export type Payload = Uint8Array<ArrayBuffer> | string | readonly Uint8Array<ArrayBuffer>[];

/** How to send a message. */
export interface SendOptions {
  /**
   * Descriptors to send along. They stay the caller's, who may close them
   * afterwards. A packet carries 253; on a stream more are sent in several
   * messages, each of which needs a byte.
   */
  fds?: readonly Fd[];
  /** Credentials to send; other than one's own need CAP_SYS_ADMIN, CAP_SETUID or CAP_SETGID. */
  credentials?: Credentials;
  /** Where to send a datagram from a socket that is not connected. */
  to?: UnixAddress | string;
  /** Tells the kernel that more follows (MSG_MORE), which changes nothing on Unix sockets so far. */
  more?: boolean;
  /** Ends the wait for room with its reason. On a stream part of the data may have been sent. */
  signal?: AbortSignal;
}

/** How to receive a message. */
export interface ReceiveOptions {
  /** The most bytes to take, 1–2147483647; by default 65536. Ignored if there is a `buffer`. */
  maxBytes?: number;
  /** Where to put the data, instead of into memory of its own; on a stream not empty. */
  buffer?: Uint8Array<ArrayBuffer>;
  /**
   * Where to put the data, one buffer filled after the other (readv(2)), at most
   * 1024; the message's own `data` is empty then, its `length` tells how much there was.
   */
  buffers?: readonly Uint8Array<ArrayBuffer>[];
  /**
   * Waits until as much has come as was asked for, or the end (MSG_WAITALL); for
   * streams. Unlike the kernel it does not stop at descriptors: all of them are
   * in the message, of which there may be 253 with each byte, unless `maxFds` says
   * otherwise. What several have sent comes without credentials and pidfd. What
   * was taken is lost if the signal ends the wait.
   */
  waitAll?: boolean;
  /** The most descriptors to keep, 0–253, by default 253; what comes beyond is closed. */
  maxFds?: number;
  /** Leaves the message in the queue (MSG_PEEK). Its descriptors are duplicated each time. */
  peek?: boolean;
  /** Ends the wait with its reason. */
  signal?: AbortSignal;
}

/** How to receive several messages at once. */
export interface ReceiveManyOptions {
  /** The most messages to take, 1–64, by default 64. */
  maxMessages?: number;
  /** The most bytes to take of each, 1–2147483647; by default 65536. */
  maxBytes?: number;
  /** The most descriptors to keep of each, 0–253, by default 253; what comes beyond is closed. */
  maxFds?: number;
  /** Ends the wait with its reason. */
  signal?: AbortSignal;
}

/** What {@linkcode Message} is made from. */
export interface MessageParts {
  /** The bytes. */
  data: Uint8Array<ArrayBuffer>;
  /** How many of them are the message's, by default all. */
  kept?: number;
  /** The length of the packet as sent. */
  length: number;
  /** Whether bytes were lost. */
  truncated: boolean;
  /** Whether descriptors were lost or closed. */
  controlTruncated: boolean;
  /** Whether the kernel lost descriptors. */
  fdsLost?: boolean;
  /** The descriptors. */
  fds: Fd[];
  /** The sender. */
  credentials?: Credentials;
  /** The sender's pidfd. */
  pidfd?: Fd;
  /** The name it was sent from. */
  from?: UnixAddress;
}

/**
 * A received message, owner of the descriptors that came with it.
 *
 * Take what you want with {@linkcode takeFds}, or use the message in a `using`
 * block: what was not taken is closed at its end.
 */
export class Message implements Disposable {
  #data: Uint8Array<ArrayBuffer>;
  readonly #kept: number;
  /** The length of the packet as sent, which is more than `data` has if it was truncated. */
  readonly length: number;
  /** Whether bytes of a packet were lost because the buffer was too small (MSG_TRUNC). */
  readonly truncated: boolean;
  /**
   * Whether descriptors were lost (MSG_CTRUNC), or closed as more than `maxFds`.
   * If the kernel lost some, those that arrived are closed as well.
   */
  readonly controlTruncated: boolean;
  /** Whether the kernel lost descriptors, most likely since RLIMIT_NOFILE is reached; none are left then. */
  readonly fdsLost: boolean;
  /** The descriptors that came along and were not taken yet. */
  readonly fds: Fd[];
  /** The sender, if the socket's `passCredentials` option is on. */
  readonly credentials?: Credentials;
  /** The sender's pidfd, if the socket's `passPidfd` option is on. */
  readonly pidfd?: Fd;
  /** The name of the datagram socket it was sent from. */
  readonly from?: UnixAddress;

  /**
   * Puts a message together.
   *
   * @param parts Its parts; the descriptors become the message's.
   */
  constructor(parts: MessageParts) {
    this.#data = parts.data;
    this.#kept = parts.kept ?? parts.data.length;
    this.length = parts.length;
    this.truncated = parts.truncated;
    this.controlTruncated = parts.controlTruncated;
    this.fdsLost = parts.fdsLost ?? false;
    this.fds = parts.fds;
    this.credentials = parts.credentials;
    this.pidfd = parts.pidfd;
    this.from = parts.from;
  }

  /**
   * The bytes; on a stream, as many as there were. Small messages share the
   * memory of one buffer: give away a copy of the data, not its buffer.
   */
  get data(): Uint8Array<ArrayBuffer> {
    // Made when it is asked for: for small messages that costs as much as all the rest.
    if (this.#data.length !== this.#kept) this.#data = this.#data.subarray(0, this.#kept);
    return this.#data;
  }

  /** The data as UTF-8 text. */
  get text(): string {
    return new TextDecoder().decode(this.data);
  }

  /**
   * Hands the descriptors over to the caller.
   *
   * @returns All that came along; the message has none afterwards.
   */
  takeFds(): Fd[] {
    return this.fds.splice(0);
  }

  /**
   * Hands the first descriptor over to the caller, and closes any others.
   *
   * @returns The descriptor, or `undefined` if none came along.
   */
  takeFd(): Fd | undefined {
    const first = this.fds[0];
    if (this.fds.length > 1) closeAll(this.fds.slice(1));
    this.fds.length = 0;
    return first;
  }

  /** Closes the descriptors that nobody took. */
  [Symbol.dispose](): void {
    closeAll(this.fds);
    this.fds.length = 0;
    this.pidfd?.close();
  }
}
