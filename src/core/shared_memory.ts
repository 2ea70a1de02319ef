/**
 * Memory that two processes share (memfd_create(2), mmap(2)).
 *
 * @module
 */

import { check } from "./errors.ts";
import { Fd } from "./fd.ts";
import { ERRNO } from "./linux.ts";
import { maskOf, type Seal, sealsOf } from "./memory_seals.ts";
import { native } from "./native.ts";

/** What the shim can tell the size of. */
const MOST_BYTES = 0x7fffffff;

const NAME = new TextEncoder().encode("ipcx\0");

const ENOTRECOVERABLE = 131;

/** The memory of all that is mapped now. */
const mapped = new WeakSet<ArrayBufferLike>();

/**
 * Tells whether memory is shared memory of this process, mapped still or not.
 *
 * @param buffer The memory.
 * @returns Whether it is.
 */
export function isShared(buffer: ArrayBufferLike): boolean {
  return mapped.has(buffer);
}

/** How memory is made. */
export interface CreateMemoryOptions {
  /** Whether whoever has it can {@linkcode SharedMemory.seal} it further. */
  sealable?: boolean;
}

/** How memory is taken over. */
export interface AdoptMemoryOptions {
  /**
   * Whether it is only read: then what is written to `bytes` here reaches nobody
   * else. So it also goes for memory that may not be written to.
   */
  readOnly?: boolean;
}

/**
 * Memory of a fixed size, mapped into this process, that can be shared by
 * sending its descriptor (memfd_create(2), mmap(2)).
 *
 * Its size is sealed: nobody can make it smaller under somebody who reads it.
 * What is in it may be changed by the other side at any time, so copy first and
 * look afterwards, unless it is sealed against writing. With {@linkcode close},
 * {@linkcode bytes} and whatever was made from its buffer become empty.
 *
 * @example Data that nobody can change any more
 * ```ts
 * import { SharedMemory, UnixSocket } from "ipcx";
 * import { assertEquals } from "@std/assert";
 *
 * const [left, right] = UnixSocket.pair("seqpacket");
 * using made = SharedMemory.create(5, { sealable: true });
 * made.bytes.set(new TextEncoder().encode("hello"));
 * made.seal("write", "seal");
 * await left.send("look", { fds: [made.fd] });
 *
 * const message = (await right.receive())!;
 * using taken = SharedMemory.adopt(message.takeFd()!, 4096, { readOnly: true });
 * assertEquals(taken.seals.includes("write"), true);
 * assertEquals(new TextDecoder().decode(taken.bytes), "hello");
 * left.close();
 * right.close();
 * ```
 */
export class SharedMemory implements Disposable {
  /** The descriptor, which stays the memory's own. */
  readonly fd: Fd;
  readonly #address: BigUint64Array<ArrayBuffer>;
  readonly #size: number;
  #isReadOnly: boolean;
  #bytes: Uint8Array<ArrayBuffer> | undefined;

