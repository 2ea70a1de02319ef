import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { parseDuration, parseMode, parseSize } from "../../src/proxy/configuration/quantities.ts";
import { claim } from "../claim.ts";

claim("sizes are bytes, or powers of 1024 of them", () => {
  const sizes: Record<string, number> = {
    "0": 0,
    "64": 64,
    "64B": 64,
    "1K": 1024,
    "1k": 1024,
    "1KB": 1024,
    "64 KiB": 65_536,
    "1MiB": 2 ** 20,
    "10M": 10 * 2 ** 20,
    "1.5G": 1.5 * 2 ** 30,
    "1T": 2 ** 40,
  };
  for (const [text, bytes] of Object.entries(sizes)) assertEquals(parseSize(text), bytes, text);
  for (const text of ["", "K", "-1", "1X", "1 K B", "1e3", "0x10", "1Ki", "1b", " 1", "1,5M"]) {
    assertThrows(() => parseSize(text), Error, `'${text}' is no size`);
  }
  assertThrows(() => parseSize("1.1"), Error, "is no whole number of bytes");
  assertThrows(() => parseSize("1.0001T"), Error, "is no whole number of bytes");
  assertThrows(() => parseSize(`${2 ** 40 + 1}`), Error, "1 TiB is the most");
  assertThrows(() => parseSize("9".repeat(400)), Error);
});

claim("durations are milliseconds, or have a unit", () => {
  const durations: Record<string, number> = {
    "0": 0,
    "300": 300,
    "300ms": 300,
    "2s": 2000,
    "2 s": 2000,
    "0.5s": 500,
    "0.0001s": 1,
    "3m": 180_000,
    "1h": 3_600_000,
    "2147483647": 2_147_483_647,
  };
  for (const [text, ms] of Object.entries(durations)) assertEquals(parseDuration(text), ms, text);
  for (const text of ["", "s", "-1", "1d", "1 m s", "1e3", "forever"]) {
    assertThrows(() => parseDuration(text), Error, `'${text}' is no duration`);
  }
  assertThrows(() => parseDuration("2147483648"), Error, "24 days is the most");
});

claim("modes are three octal digits", () => {
  for (const text of ["660", "0660", "0o660"]) assertEquals(parseMode(text), 0o660);
  assertEquals(parseMode("000"), 0);
  assertEquals(parseMode("0777"), 0o777);
  for (const text of ["", "60", "06600", "0880", "rw", "1777"]) {
    assertThrows(() => parseMode(text), Error, `'${text}' is no mode`);
  }
});

claim("any number of bytes or milliseconds is read as itself", () => {
  fc.assert(fc.property(fc.nat({ max: 2 ** 31 - 1 }), (number) => {
    assertEquals(parseSize(`${number}`), number);
    assertEquals(parseDuration(`${number}`), number);
    if (number <= 2 ** 30) assertEquals(parseSize(`${number}K`), number * 1024);
  }));
});
