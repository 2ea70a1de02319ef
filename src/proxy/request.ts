/**
 * A request as all of the gateway sees it, and an answer to one.
 *
 * @module
 */

/** A request, arrived in full. */
export interface FrontRequest {
  /** Its id, which nobody can guess. */
  readonly id: string;
  /** The verb, in capitals. */
  readonly method: string;
  /** The path as it was sent, still percent-encoded, without the query. */
  readonly path: string;
  /** The query as it was sent, without its question mark. */
  readonly query: string;
  /** What the placeholders of the path stand for, decoded. */
  readonly parameters: Readonly<Record<string, string>>;
  /** The header fields by their names in small letters; several of one name are joined by `", "` (cookies by `"; "`). */
  readonly headers: Readonly<Record<string, string>>;
  /** The body; empty if there is none. */
  readonly body: Uint8Array<ArrayBuffer>;
}

/** Header fields, in order. */
export type HeaderList = readonly (readonly [name: string, value: string])[];

/** An answer, complete. */
export interface Answer {
  /** The status, 200–599. */
  readonly status: number;
  /** Header fields, the media type included. */
  readonly headers: HeaderList;
  /** The body. */
  readonly body: Uint8Array<ArrayBuffer>;
}

/** What is wrong with a message, by the OpenAPI document. */
export interface Violation {
  /** The status to refuse a request with: 400 for a parameter, 415 for a media type, 422 for a body. */
  readonly status: 400 | 415 | 422;
  /** What is wrong, in a sentence. */
  readonly detail: string;
  /** Each fault: where it is, as `query.limit` or `body/pets/0/name`, and what is wrong there. */
  readonly errors: readonly { readonly where: string; readonly message: string }[];
}
