/**
 * Media types, and the ranges of them that a document has.
 *
 * @module
 */

/** A media type taken apart. */
export interface MediaType {
  /** Type and subtype in small letters, such as `application/json`. */
  readonly essence: string;
  /** Its charset in small letters, if it says so. */
  readonly charset?: string;
}

/**
 * Reads a `Content-Type`.
 *
 * @param text The header field.
 * @returns The media type, or `undefined` if it is none.
 */
export function parseMediaType(text: string): MediaType | undefined {
  const [first, ...parameters] = text.split(";");
  const essence = first.trim().toLowerCase();
  if (!/^[^\s/]+\/[^\s/]+$/.test(essence)) return undefined;
  const charset = parameters.map((one) => /^\s*charset\s*=\s*"?([^"\s]+)"?\s*$/i.exec(one)?.[1]).find(Boolean);
  return { essence, charset: charset?.toLowerCase() };
}

/** Whether a media type is JSON by its name. */
export function isJson(essence: string): boolean {
  return /^[^/]+\/(json|[^/]+\+json)$/.test(essence);
}

/**
 * Finds what a document says of a media type: by name, else by the narrowest range.
 *
 * @param documented The media types and ranges: `application/json`, `application/*+json`, `text/*`, any; parameters do not count.
 * @param essence The media type.
 * @returns The entry, or `undefined`.
 */
export function findMediaType<T>(documented: ReadonlyMap<string, T>, essence: string): T | undefined {
  let best: T | undefined;
  let bestRank = 0;
  for (const [range, entry] of documented) {
    const rank = rankOf(range.split(";")[0].trim().toLowerCase(), essence);
    if (rank > bestRank) [best, bestRank] = [entry, rank];
  }
  return best;
}

/** How narrowly a range holds a media type: 0 if not at all. */
function rankOf(range: string, essence: string): number {
  if (range === essence) return 4;
  if (range === "*/*") return 1;
  const [type, subtype] = range.split("/");
  if (subtype === undefined || !essence.startsWith(`${type}/`)) return 0;
  if (subtype === "*") return 2;
  return subtype.startsWith("*+") && essence.endsWith(subtype.slice(1)) ? 3 : 0;
}
