/**
 * Addresses of Unix sockets, as people write them and as the kernel has them.
 *
 * @module
 */

import { MAX_ABSTRACT_BYTES } from "./linux.ts";

/** Thrown for a text that is no address; the message says where and why. */
export class AddressError extends Error {
  /** The class name, for those who print errors. */
  override readonly name = "AddressError";
}

/** What an address names: a file, an abstract name, nothing, or an open descriptor. */
export type AddressKind = "path" | "abstract" | "unnamed" | "fd";

/**
 * Reads text with `\\xHH` for any byte and `\\\\` for a backslash; the rest is
 * UTF-8. What {@linkcode escapeBytes} wrote is read back.
 *
 * @param text The text.
 * @returns The bytes.
 * @throws {AddressError} For any other backslash.
 *
 * @example
 * ```ts
 * import { unescapeBytes } from "ipcx";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(unescapeBytes("a\\x00"), new Uint8Array([0x61, 0]));
 * ```
 */
export function unescapeBytes(text: string): Uint8Array<ArrayBuffer> {
  const bytes: number[] = [];
  const encoder = new TextEncoder();
  for (let at = 0; at < text.length;) {
    if (text[at] !== "\\") {
      const character = String.fromCodePoint(text.codePointAt(at)!);
      bytes.push(...encoder.encode(character));
      at += character.length;
      continue;
    }
    const hex = /^\\x([0-9a-fA-F]{2})/.exec(text.slice(at, at + 4));
    if (hex) {
      bytes.push(parseInt(hex[1], 16));
      at += 4;
    } else if (text[at + 1] === "\\") {
      bytes.push(0x5c);
      at += 2;
    } else {
      throw new AddressError(
        `'${text}': after a backslash comes another one, or x and two hex digits (character ${at + 2})`,
      );
    }
  }
  return new Uint8Array(bytes);
}

