import { failWith } from "./assertion_error.ts";
import { difference, format } from "./difference.ts";
import { equal } from "./equal.ts";

/**
 * Anything with a length and elements, except a string.
 *
 * @example
 * ```ts
 * import type { ArrayLikeArg } from "@std/assert";
 *
 * const bytes: ArrayLikeArg<number> = new Uint8Array(2);
 * console.log(bytes.length);
 * ```
 */
export type ArrayLikeArg<T> = ArrayLike<T> & object;

/**
 * Asserts that two values have the same type, shape and content.
 *
 * @param actual The value found.
 * @param expected The value wanted.
 * @param msg Added to the message of the error.
 * @throws {AssertionError} If the values differ; the message shows where.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals({ pid: 1, fds: [3] }, { fds: [3], pid: 1 });
 * ```
 */
export function assertEquals<T>(actual: T, expected: T, msg?: string): void {
  if (equal(actual, expected)) return;
  failWith("Values are not equal", msg, difference(actual, expected));
}

/**
 * Asserts that two values differ in type, shape or content.
 *
 * @param actual The value found.
 * @param expected The value it must not equal.
 * @param msg Added to the message of the error.
 * @throws {AssertionError} If the values are equal.
 *
 * @example
 * ```ts
 * import { assertNotEquals } from "@std/assert";
 *
 * assertNotEquals([1, 2], [2, 1]);
 * ```
 */
export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void {
  if (!equal(actual, expected)) return;
  failWith(
    `Expected actual: ${format(actual)} not to be: ${format(expected)}`,
    msg,
  );
}

/**
 * Asserts that two values are the same one, as `Object.is` sees it.
 *
 * @param actual The value found.
 * @param expected The value wanted.
 * @param msg Added to the message of the error.
 * @throws {AssertionError} If the values are not the same.
 *
 * @example
 * ```ts
 * import { assertStrictEquals } from "@std/assert";
 *
 * const peer = {};
 * assertStrictEquals(peer, peer);
 * ```
 */
export function assertStrictEquals<T>(
  actual: unknown,
  expected: T,
  msg?: string,
): asserts actual is T {
  if (Object.is(actual, expected)) return;
  const text = format(actual);
  if (text === format(expected)) {
    failWith(
      "Values have the same structure but are not reference-equal",
      msg,
      `\n\n${text.replace(/^/gm, "    ")}\n`,
    );
  }
  failWith("Values are not strictly equal", msg, difference(actual, expected));
}

/**
 * Asserts that every element of one array is in another, in any order.
 *
 * @param actual The array to search.
 * @param expected The elements it must have.
 * @param msg Added to the message of the error.
 * @throws {AssertionError} If an element is missing; the message lists all.
 *
 * @example
 * ```ts
 * import { assertArrayIncludes } from "@std/assert";
 *
 * assertArrayIncludes([{ fd: 3 }, { fd: 4 }], [{ fd: 4 }]);
 * ```
 */
export function assertArrayIncludes<T>(
  actual: ArrayLikeArg<T>,
  expected: ArrayLikeArg<T>,
  msg?: string,
): void {
  const present = Array.from(actual);
  const missing = Array.from(expected).filter((wanted) => !present.some((element) => equal(wanted, element)));
  if (missing.length === 0) return;
  failWith(
    `Expected actual: "${format(actual)}" to include: "${format(expected)}"`,
    msg,
    `\nmissing: ${format(missing)}`,
  );
}
