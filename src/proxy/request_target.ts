/**
 * Where a request goes, in the first line of it (RFC 9112, 3.2).
 *
 * @module
 */

/**
 * Splits a target, in origin form or in absolute form.
 *
 * @param target The target.
 * @returns The path and the query, both as they were sent; the query without its question mark.
 */
export function splitTarget(target: string): [path: string, query: string] {
  const origin = target.startsWith("/") ? target : target.replace(/^[a-z]+:\/\/[^/?]*/i, "");
  const mark = origin.indexOf("?");
  if (mark < 0) return [origin || "/", ""];
  return [origin.slice(0, mark) || "/", origin.slice(mark + 1)];
}
