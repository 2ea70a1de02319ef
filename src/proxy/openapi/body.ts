/**
 * Reads bodies as what their media type says they are.
 *
 * @module
 */

import { BodyError } from "./body_error.ts";
import { readMultipart, readUrlencoded } from "./forms.ts";
import type { FormEncoding } from "./forms.ts";
import { isJson, type MediaType } from "./media_type.ts";
import { fromText, type Shape } from "./shape.ts";

/** A body that was read; `undefined` for one that is let pass unread, such as an image. */
export type ReadBody = { readonly value: unknown } | undefined;

/**
 * Reads a body.
 *
 * @param bytes The body.
 * @param contentType The header field, whose boundary counts for a multipart body.
 * @param mediaType What the header field says.
 * @param shape What the schema wants, for forms and text.
 * @param encodings How the fields of a form are written.
 * @returns What was read; a promise of it for a multipart body.
 * @throws {BodyError} If it cannot be read.
 */
export function readBody(
  bytes: Uint8Array<ArrayBuffer>,
  contentType: string,
  mediaType: MediaType,
  shape: Shape,
  encodings: Readonly<Record<string, FormEncoding>>,
): ReadBody | Promise<ReadBody> {
  const { essence, charset } = mediaType;
  if (isJson(essence)) return { value: readJson(bytes) };
  if (essence === "application/x-www-form-urlencoded") {
    return { value: readUrlencoded(textOf(bytes, "utf-8"), shape, encodings) };
  }
  if (essence === "multipart/form-data") return readMultipart(bytes, contentType, shape, encodings);
  // XML says itself how it is encoded, and no schema of JSON fits it.
  if (!essence.startsWith("text/") || essence === "text/xml") return undefined;
  return { value: fromText(textOf(bytes, charset ?? "utf-8"), shape) };
}

function readJson(bytes: Uint8Array): unknown {
  const text = textOf(bytes, "utf-8");
  try {
    return JSON.parse(text);
  } catch (cause) {
    // The message of the engine repeats what was sent; only its position is told.
    const [, line, column] = /\(line (\d+) column (\d+)\)$/.exec((cause as Error).message) ?? [];
    const place = line === undefined ? "" : ` (line ${line}, column ${column})`;
    throw new BodyError(400, `is not valid JSON${place}`, { cause });
  }
}

function textOf(bytes: Uint8Array, charset: string): string {
  let decoder: TextDecoder;
  try {
    decoder = new TextDecoder(charset, { fatal: true });
  } catch (cause) {
    throw new BodyError(415, "is in a charset that is not known", { cause });
  }
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new BodyError(400, `is not valid ${decoder.encoding.toUpperCase()}`, { cause });
  }
}
