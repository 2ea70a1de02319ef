/**
 * Pipes, read without a thread or a stream in between (pipe(7)).
 *
 * @module
 */

import { check } from "./errors.ts";
import { Fd } from "./fd.ts";
import { EPOLL, ERRNO } from "./linux.ts";
import { native } from "./native.ts";
import { Watch } from "./reactor.ts";

/** Both ends of a pipe. */
export interface PipeEnds {
  /** The end to read from, the caller's. */
  reader: Fd;
  /** The end to write to, the caller's. */
  writer: Fd;
}

const ends = new Int32Array(2);

/**
 * Makes a pipe (pipe(7)).
 *
 * @returns Both ends, close-on-exec; reading and writing wait.
 * @throws {SystemError} EMFILE, ENFILE.
 */
export function openPipe(): PipeEnds {
  check(native.ipcx_pipe(ends), "pipe2");
  return { reader: new Fd(ends[0]), writer: new Fd(ends[1]) };
}

/** What one read takes at most: all that a pipe holds, if nobody made it larger. */
const READ_BYTES = 65_536;

/** So many reads empty the largest pipe that anybody may make (pipe-max-size, 1 MiB), and then some. */
const LAST_READS = 20;

const scratch = new Uint8Array(READ_BYTES);

/** What is told of a pipe. */
export interface PipeHandler {
  /**
   * Takes what was read.
   *
   * @param bytes The bytes; they change as soon as this returns.
   */
  onData(bytes: Uint8Array<ArrayBuffer>): void;
  /** Told once: everybody has closed the end to write to. */
  onEnd(): void;
}

/** Reads a pipe as it fills, and tells a handler. */
export class PipeReader implements Disposable {
  readonly #fd: Fd;
  readonly #handler: PipeHandler;
  readonly #watch: Watch;
  #isPaused = false;

  /**
   * Begins to read; nothing is told before the caller is done.
   *
   * @param reader The end to read from; the reader's from now on.
   * @param handler What is told; must not throw.
   */
  constructor(reader: Fd, handler: PipeHandler) {
    this.#fd = reader;
    this.#handler = handler;
    try {
      check(native.ipcx_set_nonblocking(reader.number), "fcntl");
      this.#watch = new Watch(reader.number, EPOLL.IN, { onReady: () => this.#read() });
    } catch (error) {
      reader.close();
      throw error;
    }
    this.#watch.ref();
  }

  /** Whether there may be more to come. */
  get isOpen(): boolean {
    return this.#fd.isOpen;
  }

  /** Whether it was told to {@linkcode pause}. */
  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Leaves what comes in the pipe, so that who writes has to wait. */
  pause(): void {
    if (this.#isPaused || !this.isOpen) return;
    this.#isPaused = true;
    // The end is told even so; it is looked for when the reader goes on.
    this.#watch.unref();
    this.#watch.change(EPOLL.ONESHOT);
  }

  /** Goes on after {@linkcode pause}. */
  resume(): void {
    if (!this.#isPaused || !this.isOpen) return;
    this.#isPaused = false;
    this.#watch.ref();
    this.#watch.change(EPOLL.IN);
  }

  /**
   * Reads what is there already, such as when the process that wrote it has
   * ended: as much as a pipe can hold, in case somebody else writes on.
   */
  drain(): void {
    for (let reads = 0; reads < LAST_READS && this.#read(); reads++);
  }

  /** @returns Whether there may be more at once. */
  #read(): boolean {
    if (this.#isPaused || !this.isOpen) return false;
    const count = native.ipcx_try_read(this.#fd.number, scratch, READ_BYTES);
    if (count > 0) {
      this.#handler.onData(scratch.subarray(0, count));
      return true;
    }
    if (count === -ERRNO.EAGAIN) return false;
    this.close();
    this.#handler.onEnd();
    return false;
  }

  /** Stops reading and closes the pipe: who writes gets SIGPIPE. Nothing is told any more. */
  close(): void {
    this.#watch.close();
    this.#fd.close();
  }

  /** Closes it at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close();
  }
}
