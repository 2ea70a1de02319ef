import { assert, assertEquals, assertNotEquals, assertStrictEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { AddressError, escapeBytes, toAddress, unescapeBytes, UnixAddress } from "../../src/core/address.ts";
import { claim } from "../claim.ts";

const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
const byteArray = (constraints: fc.IntArrayConstraints = {}) => fc.uint8Array(constraints);

claim("every form of an address is read", () => {
  for (
    const [text, kind, content] of [
      ["/run/one.socket", "path", "/run/one.socket"],
      ["./one", "path", "./one"],
      ["../one", "path", "../one"],
      ["folder/one", "path", "folder/one"],
      ["/", "path", "/"],
      ["/a\\x00b", "path", "/a\\x00b"],
      ["/grüße/☃", "path", "/grüße/☃"],
      ["@one", "abstract", "one"],
      ["@", "abstract", ""],
      ["@a/b", "abstract", "a/b"],
      ["@fd:3", "abstract", "fd:3"],
      ["@☃", "abstract", "☃"],
      ["@a\\x00\\\\b", "abstract", "a\0\\b"],
    ] as const
  ) {
    const address = UnixAddress.parse(text);
    assertEquals([address.kind, address.bytes, address.fd], [kind, bytesOf(content), -1], text);
  }
  for (const number of [0, 3, 999_999_999]) {
    const address = UnixAddress.parse(`fd:${number}`);
    assertEquals([address.kind, address.bytes.length, address.fd], ["fd", 0, number]);
  }
});

claim("\\xHH stands for any byte, in either case of letters", () => {
  for (let byte = 0; byte < 256; byte++) {
    const hex = byte.toString(16).padStart(2, "0");
    assertEquals(unescapeBytes(`\\x${hex}`), new Uint8Array([byte]));
    assertEquals(unescapeBytes(`\\x${hex.toUpperCase()}`), new Uint8Array([byte]));
  }
  assertEquals(unescapeBytes("\\x414"), bytesOf("A4"));
  assertEquals(unescapeBytes("\\\\x41"), bytesOf("\\x41"));
});

claim("every other byte than printable ASCII is written as \\xHH, a backslash doubled", () => {
  assertEquals(escapeBytes(new Uint8Array([0, 0x1f, 0x20, 0x5c, 0x7e, 0x7f, 0xff])), "\\x00\\x1f \\\\~\\x7f\\xff");
  assertEquals(escapeBytes(bytesOf("ü")), "\\xc3\\xbc");
  assertEquals(escapeBytes(new Uint8Array()), "");
});

claim("any other backslash is an error that tells its place", () => {
  for (const [text, place] of [["a\\n", 3], ["\\", 2], ["\\x4", 2], ["\\xg0", 2], ["ab\\\\\\X41", 6]] as const) {
    assertThrows(
      () => UnixAddress.parse(`@${text}`),
      AddressError,
      `'${text}': after a backslash comes another one, or x and two hex digits (character ${place})`,
    );
  }
});

claim("a text that is no address is refused with what would be one", () => {
  for (
    const [text, message] of [
      ["", "an address cannot be empty: write /path, ./path, @name or fd:N"],
      ["one", "'one' is no address: write ./one for a file, @one for an abstract name, or fd:N"],
      ["fd", "'fd' is no address: write ./fd for a file, @fd for an abstract name, or fd:N"],
      ["fd:", "'fd:': fd: is followed by a descriptor's number"],
      ["fd:x", "'fd:x': fd: is followed by a descriptor's number"],
      ["fd:-1", "'fd:-1': fd: is followed by a descriptor's number"],
      ["fd:1 ", "'fd:1 ': fd: is followed by a descriptor's number"],
      ["fd:1/2", "'fd:1/2': fd: is followed by a descriptor's number"],
      ["fd:9999999999", "'fd:9999999999': fd: is followed by a descriptor's number"],
      ["/a\0b", "a socket path cannot contain a NUL: '/a\\x00b'"],
    ]
  ) assertThrows(() => UnixAddress.parse(text), AddressError, message);
  assertThrows(() => UnixAddress.path(""), AddressError, "a socket path cannot be empty");
  assertEquals(assertThrows(() => UnixAddress.path(""), AddressError).name, "AddressError");
});

claim("a descriptor is a whole number of 0 or more", () => {
  for (const number of [-1, 1.5, NaN, Infinity, 2 ** 31]) {
    assertThrows(
      () => UnixAddress.fd(number),
      AddressError,
      `'fd:${number}': a descriptor is a whole number of 0 or more`,
    );
  }
  assertEquals(UnixAddress.fd(2 ** 31 - 1).fd, 2147483647);
});

claim("an abstract name has at most 107 bytes, a path may be longer", () => {
  assertEquals(UnixAddress.abstract("n".repeat(107)).bytes.length, 107);
  assertEquals(UnixAddress.parse(`@${"\\x00".repeat(107)}`).bytes.length, 107);
  assertThrows(
    () => UnixAddress.abstract("n".repeat(108)),
    AddressError,
    `the abstract name '@${"n".repeat(108)}' has 108 bytes; 107 is the most`,
  );
  assertThrows(() => UnixAddress.parse(`@${"ü".repeat(54)}`), AddressError, "has 108 bytes; 107 is the most");
  assertEquals(UnixAddress.parse(`/${"p".repeat(4000)}`).bytes.length, 4001);
});

claim("an abstract name that is written is read again, whatever its bytes", () => {
  fc.assert(fc.property(byteArray({ maxLength: 107 }), (bytes) => {
    const address = UnixAddress.abstract(bytes);
    const again = UnixAddress.parse(address.toString());
    assert(again.equals(address));
    assertEquals(again.bytes, address.bytes);
  }));
});

claim("bytes that are escaped are read again, and the text is printable ASCII", () => {
  fc.assert(fc.property(byteArray(), (bytes) => {
    const text = escapeBytes(bytes);
    assert(/^[\x20-\x7e]*$/.test(text));
    assertEquals(unescapeBytes(text), new Uint8Array(bytes));
  }));
});

claim("text without a backslash is its UTF-8", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    fc.pre(!text.includes("\\"));
    assertEquals(unescapeBytes(text), bytesOf(text));
  }));
});

