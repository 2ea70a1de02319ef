import { assertEquals, assertThrows } from "@std/assert";
import { count, descriptor, duration, mode, oneOf, positive } from "../../src/cli/values.ts";
import { claim } from "../claim.ts";

function refuses(read: (text: string) => unknown, texts: readonly string[], message: string): void {
  for (const text of texts) assertThrows(() => read(text), Error, message, `'${text}'`);
}

claim("durations are seconds, or have a unit", () => {
  const expected: Record<string, number> = {
    "0": 0,
    "5": 5000,
    "1.5": 1500,
    "20ms": 20,
    "3s": 3000,
    "2m": 120_000,
    "1h": 3_600_000,
    "0.5h": 1_800_000,
  };
  for (const [text, ms] of Object.entries(expected)) assertEquals(duration(text), ms, text);
});

claim("a duration below a millisecond is not taken for none", () => {
  assertEquals(duration("0.1ms"), 1);
  assertEquals(duration("0.0001"), 1);
});

claim("whatever else is no duration", () => {
  refuses(
    duration,
    ["", "-1", "+1", "1d", "s", "1 s", "1,5", ".5", "5.", "1e3", "0x10", "ms", "1S", "Infinity", "٣"],
    "is no duration",
  );
});

claim("durations that timers cannot wait for are refused", () => {
  assertEquals(duration("596h"), 596 * 3_600_000);
  refuses(duration, ["597h", "2147484", "99999999999999999999"], "24 days is the most");
});

claim("counts are digits and nothing else", () => {
  assertEquals(count("0"), 0);
  assertEquals(count("007"), 7);
  assertEquals(count("999999999999999"), 999_999_999_999_999);
  refuses(
    count,
    ["", "-1", "+1", "1.0", "1e3", "0x1", " 1", "1 ", "1_000", "9999999999999999", "many"],
    "is no whole number",
  );
});

claim("a positive number is a count of 1 or more", () => {
  assertEquals(positive("1"), 1);
  refuses(positive, ["0", "000"], "1 is the least");
  refuses(positive, ["-1"], "is no whole number");
});

claim("a descriptor's number is one that a process can have", () => {
  assertEquals(descriptor("0"), 0);
  assertEquals(descriptor("1048575"), 1_048_575);
  refuses(descriptor, ["1048576"], "1048575 is the most");
  refuses(descriptor, ["-1", "x"], "is no whole number");
});

claim("modes are three octal digits, with or without a zero before them", () => {
  assertEquals(mode("660"), 0o660);
  assertEquals(mode("0660"), 0o660);
  assertEquals(mode("0000"), 0);
  assertEquals(mode("777"), 0o777);
  refuses(mode, ["", "66", "6660", "1660", "0o660", "689", "-660", "rw-", "00660"], "is no mode");
});

claim("one of several words is that word, and otherwise all are named", () => {
  const read = oneOf("text", "json");
  assertEquals(read("json"), "json");
  refuses(read, ["", "JSON", "xml", "constructor"], "is none of text, json");
});
