/**
 * What may stand in a header field (RFC 9110, 5).
 *
 * @module
 */

/**
 * Tells whether a text is the name of a field.
 *
 * @param text The text.
 * @returns Whether it is.
 */
export function isFieldName(text: string): boolean {
  return /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(text);
}

/**
 * Tells whether a text may be the value of a field: no line ends, no other control characters, nothing beyond Latin-1.
 *
 * @param text The text.
 * @returns Whether it may.
 */
export function isFieldValue(text: string): boolean {
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(text);
}
