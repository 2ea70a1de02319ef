import { AssertionError } from "./assertion_error.ts";
import { format } from "./difference.ts";

/**
 * Asserts that a value is greater than another.
 *
 * @param actual The value found.
 * @param expected The value it must exceed.
 * @param msg The whole message of the error.
 * @throws {AssertionError} If the value is not greater.
 *
 * @example
 * ```ts
 * import { assertGreater } from "@std/assert";
 *
 * assertGreater(2, 1);
 * ```
 */
export function assertGreater<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual > expected)) failOrder(actual, ">", expected, msg);
}

/**
 * Asserts that a value is at least another.
 *
 * @param actual The value found.
 * @param expected The least value allowed.
 * @param msg The whole message of the error.
 * @throws {AssertionError} If the value is less.
 *
 * @example
 * ```ts
 * import { assertGreaterOrEqual } from "@std/assert";
 *
 * assertGreaterOrEqual(2, 2);
 * ```
 */
export function assertGreaterOrEqual<T>(
  actual: T,
  expected: T,
  msg?: string,
): void {
  if (!(actual >= expected)) failOrder(actual, ">=", expected, msg);
}

/**
 * Asserts that a value is less than another.
 *
 * @param actual The value found.
 * @param expected The value it must stay below.
 * @param msg The whole message of the error.
 * @throws {AssertionError} If the value is not less.
 *
 * @example
 * ```ts
 * import { assertLess } from "@std/assert";
 *
 * assertLess(1, 2);
 * ```
 */
export function assertLess<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual < expected)) failOrder(actual, "<", expected, msg);
}

/**
 * Asserts that a value is at most another.
 *
 * @param actual The value found.
 * @param expected The greatest value allowed.
 * @param msg The whole message of the error.
 * @throws {AssertionError} If the value is greater.
 *
 * @example
 * ```ts
 * import { assertLessOrEqual } from "@std/assert";
 *
 * assertLessOrEqual(2, 2);
 * ```
 */
export function assertLessOrEqual<T>(
  actual: T,
  expected: T,
  msg?: string,
): void {
  if (!(actual <= expected)) failOrder(actual, "<=", expected, msg);
}

function failOrder<T>(
  actual: T,
  relation: string,
  expected: T,
  msg?: string,
): never {
  throw new AssertionError(
    msg ?? `Expect ${format(actual)} ${relation} ${format(expected)}`,
  );
}
