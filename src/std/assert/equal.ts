type Keyed = Map<unknown, unknown> | Set<unknown>;
type Pairs = Map<unknown, unknown>;

const TypedArray: { readonly prototype: object } = Object.getPrototypeOf(
  Uint8Array,
);

/** Classes which keep their value in hidden slots that only text reveals. */
const textComparable = new Set<object>([
  RegExp.prototype,
  URL.prototype,
  URLSearchParams.prototype,
  Intl.Locale.prototype,
  Temporal.Duration.prototype,
  Temporal.Instant.prototype,
  Temporal.PlainDate.prototype,
  Temporal.PlainDateTime.prototype,
  Temporal.PlainMonthDay.prototype,
  Temporal.PlainTime.prototype,
  Temporal.PlainYearMonth.prototype,
  Temporal.ZonedDateTime.prototype,
]);

/**
 * Whether two values have the same type, shape and content.
 *
 * Unlike `node:assert`, `0` equals `-0`, an object without a prototype equals
 * a plain one, and getters of a class count as content: that is what the
 * standard library's assertions promise.
 *
 * @param a One value.
 * @param b The other value.
 * @returns `true` if the values are equal.
 * @throws {TypeError} If a `WeakMap` or `WeakSet` is met: they cannot be read.
 *
 * @example
 * ```ts
 * import { equal } from "./equal.ts";
 *
 * if (!equal({ a: [0] }, { a: [-0] })) throw new Error("0 is -0 here");
 * ```
 */
export function equal(a: unknown, b: unknown): boolean {
  return compare(a, b, new Map());
}

function compare(a: unknown, b: unknown, seen: Pairs): boolean {
  if (a === b || Object.is(a, b)) return true;
  if (!isObject(a) || !isObject(b)) return false;
  if (a instanceof Date && b instanceof Date) {
    return Object.is(a.getTime(), b.getTime());
  }
  if (prototypeOf(a) !== prototypeOf(b)) return false;
  if (a instanceof WeakMap || a instanceof WeakSet) {
    throw new TypeError(`Cannot compare ${a.constructor.name} instances`);
  }
  if (a instanceof WeakRef) {
    return compare(a.deref(), (b as WeakRef<WeakKey>).deref(), seen);
  }
  const bytes = asBytes(a);
  if (bytes) return elementsEqual(bytes, asBytes(b)!);

  // A pair met again is inside itself: whether it differs is found elsewhere.
  if (seen.get(a) === b) return true;
  seen.set(a, b);
  if (Object.keys(a).length !== Object.keys(b).length) return false;
  if (isKeyed(a) && isKeyed(b)) return entriesEqual(a, b, seen);
  if (textComparable.has(Object.getPrototypeOf(a))) {
    return String(a) === String(b);
  }
  return propertiesEqual(a, b, seen);
}

function propertiesEqual(a: object, b: object, seen: Pairs): boolean {
  for (const key of reachableKeys(a).union(reachableKeys(b))) {
    if (key in a !== key in b) return false;
    if (!compare(a[key as never], b[key as never], seen)) return false;
  }
  return true;
}

function entriesEqual(a: Keyed, b: Keyed, seen: Pairs): boolean {
  if (a.size !== b.size) return false;
  const unmatched = new Set(b.entries());
  for (const [key, value] of a.entries()) {
    if (!isObject(key)) {
      if (!b.has(key)) return false;
      if (b instanceof Map && !compare(value, b.get(key), seen)) return false;
      continue;
    }
    const match = unmatched.values().find(([otherKey, otherValue]) =>
      compare(key, otherKey, seen) && compare(value, otherValue, seen)
    );
    if (!match) return false;
    unmatched.delete(match);
  }
  return true;
}

function elementsEqual(
  a: ArrayLike<unknown>,
  b: ArrayLike<unknown>,
): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    if (a[i] !== b[i] && !Object.is(a[i], b[i])) return false;
  }
  return true;
}

function asBytes(value: object): ArrayLike<unknown> | undefined {
  if (Object.prototype.isPrototypeOf.call(TypedArray.prototype, value)) {
    return value as Uint8Array;
  }
  if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) {
    return new Uint8Array(value);
  }
}

/** Own keys and those of the classes above, where getters live. */
function reachableKeys(value: object): Set<PropertyKey> {
  const keys = new Set<PropertyKey>();
  for (
    let owner: object | null = value;
    owner && owner !== Object.prototype && owner !== Array.prototype;
    owner = Object.getPrototypeOf(owner)
  ) {
    for (const key of Reflect.ownKeys(owner)) keys.add(key);
  }
  return keys;
}

function prototypeOf(value: object): object {
  return Object.getPrototypeOf(value) ?? Object.prototype;
}

function isKeyed(value: object): value is Keyed {
  return value instanceof Map || value instanceof Set;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
