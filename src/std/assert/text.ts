import { failWith } from "./assertion_error.ts";

/**
 * Asserts that a string matches a regular expression.
 *
 * @param actual The string.
 * @param expected The expression.
 * @param msg Added to the message of the error.
 * @throws {AssertionError} If there is no match.
 *
 * @example
 * ```ts
 * import { assertMatch } from "@std/assert";
 *
 * assertMatch("fd:3", /^fd:\d+$/);
 * ```
 */
export function assertMatch(
  actual: string,
  expected: RegExp,
  msg?: string,
): void {
  if (expected.test(actual)) return;
  failWith(`Expected actual: "${actual}" to match: "${expected}"`, msg);
}

/**
 * Asserts that a string contains another.
 *
 * @param actual The string to search.
 * @param expected The string it must contain.
 * @param msg Added to the message of the error.
 * @throws {AssertionError} If the string is not found.
 *
 * @example
 * ```ts
 * import { assertStringIncludes } from "@std/assert";
 *
 * assertStringIncludes("connect /run/x: ECONNREFUSED", "ECONNREFUSED");
 * ```
 */
export function assertStringIncludes(
  actual: string,
  expected: string,
  msg?: string,
): void {
  if (actual.includes(expected)) return;
  failWith(`Expected actual: "${actual}" to contain: "${expected}"`, msg);
}
