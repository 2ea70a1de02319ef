/**
 * Forms and queries as values of JSON.
 *
 * @module
 */

/**
 * Takes a form apart (application/x-www-form-urlencoded).
 *
 * @param text The form, or a query without its question mark.
 * @returns The fields by their names; several of one name become a list.
 */
export function formFields(text: string): Record<string, string | string[]> {
  const fields = new Map<string, string | string[]>();
  // It takes one question mark away, which must not be the name of a field.
  for (const [name, value] of new URLSearchParams(`?${text}`)) {
    const before = fields.get(name);
    if (before === undefined) fields.set(name, value);
    else if (typeof before === "string") fields.set(name, [before, value]);
    else before.push(value);
  }
  return Object.fromEntries(fields);
}
