import { AssertionError, failWith } from "./assertion_error.ts";

/**
 * Asserts that a value is truthy.
 *
 * @param expr The value, usually a condition.
 * @param msg The whole message of the error.
 * @throws {AssertionError} If the value is falsy.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 *
 * assert("/run/ipcx".startsWith("/run"));
 * ```
 */
export function assert(expr: unknown, msg = ""): asserts expr {
  if (!expr) throw new AssertionError(msg);
}

/**
 * Fails: for a branch that must not be reached.
 *
 * @param msg Why this is wrong.
 * @returns Never.
 * @throws {AssertionError} Always.
 *
 * @example
 * ```ts
 * import { assertThrows, fail } from "@std/assert";
 *
 * assertThrows(() => fail("the peer answered"));
 * ```
 */
export function fail(msg?: string): never {
  failWith("Failed assertion", msg);
}

/**
 * Asserts that a value is neither `null` nor `undefined`.
 *
 * @param actual The value.
 * @param msg Added to the message of the error.
 * @throws {AssertionError} If the value is missing.
 *
 * @example
 * ```ts
 * import { assertExists } from "@std/assert";
 *
 * assertExists(new Map([["a", 1]]).get("a"));
 * ```
 */
export function assertExists<T>(
  actual: T,
  msg?: string,
): asserts actual is NonNullable<T> {
  if (actual !== undefined && actual !== null) return;
  failWith(`Expected actual: "${actual}" to not be null or undefined`, msg);
}

/**
 * Asserts that a value was made by a class or one derived from it.
 *
 * @param actual The value.
 * @param expectedType The class.
 * @param msg Added to the message of the error.
 * @throws {AssertionError} If the value is no instance of the class.
 *
 * @example
 * ```ts
 * import { assertInstanceOf } from "@std/assert";
 *
 * assertInstanceOf(new TypeError("bad address"), Error);
 * ```
 */
export function assertInstanceOf<
  // deno-lint-ignore no-explicit-any
  T extends abstract new (...args: any[]) => any,
>(
  actual: unknown,
  expectedType: T,
  msg = "",
): asserts actual is InstanceType<T> {
  if (actual instanceof expectedType) return;
  const wanted = `Expected object to be an instance of "${expectedType.name}"`;
  const found = typeNameOf(actual);
  if (found === expectedType.name) failWith(wanted, msg);
  if (found === "function") {
    failWith(`${wanted} but was not an instanced object`, msg);
  }
  failWith(`${wanted} but was "${found}"`, msg);
}

function typeNameOf(value: unknown): string {
  if (value === null) return "null";
  if (typeof value !== "object") return typeof value;
  return value.constructor?.name ?? "Object";
}