claim("a path that is written is read again as the same file", () => {
  const path = fc.string({ unit: "binary", minLength: 1 }).filter((text) => !text.includes("\0"));
  fc.assert(fc.property(path, (path) => {
    const again = UnixAddress.parse(UnixAddress.path(path).toString());
    assertEquals(again.kind, "path");
    assertEquals(again.filename.replace(/^\.\//, ""), path.replace(/^\.\//, ""));
    assert(UnixAddress.parse(again.toString()).equals(again));
  }));
});

claim("a path that looks like another form is written so that it stays a path", () => {
  for (
    const [path, written] of [["@a/b", "./@a/b"], ["fd:3/x", "./fd:3/x"], ["one", "./one"], ["\ufeff/x", "\ufeff/x"]]
  ) {
    const address = UnixAddress.path(path);
    assertEquals(address.toString(), written);
    assertEquals(UnixAddress.parse(written).kind, "path");
  }
});

claim("a path stays as it was asked for, a byte order mark included", () => {
  assertEquals(UnixAddress.path("\ufeffx/y").filename, "\ufeffx/y");
});

claim("names are read as the kernel reports them", () => {
  assertStrictEquals(UnixAddress.fromKernel(new Uint8Array()), UnixAddress.unnamed);
  assertEquals(UnixAddress.fromKernel(bytesOf("/run/x\0")).filename, "/run/x");
  assertEquals(UnixAddress.fromKernel(bytesOf("/run/x")).filename, "/run/x");
  assertEquals(UnixAddress.fromKernel(bytesOf(`/${"p".repeat(107)}\0`)).filename.length, 108);
  assertEquals(UnixAddress.fromKernel(bytesOf(`/${"p".repeat(107)}`)).filename.length, 108);
  assertEquals(UnixAddress.fromKernel(bytesOf("\0")).toString(), "@");
  assertEquals(UnixAddress.fromKernel(bytesOf("\0a\0b")).toString(), "@a\\x00b");
  assertEquals(UnixAddress.fromKernel(bytesOf("x\0")).toString(), "./x");
});

claim("what the kernel reports is copied, not kept", () => {
  for (const name of ["/run/x\0", "\0abc"]) {
    const buffer = bytesOf(name);
    const address = UnixAddress.fromKernel(buffer);
    const before = address.toString();
    buffer.fill(0x7a);
    assertEquals(address.toString(), before);
  }
  const bytes = bytesOf("abc");
  const address = UnixAddress.abstract(bytes);
  bytes.fill(0);
  assertEquals(address.toString(), "@abc");
});

claim("only the same name of the same kind is equal", () => {
  const all = ["/a", "/b", "/ab", "@/a", "@a", "@a\\x00", "@", "fd:3", "fd:4"].map(UnixAddress.parse);
  for (const one of [...all, UnixAddress.unnamed]) {
    for (const other of [...all, UnixAddress.unnamed]) assertEquals(one.equals(other), one === other);
  }
  assert(UnixAddress.parse("@a").equals(UnixAddress.abstract("a")));
  assertNotEquals(UnixAddress.parse("./a").equals(UnixAddress.path("a")), true);
});

claim("only a path has a file name", () => {
  assertThrows(() => UnixAddress.parse("@a").filename, AddressError, "@a is not a file");
  assertThrows(() => UnixAddress.fd(3).filename, AddressError, "fd:3 is not a file");
  assertThrows(() => UnixAddress.unnamed.filename, AddressError, "(unnamed) is not a file");
});

claim("an address is taken in either of its forms", () => {
  const address = UnixAddress.parse("@a");
  assertStrictEquals(toAddress(address), address);
  assert(toAddress("@a").equals(address));
  assertThrows(() => toAddress("a"), AddressError);
});
