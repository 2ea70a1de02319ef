/**
 * An OpenAPI document that messages are checked against.
 *
 * @module
 */

import { OpenApiError, withinStack } from "./errors.ts";
import { expand } from "./expand.ts";
import { type ApiOperation, compileOperation } from "./operation.ts";
import { type Location, placeOf, walk } from "./location.ts";
import { References } from "./references.ts";
import { SchemaSet } from "./schema_set.ts";
import { checkAgainstSpecification, versionOf } from "./specification.ts";

/** A document of OpenAPI 3.0 or 3.1, read and checked. */
export class ApiDocument {
  /**
   * The document, each reference replaced by what it leads to. What contains itself keeps its reference, and all of them
   * are kept if the document would become too large.
   */
  readonly document: unknown;
  readonly #references: References;
  readonly #requests: SchemaSet;
  readonly #answers: SchemaSet;

  private constructor(document: unknown, references: References, requests: SchemaSet, answers: SchemaSet) {
    this.document = document;
    this.#references = references;
    this.#requests = requests;
    this.#answers = answers;
  }

  /**
   * Reads and checks a document, and the files in its folder that it refers to. Nothing is fetched from a network.
   *
   * @param file Its path; YAML or JSON.
   * @returns The document.
   * @throws {OpenApiError} If it cannot be used; the message begins with `file:line:column` where that is known.
   */
  static async load(file: string): Promise<ApiDocument> {
    const references = await References.read(file, versionOf);
    const is30 = versionOf(references.main) === "3.0";
    const document = withinStack(() => file, () => expand(references)) ?? references.main.value;
    await checkAgainstSpecification(document, references);
    const [requests, answers] = await Promise.all([
      SchemaSet.load(references, is30, "request"),
      SchemaSet.load(references, is30, "answer"),
    ]);
    return new ApiDocument(document, references, requests, answers);
  }

  /**
   * Finds an operation and compiles its schemas.
   *
   * @param path The path as the route has it; its parameters may have other names than in the document.
   * @param method The verb.
   * @returns What checks its messages, or `undefined` if the document has no such operation.
   * @throws {OpenApiError} If a schema of it is not proper.
   */
  operation(path: string, method: string): ApiOperation | undefined {
    const references = this.#references;
    const paths = walk(references.main, ["paths"]);
    const known = Object.keys((paths?.value ?? {}) as object).filter((one) => one.startsWith("/"));
    const match = known.find((one) => one === path) ?? known.find((one) => anonymous(one) === anonymous(path));
    if (!paths || match === undefined) return undefined;
    const stated = walk(paths, [match])!;
    const pathItem = references.follow(stated);
    const found = walk(pathItem, [method.toLowerCase()]) ?? walk(stated, [method.toLowerCase()]);
    if (!found) return undefined;
    return compileOperation({
      operation: found,
      pathItem,
      method: method.toUpperCase(),
      names: namesByPosition(match, path, stated),
      references,
      requests: this.#requests,
      answers: this.#answers,
    });
  }
}

const PLACEHOLDER = /\{([^{}]*)\}/g;

function anonymous(path: string): string {
  return path.replaceAll(PLACEHOLDER, "{}");
}

/** The names of path parameters in the document, and for each the name in the route. */
function namesByPosition(documented: string, routed: string, location: Location): Map<string, string> {
  const names = (path: string): string[] => Array.from(path.matchAll(PLACEHOLDER), ([, name]) => name);
  const routeNames = names(routed);
  const pairs = names(documented).map((name, index): [string, string] => [name, routeNames[index]]);
  const result = new Map(pairs);
  if (result.size < pairs.length) {
    throw new OpenApiError(`${placeOf(location)}: two parameters of the path have one name`);
  }
  return result;
}
