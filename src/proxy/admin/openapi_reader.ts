/**
 * What an OpenAPI document says, read from whatever it is: anything may be missing or of the wrong type.
 *
 * @module
 */

/** A parameter. */
export interface ParameterDescription {
  /** Its name. */
  name: string;
  /** Where it is: `"path"`, `"query"`, `"header"`, `"cookie"`. */
  place: string;
  /** Whether it must be there. */
  isRequired: boolean;
  /** What is said of it. */
  description: string;
  /** Its schema. */
  schema: unknown;
}

/** A body by its media type. */
export interface ContentDescription {
  /** The media type. */
  type: string;
  /** The schema. */
  schema: unknown;
}

/** An answer. */
export interface ResponseDescription {
  /** Its status, such as `"200"`, `"4XX"`, `"default"`. */
  status: string;
  /** What is said of it. */
  description: string;
  /** Its bodies. */
  content: ContentDescription[];
}

/** One verb of one path. */
export interface OperationDescription {
  /** The verb, in capitals. */
  method: string;
  /** The path with its placeholders. */
  path: string;
  /** In a few words, what it does. */
  summary: string;
  /** In more words. */
  description: string;
  /** Whether nobody should use it any more. */
  isDeprecated: boolean;
  /** Its parameters, those of the path included. */
  parameters: ParameterDescription[];
  /** The body of the request. */
  body?: { description: string; isRequired: boolean; content: ContentDescription[] };
  /** Its answers. */
  responses: ResponseDescription[];
}

const VERBS = ["get", "put", "post", "delete", "options", "head", "patch", "trace", "query"];

/** How many references in a row are followed. */
const MOST_REFERENCES = 32;

/**
 * Reads a member, if there is one.
 *
 * @param value Whatever it is a member of.
 * @param key Its name.
 * @returns The member; `undefined` if there is none.
 */
export function memberOf(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined;
}

/**
 * Reads a text.
 *
 * @param value What should be one.
 * @returns The text; `""` if it is none.
 */
export function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/**
 * Reads members by name.
 *
 * @param value What should be an object.
 * @returns Its members; none if it is no object.
 */
export function entriesOf(value: unknown): [string, unknown][] {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
}

/**
 * Reads a list.
 *
 * @param value What should be one.
 * @returns Its items; none if it is no list.
 */
export function itemsOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Reads one document. */
export class OpenApiReader {
  readonly #document: unknown;

  /**
   * Takes a document.
   *
   * @param document As parsed; references within it may be resolved or not.
   */
  constructor(document: unknown) {
    this.#document = document;
  }

  /** Its title, or `""`. */
  get title(): string {
    return textOf(memberOf(memberOf(this.#document, "info"), "title"));
  }

  /** The version of the API, or `""`. */
  get version(): string {
    return textOf(memberOf(memberOf(this.#document, "info"), "version"));
  }

  /** What it says of the API as a whole, or `""`. */
  get description(): string {
    return textOf(memberOf(memberOf(this.#document, "info"), "description"));
  }

  /**
   * Follows references within the document.
   *
   * @param value What may be a reference.
   * @returns What it leads to; itself if it is none, or leads out of the document, nowhere, or round in circles.
   */
  resolve(value: unknown): unknown {
    let found = value;
    for (let hops = 0; hops < MOST_REFERENCES; hops++) {
      const reference = textOf(memberOf(found, "$ref"));
      if (reference === "") return found;
      const target = this.#at(reference);
      if (target === undefined) return value;
      found = target;
    }
    return value;
  }

  #at(reference: string): unknown {
    if (!reference.startsWith("#/")) return undefined;
    let found = this.#document;
    for (const part of reference.slice(2).split("/")) {
      found = memberOf(found, decodedPart(part).replaceAll("~1", "/").replaceAll("~0", "~"));
    }
    return found;
  }

  /** Its operations, in the document's order. */
  get operations(): OperationDescription[] {
    return entriesOf(memberOf(this.#document, "paths")).flatMap(([path, item]) => {
      const resolved = this.resolve(item);
      return entriesOf(resolved)
        .filter(([verb]) => VERBS.includes(verb))
        .map(([verb, operation]) => this.#operation(verb.toUpperCase(), path, operation, resolved));
    });
  }

  #operation(method: string, path: string, operation: unknown, item: unknown): OperationDescription {
    const parameters = new Map<string, ParameterDescription>();
    for (const one of [...itemsOf(memberOf(item, "parameters")), ...itemsOf(memberOf(operation, "parameters"))]) {
      const parameter = this.#parameter(this.resolve(one));
      parameters.set(`${parameter.place} ${parameter.name}`, parameter);
    }
    const body = this.resolve(memberOf(operation, "requestBody"));
    return {
      method,
      path,
      summary: textOf(memberOf(operation, "summary")) || textOf(memberOf(item, "summary")),
      description: textOf(memberOf(operation, "description")) || textOf(memberOf(item, "description")),
      isDeprecated: memberOf(operation, "deprecated") === true,
      parameters: Array.from(parameters.values()),
      body: body === undefined ? undefined : {
        description: textOf(memberOf(body, "description")),
        isRequired: memberOf(body, "required") === true,
        content: contentOf(body),
      },
      responses: entriesOf(memberOf(operation, "responses")).map(([status, response]) => {
        const resolved = this.resolve(response);
        return { status, description: textOf(memberOf(resolved, "description")), content: contentOf(resolved) };
      }),
    };
  }

  #parameter(parameter: unknown): ParameterDescription {
    return {
      name: textOf(memberOf(parameter, "name")),
      place: textOf(memberOf(parameter, "in")),
      isRequired: memberOf(parameter, "required") === true,
      description: textOf(memberOf(parameter, "description")),
      schema: memberOf(parameter, "schema") ?? contentOf(parameter)[0]?.schema,
    };
  }
}

function contentOf(value: unknown): ContentDescription[] {
  return entriesOf(memberOf(value, "content")).map(([type, media]) => ({ type, schema: memberOf(media, "schema") }));
}

function decodedPart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // A stray percent sign stands for itself.
  }
}