/** Each byte as {@linkcode escapeBytes} writes it. */
const WRITTEN_BYTES = Array.from({ length: 256 }, (_, byte) => {
  if (byte === 0x5c) return "\\\\";
  const isPrintable = byte >= 0x20 && byte < 0x7f;
  return isPrintable ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`;
});

/**
 * Writes bytes as printable text, every other byte as `\xHH`.
 *
 * @param bytes What to write.
 * @returns The text, in ASCII; a backslash is doubled.
 *
 * @example
 * ```ts
 * import { escapeBytes } from "ipcx";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(escapeBytes(new Uint8Array([0x61, 0, 0xff])), "a\\x00\\xff");
 * ```
 */
export function escapeBytes(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += WRITTEN_BYTES[byte];
  return text;
}

/**
 * Where a Unix socket is: a path, an abstract name, or an open descriptor
 * (unix(7)).
 *
 * @example The forms
 * ```ts
 * import { UnixAddress } from "ipcx";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(UnixAddress.parse("/run/one.socket").kind, "path");
 * assertEquals(UnixAddress.parse("@one\\x00two").bytes.length, 7);
 * assertEquals(UnixAddress.parse("fd:3").fd, 3);
 * ```
 */
export class UnixAddress {
  /** What kind of name this is. */
  readonly kind: AddressKind;
  /** The name: bytes of a path, or of an abstract name without its leading NUL. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The descriptor of an address of kind `"fd"`, else −1. */
  readonly fd: number;

  private constructor(kind: AddressKind, bytes: Uint8Array<ArrayBuffer>, fd = -1) {
    this.kind = kind;
    this.bytes = bytes;
    this.fd = fd;
  }

  /** The address of a socket that has no name. */
  static readonly unnamed: UnixAddress = new UnixAddress("unnamed", new Uint8Array());

  /**
   * Names a socket file.
   *
   * Paths beyond the 107 bytes of `sun_path` are allowed; they are reached
   * through a descriptor of their directory.
   *
   * @param path The path, absolute or relative to the working directory.
   * @returns The address.
   * @throws {AddressError} If it is empty or contains a NUL.
   */
  static path(path: string): UnixAddress {
    if (path === "") throw new AddressError("a socket path cannot be empty");
    if (path.includes("\0")) {
      throw new AddressError(`a socket path cannot contain a NUL: '${path.replaceAll("\0", "\\x00")}'`);
    }
    return new UnixAddress("path", new TextEncoder().encode(path));
  }

  /**
   * Names an abstract socket. All bytes count, NULs included.
   *
   * @param name The name without its leading NUL, 0–107 bytes; text is taken as UTF-8.
   * @returns The address.
   * @throws {AddressError} If it is too long.
   */
  static abstract(name: string | Uint8Array): UnixAddress {
    const bytes = typeof name === "string" ? new TextEncoder().encode(name) : new Uint8Array(name);
    if (bytes.length > MAX_ABSTRACT_BYTES) {
      throw new AddressError(
        `the abstract name '@${escapeBytes(bytes)}' has ${bytes.length} bytes; ${MAX_ABSTRACT_BYTES} is the most`,
      );
    }
    return new UnixAddress("abstract", bytes);
  }

  /**
   * Names a descriptor that is open already.
   *
   * @param number The descriptor.
   * @returns The address.
   * @throws {AddressError} If it is not a whole number of 0 or more.
   */
  static fd(number: number): UnixAddress {
    if (!Number.isInteger(number) || number < 0 || number > 0x7fffffff) {
      throw new AddressError(`'fd:${number}': a descriptor is a whole number of 0 or more`);
    }
    return new UnixAddress("fd", new Uint8Array(), number);
  }

  /**
   * Reads an address as people write it: `/path`, `./path`, `@name` with `\xHH`
   * for any byte and `\\` for a backslash, or `fd:N`.
   *
   * @param text The text.
   * @returns The address.
   * @throws {AddressError} If the text is none of these; it says what would be.
   */
  static parse(text: string): UnixAddress {
    if (text.startsWith("@")) return UnixAddress.abstract(unescapeBytes(text.slice(1)));
    if (/^fd:/.test(text)) {
      const number = text.slice(3);
      if (!/^\d{1,9}$/.test(number)) throw new AddressError(`'${text}': fd: is followed by a descriptor's number`);
      return UnixAddress.fd(Number(number));
    }
    if (text.includes("/")) return UnixAddress.path(text);
    if (text === "") throw new AddressError("an address cannot be empty: write /path, ./path, @name or fd:N");
    throw new AddressError(
      `'${text}' is no address: write ./${text} for a file, @${text} for an abstract name, or fd:N`,
    );
  }

  /**
   * Reads a name as the kernel reports it: the bytes of `sun_path`.
   *
   * @param name The bytes; a path may end in a NUL.
   * @returns The address.
   */
  static fromKernel(name: Uint8Array): UnixAddress {
    if (name.length === 0) return UnixAddress.unnamed;
    if (name[0] === 0) return new UnixAddress("abstract", new Uint8Array(name.subarray(1)));
    const end = name.indexOf(0);
    return new UnixAddress("path", new Uint8Array(end < 0 ? name : name.subarray(0, end)));
  }

  /**
   * The path of an address of kind `"path"`.
   *
   * @throws {AddressError} For every other kind.
   */
  get filename(): string {
    if (this.kind !== "path") throw new AddressError(`${this} is not a file`);
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(this.bytes);
  }

  /**
   * Whether two addresses are the same name, byte for byte.
   *
   * @param other The address to compare with.
   * @returns `true` if they are equal; relative paths are not resolved.
   */
  equals(other: UnixAddress): boolean {
    return this.kind === other.kind && this.fd === other.fd && this.bytes.length === other.bytes.length &&
      this.bytes.every((byte, at) => byte === other.bytes[at]);
  }

  /** Writes the address so that {@linkcode UnixAddress.parse} reads it again. */
  toString(): string {
    switch (this.kind) {
      case "path": {
        const path = this.filename;
        return path.includes("/") && !/^(@|fd:)/.test(path) ? path : `./${path}`;
      }
      case "abstract":
        return `@${escapeBytes(this.bytes)}`;
      case "unnamed":
        return "(unnamed)";
      case "fd":
        return `fd:${this.fd}`;
    }
  }
}

/**
 * Takes an address in either of its forms.
 *
 * @param address An address, or its text.
 * @returns The address.
 * @throws {AddressError} If the text is none.
 */
export function toAddress(address: UnixAddress | string): UnixAddress {
  return typeof address === "string" ? UnixAddress.parse(address) : address;
}
