import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { jsonCodec } from "ipcx";
import { claim } from "../claim.ts";

claim("any JSON value is the same after its way", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    const expected = JSON.parse(JSON.stringify(value));
    assertEquals(jsonCodec.decode(jsonCodec.encode(value)), expected);
  }));
});

claim("what JSON would change or leave out is an error that says where it is", () => {
  const cycle: unknown[] = [];
  cycle.push(cycle);
  const cases: [unknown, string][] = [
    [undefined, "undefined has no JSON form"],
    [[1, undefined], "undefined at '1'"],
    [{ n: 1n }, "a bigint at 'n'"],
    [{ f: () => 1 }, "a function at 'f'"],
    [Symbol("s"), "a symbol has"],
    [[NaN], "NaN at '0'"],
    [-Infinity, "-Infinity has"],
    [{ m: new Map() }, "a Map at 'm'"],
    [new Set(), "a Set has"],
    [{ b: new Uint8Array(1) }, "a Uint8Array at 'b'"],
    [new ArrayBuffer(1), "a ArrayBuffer has"],
    [cycle, "circular"],
  ];
  for (const [value, text] of cases) assertThrows(() => jsonCodec.encode(value), TypeError, text);
});

claim("properties that are undefined are left out, and toJSON is heeded", () => {
  const value = { left: undefined, date: new Date(0), own: { toJSON: () => "own" } };
  assertEquals(jsonCodec.decode(jsonCodec.encode(value)), { date: "1970-01-01T00:00:00.000Z", own: "own" });
});

claim("text that is no JSON, or no UTF-8, stands for nothing", () => {
  for (const text of ["", "{", "undefined", "\ufeff1"]) {
    assertThrows(() => jsonCodec.decode(new TextEncoder().encode(text)), SyntaxError);
  }
  assertThrows(() => jsonCodec.decode(new Uint8Array([0x22, 0xff, 0x22])), TypeError);
});