  private constructor(fd: Fd, size: number, isReadOnly: boolean) {
    const address = new BigUint64Array(1);
    check(native.ipcx_memory_map(fd.number, size, isReadOnly ? 1 : 0, address), "mmap");
    this.fd = fd;
    this.#address = address;
    this.#size = size;
    this.#isReadOnly = isReadOnly;
    const start = Deno.UnsafePointer.create(address[0])!;
    this.#bytes = new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(start, size) as ArrayBuffer);
    mapped.add(this.#bytes.buffer);
  }

  /**
   * Makes memory, full of zeros; pages count once they are used. Nobody can run it.
   *
   * @param size Its bytes, 1–2147483647.
   * @param options Whether it can be sealed further.
   * @returns The memory.
   * @throws {RangeError} For a size out of its range.
   * @throws {SystemError} EMFILE, ENOMEM.
   */
  static create(size: number, options: CreateMemoryOptions = {}): SharedMemory {
    if (!Number.isInteger(size) || size < 1 || size > MOST_BYTES) {
      throw new RangeError(`memory has a whole number of bytes from 1 to ${MOST_BYTES}, not ${size}`);
    }
    const made = native.ipcx_memory_create(NAME, size, options.sealable ? 1 : 0);
    return SharedMemory.#owning(new Fd(check(made, "memfd_create")), size, false);
  }

  /**
   * Takes over memory that somebody else made.
   *
   * @param fd The descriptor; the memory's from now on, but closed on failure.
   * @param maxBytes The most bytes it may have.
   * @param options Whether it is only read.
   * @returns The memory.
   * @throws {SystemError} EPERM if it is no memory, if it could get smaller or,
   * unless it is only read, if it may not be written to; EACCES if it was opened
   * for reading only, unless it is only read; EFBIG above 2147483647 bytes.
   * @throws {RangeError} If it has more than `maxBytes`, or none.
   */
  static adopt(fd: Fd, maxBytes: number, options: AdoptMemoryOptions = {}): SharedMemory {
    try {
      const size = check(native.ipcx_memory_size(fd.number), "fcntl");
      if (size < 1 || size > maxBytes) throw new RangeError(`${size} bytes of memory, of at most ${maxBytes}`);
      return SharedMemory.#owning(fd, size, options.readOnly ?? false);
    } catch (error) {
      fd.close();
      throw error;
    }
  }

  static #owning(fd: Fd, size: number, isReadOnly: boolean): SharedMemory {
    try {
      return new SharedMemory(fd, size, isReadOnly);
    } catch (error) {
      fd.close();
      throw error;
    }
  }

  /**
   * Whether what is written to {@linkcode bytes} reaches nobody else. Where it was
   * written to, what others write is not seen any more, page by page.
   */
  get isReadOnly(): boolean {
    return this.#isReadOnly;
  }

  /**
   * What nobody can do with the memory any more, in the order of `fcntl(2)`.
   *
   * @throws {ClosedError} If it was closed.
   */
  get seals(): Seal[] {
    return sealsOf(check(native.ipcx_memory_seals(this.fd.number), "fcntl"));
  }

  /**
   * Takes away for ever, from everybody, what could be done with the memory.
   *
   * `"write"` needs that nobody else has mapped it for writing; then
   * {@linkcode bytes} stays where it is and shows what was written, but is read
   * only as of then. `"future-write"` keeps those who map it from now on from
   * writing; whoever has mapped it before goes on. `"exec"` keeps it from being
   * run, `"seal"` from being sealed further.
   *
   * @param seals What to take away.
   * @throws {SystemError} EPERM if it was sealed against that, or was opened for
   * reading only; EBUSY if somebody else writes, which changes nothing, unless it
   * was sealed against future writing before: then it is read only from now on.
   * EINVAL before Linux 5.1 for `"future-write"`, 6.3 for `"exec"`.
   * @throws {ClosedError} If it was closed.
   */
  seal(...seals: Seal[]): void {
    const mask = maskOf(seals);
    const address = this.#isReadOnly ? null : this.#address;
    const result = native.ipcx_memory_seal(this.fd.number, mask, address, this.#size);
    const isLost = result === -ENOTRECOVERABLE;
    if (isLost || (result === 0 && seals.includes("write"))) this.#isReadOnly = true;
    check(isLost ? -ERRNO.EBUSY : result, "fcntl F_ADD_SEALS");
  }

  /**
   * The memory itself.
   *
   * @throws {TypeError} If it was closed.
   */
  get bytes(): Uint8Array<ArrayBuffer> {
    if (!this.#bytes) throw new TypeError("the shared memory was closed");
    return this.#bytes;
  }

  /** Unmaps the memory and closes the descriptor; does nothing the second time. */
  close(): void {
    if (!this.#bytes) return;
    // Detached, so that nobody who kept a view of it reads or writes what comes to be at its addresses.
    this.#bytes.buffer.transfer(0);
    this.#bytes = undefined;
    check(native.ipcx_memory_unmap(this.#address, this.#size), "munmap");
    this.fd.close();
  }

  /** Closes it at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close();
  }
}
