/**
 * Regular expressions of schemas.
 *
 * @module
 */

/**
 * Makes a regular expression of a `pattern`.
 *
 * @param pattern The pattern; with Unicode rules, or, as many authors escape more than those allow, without.
 * @returns The regular expression.
 * @throws {SyntaxError} If it is none either way.
 */
export function patternOf(pattern: string): RegExp {
  try {
    return new RegExp(pattern, "u");
  } catch {
    return new RegExp(pattern);
  }
}
