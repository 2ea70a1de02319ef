import {
  assert,
  assertArrayIncludes,
  assertEquals,
  assertExists,
  assertGreater,
  assertGreaterOrEqual,
  assertInstanceOf,
  assertLess,
  assertLessOrEqual,
  assertMatch,
  assertNotEquals,
  assertStrictEquals,
  assertStringIncludes,
} from "@std/assert";
import fc from "fast-check";
import { refused } from "./refusal.ts";

Deno.test("assert passes what is truthy and narrows its type", () => {
  const value: string | undefined = "x" as string | undefined;
  assert(value);
  value.length;
  for (const falsy of [0, "", null, undefined, NaN, false, 0n]) {
    refused(() => assert(falsy));
  }
  if (refused(() => assert(false, "why")) !== "why") throw new Error();
});

Deno.test("a value equals a structured copy of itself", () => {
  fc.assert(fc.property(
    fc.anything({ withMap: true, withSet: true, withDate: true }),
    (value) => assertEquals(structuredClone(value), value),
  ));
});

Deno.test("values that differ anywhere are not equal", () => {
  const pairs: [unknown, unknown][] = [
    [1, "1"],
    [null, undefined],
    [{}, []],
    [{ a: undefined }, {}],
    [{ a: { b: [1] } }, { a: { b: [2] } }],
    [[1, 2], [2, 1]],
    [[undefined], new Array(1)],
    [new Map([[1, 2]]), new Map([[1, 3]])],
    [new Set([[1]]), new Set([[2]])],
    [new Date(0), new Date(1)],
    [new Uint8Array([1]), new Uint8Array([2])],
    [new Uint8Array([1]), new Int8Array([1])],
    [new Uint8Array([1]).buffer, new Uint8Array([2]).buffer],
    [/a/, /a/g],
    [new URL("http://a"), new URL("http://b")],
    [new Error("a"), new Error("b")],
    [{ [Symbol.for("s")]: 1 }, { [Symbol.for("s")]: 2 }],
    [() => {}, () => {}],
  ];
  for (const [a, b] of pairs) {
    assertNotEquals(a, b);
    assertNotEquals(b, a);
    refused(() => assertEquals(a, b));
  }
});

Deno.test("equality looks at content, not at identity or order of keys", () => {
  const pairs: [unknown, unknown][] = [
    [{ a: 1, b: 2 }, { b: 2, a: 1 }],
    [NaN, NaN],
    [new Set([{ a: 1 }, { b: 2 }]), new Set([{ b: 2 }, { a: 1 }])],
    [new Map([[{ a: 1 }, [1]]]), new Map([[{ a: 1 }, [1]]])],
    [new URL("http://a/"), new URL("http://a")],
    [/a/g, /a/g],
  ];
  for (const [a, b] of pairs) {
    assertEquals(a, b);
    refused(() => assertNotEquals(a, b));
  }
});

Deno.test("values that contain themselves can be compared", () => {
  const ring = (last: number) => {
    const head: Record<string, unknown> = { value: 1 };
    head.next = { value: last, next: head };
    return head;
  };
  assertEquals(ring(2), ring(2));
  assertNotEquals(ring(2), ring(3));
});

Deno.test("a failed comparison shows what differs and the caller's words", () => {
  const message = refused(() => assertEquals({ pid: 1, fds: [3] }, { pid: 1, fds: [4] }, "after passing"));
  assertStringIncludes(message, "after passing");
  assertMatch(message, /[-+]\s.*3/);
  assertMatch(message, /[-+]\s.*4/);
  assertMatch(refused(() => assertEquals("a\nb", "a\nc")), /b[^]*c/);
});

Deno.test("strict equality is identity, and tells lookalikes from others", () => {
  assertStrictEquals(NaN, NaN);
  assertStringIncludes(
    refused(() => assertStrictEquals({ a: 1 }, { a: 1 })),
    "not reference-equal",
  );
  refused(() => assertStrictEquals(0, -0));
});

Deno.test("only null and undefined do not exist", () => {
  for (const value of [0, "", false, NaN]) assertExists(value);
  refused(() => assertExists(null));
  refused(() => assertExists(undefined));
});

Deno.test("an instance is one of its class and its base classes", () => {
  const error: unknown = new TypeError("x");
  assertInstanceOf(error, Error);
  error.message;
  assertStringIncludes(refused(() => assertInstanceOf([], Map)), "Map");
  refused(() => assertInstanceOf(null, Object));
  refused(() => assertInstanceOf("x", String));
  refused(() => assertInstanceOf(Map, Map));
});

Deno.test("texts are matched and searched", () => {
  assertMatch("fd:3", /\d$/);
  refused(() => assertMatch("fd:", /\d$/));
  assertStringIncludes("ECONNREFUSED", "REFUSED");
  refused(() => assertStringIncludes("ECONNREFUSED", "ENOENT"));
});

Deno.test("an array includes elements equal to those wanted", () => {
  assertArrayIncludes([{ a: 1 }, { b: 2 }, NaN], [NaN, { b: 2 }]);
  assertArrayIncludes(new Uint8Array([1, 2]), new Uint8Array([2]));
  assertMatch(refused(() => assertArrayIncludes([1, 2], [2, 3, 4])), /3,\s+4/);
});

Deno.test("order is asserted as the operators see it", () => {
  fc.assert(fc.property(fc.integer(), fc.integer(), (a, b) => {
    const held = [assertGreater, assertGreaterOrEqual, assertLess, assertLessOrEqual]
      .map((assertion) => {
        try {
          assertion(a, b);
          return true;
        } catch {
          return false;
        }
      });
    assertEquals(held, [a > b, a >= b, a < b, a <= b]);
  }));
  assertStringIncludes(refused(() => assertLess(2, 1)), "2 < 1");
  assertStringIncludes(refused(() => assertLess(2, 1, "late")), "late");
});
