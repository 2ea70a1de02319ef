/**
 * Memory that two processes share (memfd_create(2), mmap(2)).
 *
 * @module
 */

import { check } from "./errors.ts";
import { Fd } from "./fd.ts";
import { native } from "./native.ts";

/** What the shim can tell the size of. */
const MOST_BYTES = 0x7fffffff;

const NAME = new TextEncoder().encode("ipcx\0");

/**
 * Memory of a fixed size, mapped into this process, that can be shared by
 * sending its descriptor.
 *
 * Its size is sealed: nobody can make it smaller under somebody who reads it.
 * What is in it may be changed by the other side at any time, so copy first and
 * look afterwards. With {@linkcode close}, {@linkcode bytes} and whatever was made
 * from its buffer become empty.
 */
export class SharedMemory implements Disposable {
  /** The descriptor, which stays the memory's own. */
  readonly fd: Fd;
  readonly #address: BigUint64Array<ArrayBuffer>;
  readonly #size: number;
  #bytes: Uint8Array<ArrayBuffer> | undefined;

  private constructor(fd: Fd, size: number) {
    const address = new BigUint64Array(1);
    check(native.ipcx_memory_map(fd.number, size, 0, address), "mmap");
    this.fd = fd;
    this.#address = address;
    this.#size = size;
    const start = Deno.UnsafePointer.create(address[0])!;
    this.#bytes = new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(start, size) as ArrayBuffer);
  }

  /**
   * Makes memory, full of zeros; pages count once they are used.
   *
   * @param size Its bytes, 1–2147483647.
   * @returns The memory.
   * @throws {RangeError} For a size out of its range.
   * @throws {SystemError} EMFILE, ENOMEM.
   */
  static create(size: number): SharedMemory {
    if (!Number.isInteger(size) || size < 1 || size > MOST_BYTES) {
      throw new RangeError(`memory has a whole number of bytes from 1 to ${MOST_BYTES}, not ${size}`);
    }
    return SharedMemory.#owning(new Fd(check(native.ipcx_memory_create(NAME, size, 0), "memfd_create")), size);
  }

  /**
   * Takes over memory that somebody else made.
   *
   * @param fd The descriptor; the memory's from now on, but closed on failure.
   * @param maxBytes The most bytes it may have.
   * @returns The memory.
   * @throws {SystemError} EPERM if it is no memory, if it could get smaller or if
   * it may not be written to, EACCES if it was opened for reading only, EFBIG
   * above 2147483647 bytes.
   * @throws {RangeError} If it has more than `maxBytes`, or none.
   */
  static adopt(fd: Fd, maxBytes: number): SharedMemory {
    try {
      const size = check(native.ipcx_memory_size(fd.number), "fcntl");
      if (size < 1 || size > maxBytes) throw new RangeError(`${size} bytes of memory, of at most ${maxBytes}`);
      return SharedMemory.#owning(fd, size);
    } catch (error) {
      fd.close();
      throw error;
    }
  }

  static #owning(fd: Fd, size: number): SharedMemory {
    try {
      return new SharedMemory(fd, size);
    } catch (error) {
      fd.close();
      throw error;
    }
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
