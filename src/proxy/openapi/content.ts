/**
 * The `content` of a request or an answer: which media types it may have, and the schema of each.
 *
 * @module
 */

import { readBody } from "./body.ts";
import { BodyError } from "./body_error.ts";
import { type Fault, printable, violationOf } from "./faults.ts";
import type { FormEncoding } from "./forms.ts";
import { findMediaType, parseMediaType } from "./media_type.ts";
import { type Location, walk } from "./location.ts";
import type { References } from "./references.ts";
import type { Check, SchemaSet } from "./schema_set.ts";
import { type Shape, shapeOf, UNKNOWN } from "./shape.ts";
import type { Violation } from "../request.ts";

interface MediaEntry {
  readonly check?: Check;
  readonly shape: Shape;
  readonly encodings: Readonly<Record<string, FormEncoding>>;
}

/** The media types of a body, ready to check one. */
export class Content {
  readonly #entries: ReadonlyMap<string, MediaEntry>;

  private constructor(entries: ReadonlyMap<string, MediaEntry>) {
    this.#entries = entries;
  }

  /**
   * Compiles the schemas of a `content`.
   *
   * @param content Where it is.
   * @param schemas Compiles schemas.
   * @param references Finds what they refer to.
   * @returns What checks bodies.
   * @throws {OpenApiError} If a schema is not proper.
   */
  static compile(content: Location, schemas: SchemaSet, references: References): Content {
    const entries = Object.keys(content.value as Record<string, unknown>).map((range): [string, MediaEntry] => {
      const entry = references.follow(walk(content, [range])!);
      const schema = walk(entry, ["schema"]);
      return [range, {
        check: schema && schemas.compile(schema),
        shape: schema ? shapeOf(schema, references) : UNKNOWN,
        encodings: (walk(entry, ["encoding"])?.value ?? {}) as Record<string, FormEncoding>,
      }];
    });
    return new Content(new Map(entries));
  }

  /**
   * Checks a body.
   *
   * @param body The body.
   * @param contentType The header field `Content-Type`, if there is one.
   * @param contentEncoding The header field `Content-Encoding`, if there is one.
   * @returns What is wrong: 415 for the media type, 400 if it cannot be read, 422 if it does not fit the schema.
   */
  check(
    body: Uint8Array<ArrayBuffer>,
    contentType: string | undefined,
    contentEncoding: string | undefined,
  ): Violation | undefined | Promise<Violation | undefined> {
    const mediaType = parseMediaType(contentType ?? "");
    const entry = mediaType && findMediaType(this.#entries, mediaType.essence);
    if (!entry) return refuse(415, "header.Content-Type", this.#expected(contentType));
    if (!entry.check) return undefined;
    if (contentEncoding !== undefined && contentEncoding.toLowerCase() !== "identity") {
      return refuse(415, "header.Content-Encoding", "must not be there: only a body as it is can be checked");
    }
    const { check } = entry;
    const finish = (read: { readonly value: unknown } | undefined): Violation | undefined =>
      read && violationOf(422, check(read.value, "body", body.length));
    try {
      const read = readBody(body, contentType!, mediaType, entry.shape, entry.encodings);
      return read instanceof Promise ? read.then(finish).catch(asViolation) : finish(read);
    } catch (error) {
      return asViolation(error);
    }
  }

  #expected(contentType: string | undefined): string {
    const list = [...this.#entries.keys()].slice(0, 10).map(printable).join(", ");
    if (this.#entries.size === 0) return "is not documented";
    return contentType === undefined ? `is required: ${list}` : `must be ${list}`;
  }
}

function refuse(status: Violation["status"], where: string, message: string): Violation | undefined {
  const faults: Fault[] = [{ where, message }];
  return violationOf(status, faults);
}

function asViolation(error: unknown): Violation | undefined {
  if (error instanceof BodyError) return refuse(error.status, "body", error.message);
  throw error;
}
