/**
 * Assertions with the names and signatures of `jsr:@std/assert`, on
 * `node:assert`, for where JSR cannot be reached.
 *
 * A caller's `msg` stands before what the assertion found. Unlike the real package:
 *
 * - equality is that of `deepStrictEqual`: inside of objects `0` is not `-0`,
 *   and an object without a prototype is not a plain one;
 * - objects of a class are compared by their own properties: what is private,
 *   or only to be had through a getter, is not looked at;
 * - weak collections are compared by identity instead of being refused;
 * - messages are those of `node:assert`.
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

import { deepStrictEqual, match, notDeepStrictEqual, strictEqual } from "node:assert";
import { inspect, isDeepStrictEqual } from "node:util";

/**
 * The error every failed assertion throws.
 *
 * @example
 * ```ts
 * console.log(new AssertionError("the socket is still open").name); // AssertionError
 * ```
 */
export class AssertionError extends Error {
  /** The class name, for those who print errors. */
  override readonly name = "AssertionError";
}

function failWith(found: string, msg?: string): never {
  throw new AssertionError(msg ? `${msg}: ${found}` : found);
}

function check(assertion: () => void, msg?: string): void {
  try {
    assertion();
  } catch (error) {
    failWith((error as Error).message, msg);
  }
}

/**
 * Asserts that a value is truthy.
 *
 * @example
 * ```ts
 * assert("/run/ipcx".startsWith("/run"));
 * ```
 */
export function assert(expr: unknown, msg = ""): asserts expr {
  if (!expr) throw new AssertionError(msg);
}

/**
 * Fails: for a branch that must not be reached.
 *
 * @example
 * ```ts
 * assertThrows(() => fail("the peer answered"));
 * ```
 */
export function fail(msg?: string): never {
  throw new AssertionError(msg ? `Failed assertion: ${msg}` : "Failed assertion.");
}

/**
 * Asserts that two values have the same type, shape and content.
 *
 * @example
 * ```ts
 * assertEquals({ pid: 1, fds: [3] }, { fds: [3], pid: 1 });
 * ```
 */
export function assertEquals<T>(actual: T, expected: T, msg?: string): void {
  if (actual !== expected) check(() => deepStrictEqual(actual, expected), msg);
}

/**
 * Asserts that two values differ in type, shape or content.
 *
 * @example
 * ```ts
 * assertNotEquals([1, 2], [2, 1]);
 * ```
 */
export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void {
  check(() => notDeepStrictEqual(actual, expected), msg);
}

/**
 * Asserts that two values are the same one, as `Object.is` sees it.
 *
 * @example
 * ```ts
 * const peer = {};
 * assertStrictEquals(peer, peer);
 * ```
 */
export function assertStrictEquals<T>(actual: unknown, expected: T, msg?: string): asserts actual is T {
  check(() => strictEqual(actual, expected), msg);
}

/**
 * Asserts that a value is neither `null` nor `undefined`.
 *
 * @example
 * ```ts
 * assertExists(new Map([["a", 1]]).get("a"));
 * ```
 */
export function assertExists<T>(actual: T, msg?: string): asserts actual is NonNullable<T> {
  if (actual === undefined || actual === null) failWith(`${actual} where there should be a value`, msg);
}

/**
 * Asserts that a value was made by a class or one derived from it.
 *
 * @example
 * ```ts
 * assertInstanceOf(new TypeError("bad address"), Error);
 * ```
 */
export function assertInstanceOf<T extends abstract new (...args: never[]) => unknown>(
  actual: unknown,
  expectedType: T,
  msg?: string,
): asserts actual is InstanceType<T> {
  if (!(actual instanceof expectedType)) {
    failWith(`Expected an instance of ${expectedType.name}: ${inspect(actual)}`, msg);
  }
}

/**
 * Asserts that a string matches a regular expression.
 *
 * @example
 * ```ts
 * assertMatch("fd:3", /^fd:\d+$/);
 * ```
 */
export function assertMatch(actual: string, expected: RegExp, msg?: string): void {
  check(() => match(actual, expected), msg);
}

/**
 * Asserts that a string contains another.
 *
 * @example
 * ```ts
 * assertStringIncludes("connect /run/x: ECONNREFUSED", "ECONNREFUSED");
 * ```
 */
export function assertStringIncludes(actual: string, expected: string, msg?: string): void {
  if (!actual.includes(expected)) failWith(`Expected ${inspect(actual)} to contain ${inspect(expected)}`, msg);
}

