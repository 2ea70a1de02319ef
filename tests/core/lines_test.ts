import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { LineSplitter, MAX_LINE_BYTES, printable } from "../../src/core/lines.ts";
import { claim } from "../claim.ts";

const encoder = new TextEncoder();

function linesOf(...pieces: readonly (string | Uint8Array)[]): [string, boolean][] {
  const lines: [string, boolean][] = [];
  const splitter = new LineSplitter((text, truncated) => lines.push([text, truncated]));
  for (const piece of pieces) splitter.push(typeof piece === "string" ? encoder.encode(piece) : piece);
  splitter.end();
  return lines;
}

claim("in whatever pieces it comes, a text has its lines", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "é", "\n", "\r", "\0", "😀") });
  fc.assert(fc.property(text, fc.array(fc.nat(30)), (whole, cuts) => {
    const bytes = encoder.encode(whole);
    const places = [
      0,
      ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((one, other) => one - other),
      bytes.length,
    ];
    const pieces = places.slice(1).map((to, at) => bytes.subarray(places[at], to));
    const lines = whole.split("\n").map((line) => line.replace(/\r$/, ""));
    // What comes after the last line end is a line if there is anything.
    if (whole === "" || whole.endsWith("\n")) lines.pop();
    assertEquals(linesOf(...pieces), lines.map((line): [string, boolean] => [line, false]));
  }));
});

claim("a line that is too long is cut and told at once; what follows it is whole again", () => {
  const long = "x".repeat(MAX_LINE_BYTES);
  assertEquals(linesOf(`${long}\nb\n`), [[long, false], ["b", false]]);
  assertEquals(linesOf(`${long}yz`, "more\nb"), [[long, true], ["b", false]]);
  assertEquals(linesOf(long, "y", "z".repeat(100_000)), [[long, true]]);
});

claim("what is no text is shown as far as it is", () => {
  assertEquals(linesOf(new Uint8Array([0x61, 0xff, 0x62, 10])), [["a\ufffdb", false]]);
});

claim("control characters but tabs are made visible, nothing else is changed", () => {
  assertEquals(printable("a\tb\x1b[31m\r\n\0\x7f\x9b é😀"), "a\tb\\x1b[31m\\x0d\\x0a\\x00\\x7f\\x9b é😀");
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    // deno-lint-ignore no-control-regex
    assertEquals(/[\x00-\x08\x0a-\x1f\x7f-\x9f]/.test(printable(text)), false);
  }));
});
