/**
 * What the answers of an operation must be like, by their status.
 *
 * @module
 */

import { Content } from "./content.ts";
import { type Fault, violationOf } from "./faults.ts";
import { type Location, walk } from "./location.ts";
import type { References } from "./references.ts";
import type { Check, SchemaSet } from "./schema_set.ts";
import { type Shape, shapeOf, UNKNOWN } from "./shape.ts";
import { readText, StyleError } from "./styles.ts";
import type { Answer, Violation } from "../request.ts";

interface HeaderCheck {
  readonly name: string;
  readonly isRequired: boolean;
  readonly explode: boolean;
  readonly shape: Shape;
  readonly check: Check;
}

interface AnswerCheck {
  readonly headers: readonly HeaderCheck[];
  readonly content?: Content;
}

/** The answers of an operation. */
export class AnswerChecks {
  readonly #byStatus: ReadonlyMap<string, AnswerCheck>;
  readonly #isHead: boolean;

  private constructor(byStatus: ReadonlyMap<string, AnswerCheck>, isHead: boolean) {
    this.#byStatus = byStatus;
    this.#isHead = isHead;
  }

  /**
   * Compiles the schemas of answers.
   *
   * @param responses The document's `responses`; without any, every answer is right.
   * @param method The verb: answers to `HEAD` have no body.
   * @param schemas Compiles schemas.
   * @param references Finds what is referred to.
   * @returns What checks answers.
   * @throws {OpenApiError} If a schema is not proper.
   */
  static compile(
    responses: Location | undefined,
    method: string,
    schemas: SchemaSet,
    references: References,
  ): AnswerChecks {
    const statuses = Object.keys((responses?.value ?? {}) as object).filter((status) => !status.startsWith("x-"));
    const checks = statuses.map((status): [string, AnswerCheck] => {
      const response = references.follow(walk(responses!, [status])!);
      const content = walk(response, ["content"]);
      return [status.toUpperCase(), {
        headers: headersOf(response, schemas, references),
        content: content && Content.compile(content, schemas, references),
      }];
    });
    return new AnswerChecks(new Map(checks), method === "HEAD");
  }

  /**
   * Checks an answer.
   *
   * @param answer The answer.
   * @returns What is wrong with it.
   */
  check({ status, headers, body }: Answer): Violation | undefined | Promise<Violation | undefined> {
    if (this.#byStatus.size === 0) return undefined;
    const found = this.#byStatus.get(String(status)) ?? this.#byStatus.get(`${Math.trunc(status / 100)}XX`) ??
      this.#byStatus.get("DEFAULT");
    if (!found) return violationOf(422, [{ where: "status", message: `${status} is not documented` }]);
    const fields = new Map<string, string>();
    for (const [name, value] of headers) {
      const key = name.toLowerCase();
      const before = fields.get(key);
      fields.set(key, before === undefined ? value : `${before}, ${value}`);
    }
    const faults = found.headers.flatMap((header) => faultsIn(header, fields.get(header.name.toLowerCase())));
    if (faults.length > 0) return violationOf(422, faults);
    const hasNoBody = this.#isHead || status === 204 || status === 304;
    if (!found.content || (hasNoBody && body.length === 0)) return undefined;
    return found.content.check(body, fields.get("content-type"), fields.get("content-encoding"));
  }
}

function headersOf(response: Location, schemas: SchemaSet, references: References): HeaderCheck[] {
  const headers = walk(response, ["headers"]);
  const names = Object.keys((headers?.value ?? {}) as object).filter((name) => name.toLowerCase() !== "content-type");
  return names.map((name) => {
    const header = references.follow(walk(headers!, [name])!);
    const { required, explode } = header.value as { required?: boolean; explode?: boolean };
    const schema = walk(header, ["schema"]);
    return {
      name,
      isRequired: required === true,
      explode: explode === true,
      shape: schema ? shapeOf(schema, references) : UNKNOWN,
      check: schema ? schemas.compile(schema) : () => [],
    };
  });
}

function faultsIn({ name, isRequired, explode, shape, check }: HeaderCheck, text: string | undefined): Fault[] {
  const where = `header.${name}`;
  if (text === undefined) return isRequired ? [{ where, message: "is required" }] : [];
  try {
    return check(readText(text, name, { name: "simple", explode }, shape), where, text.length);
  } catch (error) {
    if (error instanceof StyleError) return [{ where, message: error.message }];
    throw error;
  }
}
