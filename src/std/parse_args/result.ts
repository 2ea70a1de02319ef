/**
 * The result under construction; `a.b` names a property of an object.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { assign, type Result } from "./result.ts";
 *
 * const result: Result = { _: [] };
 * assign(result, "a.b", 1, false);
 * assertEquals(result, { _: [], a: { b: 1 } });
 * ```
 */
export type Result = Record<string, unknown> & { _: (string | number)[] };

type Fields = Record<string, unknown>;

/**
 * Sets a value under a name.
 *
 * @param result Where to set it.
 * @param name The name, with dots between nested ones.
 * @param value The value.
 * @param collect Whether to add to earlier values instead of replacing them.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { assign } from "./result.ts";
 *
 * const result = { _: [] };
 * assign(result, "fd", 3, true);
 * assertEquals(result, { _: [], fd: [3] } as typeof result);
 * ```
 */
export function assign(
  result: Result,
  name: string,
  value: unknown,
  collect: boolean,
): void {
  const path = name.split(".");
  const key = path.pop()!;
  let fields: Fields = result;
  for (const step of path) {
    if (reachesPrototype(fields, step)) return;
    if (typeof fields[step] !== "object" || fields[step] === null) {
      fields[step] = {};
    }
    fields = fields[step] as Fields;
  }
  if (reachesPrototype(fields, key)) return;
  const before = fields[key];
  if (collect && Array.isArray(before)) before.push(value);
  else if (collect) fields[key] = before ? [before, value] : [value];
  else fields[key] = value;
}

/**
 * Whether a name has a value.
 *
 * @param result Where to look.
 * @param name The name, with dots between nested ones.
 * @returns `true` if a value was set, be it `undefined`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { has } from "./result.ts";
 *
 * assertEquals(has({ _: [] }, "fd"), false);
 * ```
 */
export function has(result: Result, name: string): boolean {
  let value: unknown = result;
  for (const step of name.split(".")) {
    if (value === null || value === undefined) return false;
    if (!Object.hasOwn(value, step)) return false;
    value = (value as Fields)[step];
  }
  return true;
}

// Arguments come from outside: they must not write to Object.prototype.
function reachesPrototype(fields: Fields, key: string): boolean {
  return key === "__proto__" ||
    (key === "constructor" && typeof fields[key] === "function");
}
