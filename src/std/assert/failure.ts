import { failWith } from "./assertion_error.ts";

// deno-lint-ignore no-explicit-any
type ErrorClass = abstract new (...args: any[]) => Error;

const ansiColor = new RegExp(`${String.fromCharCode(27)}\\[[\\d;]*m`, "g");

/**
 * Asserts that a function throws.
 *
 * @param fn The function to call.
 * @param msg Added to the message of the error.
 * @returns What was thrown, whether an `Error` or not.
 * @throws {AssertionError} If the function returns.
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 *
 * assertThrows(() => JSON.parse("{"));
 * ```
 */
export function assertThrows(fn: () => unknown, msg?: string): unknown;
/**
 * Asserts that a function throws an error of a class.
 *
 * @param fn The function to call.
 * @param ErrorClass The class the error must be an instance of.
 * @param msgIncludes What the error's message must contain.
 * @param msg Added to the message of the error.
 * @returns The error thrown.
 * @throws {AssertionError} If the function returns or throws another error.
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const error = assertThrows(() => new URL("?"), TypeError, "URL");
 * assertEquals(error.name, "TypeError");
 * ```
 */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  // deno-lint-ignore no-explicit-any
  ErrorClass: abstract new (...args: any[]) => E,
  msgIncludes?: string,
  msg?: string,
): E;
export function assertThrows(
  fn: () => unknown,
  classOrMsg?: ErrorClass | string,
  msgIncludes?: string,
  msg?: string,
): unknown {
  const wanted = expectation(classOrMsg, msgIncludes, msg);
  try {
    fn();
  } catch (error) {
    return checked(error, wanted, "thrown");
  }
  failWith("Expected function to throw", wanted.msg);
}

/**
 * Asserts that a function returns a promise which is rejected.
 *
 * @param fn The function to call.
 * @param msg Added to the message of the error.
 * @returns What the promise was rejected with, whether an `Error` or not.
 * @throws {AssertionError} If the promise is fulfilled, or if the function
 * throws or returns something else.
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 *
 * await assertRejects(() => Promise.reject(new Error("gone")));
 * ```
 */
export function assertRejects(
  fn: () => PromiseLike<unknown>,
  msg?: string,
): Promise<unknown>;
/**
 * Asserts that a function returns a promise which is rejected with an error
 * of a class.
 *
 * @param fn The function to call.
 * @param ErrorClass The class the error must be an instance of.
 * @param msgIncludes What the error's message must contain.
 * @param msg Added to the message of the error.
 * @returns The error the promise was rejected with.
 * @throws {AssertionError} If the promise is fulfilled or rejected with
 * another error, or if the function throws or returns something else.
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 *
 * const missing = () => Deno.stat("/nowhere/at/all");
 * await assertRejects(missing, Deno.errors.NotFound);
 * ```
 */
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  // deno-lint-ignore no-explicit-any
  ErrorClass: abstract new (...args: any[]) => E,
  msgIncludes?: string,
  msg?: string,
): Promise<E>;
export async function assertRejects(
  fn: () => PromiseLike<unknown>,
  classOrMsg?: ErrorClass | string,
  msgIncludes?: string,
  msg?: string,
): Promise<unknown> {
  const wanted = expectation(classOrMsg, msgIncludes, msg);
  const promise = promised(fn, wanted.msg);
  try {
    await promise;
  } catch (error) {
    return checked(error, wanted, "rejected");
  }
  failWith("Expected function to reject", wanted.msg);
}

interface Expectation {
  readonly ErrorClass?: ErrorClass;
  readonly msgIncludes?: string;
  readonly msg?: string;
}

function expectation(
  classOrMsg: ErrorClass | string | undefined,
  msgIncludes: string | undefined,
  msg: string | undefined,
): Expectation {
  return typeof classOrMsg === "string" ? { msg: classOrMsg } : { ErrorClass: classOrMsg, msgIncludes, msg };
}

function promised(
  fn: () => PromiseLike<unknown>,
  msg: string | undefined,
): PromiseLike<unknown> {
  try {
    const promise: unknown = fn();
    if (isPromiseLike(promise)) return promise;
  } catch {
    // Thrown before there was a promise: the same mistake as having none.
  }
  failWith("Function throws when expected to reject", msg);
}

function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value &&
    typeof value.then === "function";
}

function checked(error: unknown, wanted: Expectation, how: string): unknown {
  const { ErrorClass, msgIncludes, msg } = wanted;
  if (!ErrorClass) return error;
  if (!(error instanceof Error)) {
    failWith(`A non-Error object was ${how}`, msg);
  }
  if (!(error instanceof ErrorClass)) {
    failWith(
      `Expected error to be instance of "${ErrorClass.name}", but was "${classOf(error)}"`,
      msg,
    );
  }
  if (msgIncludes && !plain(error.message).includes(plain(msgIncludes))) {
    failWith(
      `Expected error message to include ${JSON.stringify(msgIncludes)}, but got ${JSON.stringify(error.message)}`,
      msg,
    );
  }
  return error;
}

function classOf(error: object): string | undefined {
  return error.constructor?.name;
}

function plain(text: string): string {
  return text.replace(ansiColor, "");
}
