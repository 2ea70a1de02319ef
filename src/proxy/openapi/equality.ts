/**
 * `uniqueItems` in linear time; comparing each with each, a request of 1 MiB would keep the gateway busy for minutes.
 *
 * @module
 */

/**
 * Says whether no two elements are equal.
 *
 * @param items The elements, of JSON.
 * @returns Whether all differ; objects with the same members in another order do not.
 */
export function areDistinct(items: readonly unknown[]): boolean {
  const seen = new Set<unknown>();
  for (const item of items) {
    // A text is told from the number 1 and from an object written like it by its quotes.
    const key = typeof item === "object" ? JSON.stringify(item, sortMembers) : JSON.stringify(item);
    if (seen.has(key)) return false;
    seen.add(key);
  }
  return true;
}

function sortMembers(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}
