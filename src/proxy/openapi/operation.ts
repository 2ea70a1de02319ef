/**
 * One operation of an OpenAPI document: what its requests and answers must be like.
 *
 * @module
 */

import { AnswerChecks } from "./answers.ts";
import { Content } from "./content.ts";
import { violationOf } from "./faults.ts";
import { checkOfParameters } from "./parameters.ts";
import { type Location, walk } from "./location.ts";
import type { References } from "./references.ts";
import type { SchemaSet } from "./schema_set.ts";
import type { Answer, FrontRequest, Violation } from "../request.ts";

/** What checks the messages of one path and verb. */
export interface ApiOperation {
  /** Its `operationId`. */
  readonly id?: string;
  /** Its `summary`. */
  readonly summary?: string;

  /**
   * Checks a request: its parameters, then its media type, then its body.
   *
   * @param request The request.
   * @returns What is wrong with it.
   */
  validateRequest(request: FrontRequest): Promise<Violation | undefined>;

  /**
   * Checks an answer: its status, its header fields, its media type, its body.
   *
   * @param answer The answer.
   * @returns What is wrong with it; the status therein is of no use.
   */
  validateAnswer(answer: Answer): Promise<Violation | undefined>;
}

/** What an operation is made of. */
export interface OperationParts {
  /** The operation. */
  readonly operation: Location;
  /** The path that it is under. */
  readonly pathItem: Location;
  /** The verb, in capitals. */
  readonly method: string;
  /** For each path parameter its name in the route's path. */
  readonly names: ReadonlyMap<string, string>;
  /** Finds what is referred to. */
  readonly references: References;
  /** Compiles schemas of requests. */
  readonly requests: SchemaSet;
  /** Compiles schemas of answers. */
  readonly answers: SchemaSet;
}

/**
 * Compiles an operation.
 *
 * @param parts What it is made of.
 * @returns What checks its messages.
 * @throws {OpenApiError} For a schema or parameter that is not proper.
 */
export function compileOperation(parts: OperationParts): ApiOperation {
  const { operation, method, references } = parts;
  const { operationId, summary } = operation.value as { operationId?: string; summary?: string };
  const findFaults = checkOfParameters(parametersOf(parts), parts.names, parts.requests, references);
  const checkBody = bodyCheckOf(parts);
  const answers = AnswerChecks.compile(walk(operation, ["responses"]), method, parts.answers, references);
  return {
    id: operationId,
    summary,
    // deno-lint-ignore require-await -- only a form in parts is waited for
    async validateRequest(request) {
      return violationOf(400, findFaults(request)) ?? checkBody(request);
    },
    // deno-lint-ignore require-await
    async validateAnswer(answer) {
      return answers.check(answer);
    },
  };
}

/** The parameters of the path and of the operation, which replace those of the same name and place. */
function parametersOf({ pathItem, operation, references }: OperationParts): Location[] {
  const parameters = new Map<string, Location>();
  for (const owner of [pathItem, operation]) {
    const list = walk(owner, ["parameters"]);
    for (const index of Array.isArray(list?.value) ? list.value.keys() : []) {
      const parameter = references.follow(walk(list!, [String(index)])!);
      const { in: place, name } = parameter.value as { in: string; name: string };
      parameters.set(`${place} ${name}`, parameter);
    }
  }
  return [...parameters.values()];
}

function bodyCheckOf(
  { operation, requests, references }: OperationParts,
): (request: FrontRequest) => Violation | undefined | Promise<Violation | undefined> {
  const found = walk(operation, ["requestBody"]);
  if (!found) return () => undefined;
  const requestBody = references.follow(found);
  const contentAt = walk(requestBody, ["content"]);
  const content = contentAt && Content.compile(contentAt, requests, references);
  const isRequired = (requestBody.value as { required?: boolean }).required === true;
  return ({ body, headers }) => {
    if (body.length > 0) return content?.check(body, headers["content-type"], headers["content-encoding"]);
    return isRequired ? violationOf(400, [{ where: "body", message: "is required" }]) : undefined;
  };
}
