import { assertEquals, assertRejects, assertStrictEquals, assertStringIncludes, assertThrows, fail } from "@std/assert";
import { refused, refusedLater } from "./refusal.ts";

Deno.test("assertThrows returns what was thrown", () => {
  const thrown = new TypeError("bad address");
  const throws = () => {
    throw thrown;
  };
  assertStrictEquals(assertThrows(throws), thrown);
  assertStrictEquals(assertThrows(throws, Error, "address"), thrown);
  const typed: TypeError = assertThrows(throws, TypeError);
  assertStrictEquals(typed, thrown);
  assertStrictEquals(
    assertThrows(() => {
      throw "text";
    }),
    "text",
  );
});

Deno.test("assertThrows refuses silence, other classes and other messages", () => {
  const throws = () => {
    throw new TypeError("bad address");
  };
  const silence = refused(() => assertThrows(() => {}, "the peer is gone"));
  assertStringIncludes(silence, "Expected function to throw");
  assertStringIncludes(silence, "the peer is gone");
  const otherClass = refused(() => assertThrows(throws, RangeError));
  assertStringIncludes(otherClass, "RangeError");
  assertStringIncludes(otherClass, "TypeError");
  const otherMessage = refused(() => assertThrows(throws, TypeError, "no such"));
  assertStringIncludes(otherMessage, "no such");
  assertStringIncludes(otherMessage, "bad address");
  refused(() =>
    assertThrows(() => {
      throw "text";
    }, Error)
  );
});

Deno.test("assertRejects returns what the promise was rejected with", async () => {
  const reason = new TypeError("bad address");
  const rejects = () => Promise.reject(reason);
  assertStrictEquals(await assertRejects(rejects), reason);
  assertStrictEquals(await assertRejects(rejects, Error, "bad"), reason);
});

Deno.test("assertRejects refuses success, other errors and a plain throw", async () => {
  const rejects = () => Promise.reject(new TypeError("bad address"));
  await refusedLater(() => assertRejects(() => Promise.resolve()));
  await refusedLater(() => assertRejects(rejects, RangeError));
  await refusedLater(() => assertRejects(rejects, TypeError, "no such"));
  await refusedLater(() => assertRejects(() => Promise.reject("text"), Error));
  assertStringIncludes(
    await refusedLater(() =>
      assertRejects(() => {
        throw new TypeError("at once");
      })
    ),
    "Function throws when expected to reject",
  );
});

Deno.test("fail fails", () => {
  assertEquals(refused(() => fail()), "Failed assertion.");
  assertEquals(refused(() => fail("here")), "Failed assertion: here");
});
