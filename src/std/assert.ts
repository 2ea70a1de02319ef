/**
 * Assertions with the names, signatures and meaning of `jsr:@std/assert`, for
 * where JSR cannot be reached.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([1, 2].map((n) => n * 2), [2, 4]);
 * ```
 *
 * @module
 */
export { AssertionError } from "./assert/assertion_error.ts";
export {
  type ArrayLikeArg,
  assertArrayIncludes,
  assertEquals,
  assertNotEquals,
  assertStrictEquals,
} from "./assert/equality.ts";
export { assertRejects, assertThrows } from "./assert/failure.ts";
export { assertGreater, assertGreaterOrEqual, assertLess, assertLessOrEqual } from "./assert/order.ts";
export { assertMatch, assertStringIncludes } from "./assert/text.ts";
export { assert, assertExists, assertInstanceOf, fail } from "./assert/truth.ts";