/**
 * Asserts that every element of one array is in another, in any order.
 *
 * @example
 * ```ts
 * assertArrayIncludes([{ fd: 3 }, { fd: 4 }], [{ fd: 4 }]);
 * ```
 */
export function assertArrayIncludes<T>(actual: ArrayLike<T>, expected: ArrayLike<T>, msg?: string): void {
  const present = Array.from(actual);
  const missing = Array.from(expected).filter((wanted) =>
    !present.some((element) => isDeepStrictEqual(element, wanted))
  );
  if (missing.length > 0) failWith(`Expected ${inspect(actual)} to include ${inspect(missing)}`, msg);
}

/**
 * Asserts that a value is greater than another.
 *
 * @example
 * ```ts
 * assertGreater(2, 1);
 * ```
 */
export function assertGreater<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual > expected)) failWith(`Expected ${inspect(actual)} > ${inspect(expected)}`, msg);
}

/**
 * Asserts that a value is at least another.
 *
 * @example
 * ```ts
 * assertGreaterOrEqual(2, 2);
 * ```
 */
export function assertGreaterOrEqual<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual >= expected)) failWith(`Expected ${inspect(actual)} >= ${inspect(expected)}`, msg);
}

/**
 * Asserts that a value is less than another.
 *
 * @example
 * ```ts
 * assertLess(1, 2);
 * ```
 */
export function assertLess<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual < expected)) failWith(`Expected ${inspect(actual)} < ${inspect(expected)}`, msg);
}

/**
 * Asserts that a value is at most another.
 *
 * @example
 * ```ts
 * assertLessOrEqual(2, 2);
 * ```
 */
export function assertLessOrEqual<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual <= expected)) failWith(`Expected ${inspect(actual)} <= ${inspect(expected)}`, msg);
}

/**
 * Asserts that a function throws; returns what was thrown.
 *
 * @example
 * ```ts
 * assertThrows(() => JSON.parse("{"));
 * ```
 */
export function assertThrows(fn: () => unknown, msg?: string): unknown;
/**
 * Asserts that a function throws an error of a class, whose message contains
 * a text; returns the error.
 *
 * @example
 * ```ts
 * assertThrows(() => new URL("?"), TypeError, "URL");
 * ```
 */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  ErrorClass: abstract new (...args: never[]) => E,
  msgIncludes?: string,
  msg?: string,
): E;
export function assertThrows(fn: () => unknown, ...expected: Expectation): unknown {
  try {
    fn();
  } catch (error) {
    return checkError(error, expected);
  }
  failWith("Expected function to throw", callersWords(expected));
}

/**
 * Asserts that a function returns a promise which is rejected; returns what it
 * was rejected with.
 *
 * @example
 * ```ts
 * await assertRejects(() => Promise.reject(new Error("gone")));
 * ```
 */
export function assertRejects(fn: () => PromiseLike<unknown>, msg?: string): Promise<unknown>;
/**
 * Asserts that a function returns a promise which is rejected with an error of
 * a class, whose message contains a text; returns the error.
 *
 * @example
 * ```ts
 * await assertRejects(() => Deno.stat("/nowhere/at/all"), Deno.errors.NotFound);
 * ```
 */
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  ErrorClass: abstract new (...args: never[]) => E,
  msgIncludes?: string,
  msg?: string,
): Promise<E>;
export async function assertRejects(fn: () => PromiseLike<unknown>, ...expected: Expectation): Promise<unknown> {
  let promise: PromiseLike<unknown>;
  try {
    promise = fn();
  } catch (error) {
    failWith(`Function throws when expected to reject: ${inspect(error)}`, callersWords(expected));
  }
  try {
    await promise;
  } catch (error) {
    return checkError(error, expected);
  }
  failWith("Expected function to reject", callersWords(expected));
}

type Expectation = [
  classOrMsg?: string | (abstract new (...args: never[]) => Error),
  msgIncludes?: string,
  msg?: string,
];

function callersWords([classOrMsg, , msg]: Expectation): string | undefined {
  return typeof classOrMsg === "string" ? classOrMsg : msg;
}

function checkError(error: unknown, [ErrorClass, msgIncludes = "", msg]: Expectation): unknown {
  if (typeof ErrorClass === "function") {
    assertInstanceOf(error, ErrorClass, msg);
    assertStringIncludes(error.message, msgIncludes, msg);
  }
  return error;
}
