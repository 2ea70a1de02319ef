/**
 * Checks a document against the OpenAPI specification.
 *
 * @module
 */

import { OpenApiError } from "./errors.ts";
import { isKeyword, suggest } from "./keywords.ts";
import { type Location, placeOf, shorten, walk } from "./location.ts";
import type { References } from "./references.ts";
import type { ErrorObject } from "ajv";

/** So many faults are told of a document. */
const MAX_TOLD = 10;

/** Words that a document has and a slip of the pen may have been meant for. */
const WORDS: readonly string[] = [
  ...["openapi", "info", "servers", "paths", "components", "security", "tags", "externalDocs", "webhooks"],
  ...["get", "put", "post", "delete", "options", "head", "patch", "trace", "parameters", "requestBody", "responses"],
  ...["operationId", "summary", "description", "callbacks", "deprecated", "name", "in", "required", "schema", "style"],
  ...["explode", "allowReserved", "allowEmptyValue", "content", "headers", "links", "encoding", "contentType"],
  ...["schemas", "requestBodies", "securitySchemes", "title", "version", "license", "contact", "termsOfService"],
];

/** Keywords that only say that others were not met. */
const ECHOES = new Set(["oneOf", "anyOf", "allOf", "if", "not"]);

/**
 * Says which OpenAPI a document is of.
 *
 * @param main The document.
 * @returns `"3.0"` or `"3.1"`.
 * @throws {OpenApiError} If it is of neither, or no document of OpenAPI at all.
 */
export function versionOf(main: Location): "3.0" | "3.1" {
  const { value } = main;
  const { shown } = main.source;
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new OpenApiError(`${shown}: is not an OpenAPI document: it is no map`);
  }
  const { openapi, swagger } = value as { openapi?: unknown; swagger?: unknown };
  if (swagger !== undefined) {
    const place = placeOf(walk(main, ["swagger"])!);
    throw new OpenApiError(`${place}: Swagger ${shorten(String(swagger))} is not supported: convert it to OpenAPI 3`);
  }
  if (openapi === undefined) throw new OpenApiError(`${shown}: is not an OpenAPI document: it has no 'openapi'`);
  const place = placeOf(walk(main, ["openapi"])!);
  if (typeof openapi !== "string") {
    throw new OpenApiError(`${place}: the version of OpenAPI must be quoted text such as "3.0.3"`);
  }
  const [, version] = /^(3\.0)\.[0-4]$/.exec(openapi) ?? /^(3\.1)\.[0-2]$/.exec(openapi) ?? [];
  if (version === undefined) {
    throw new OpenApiError(`${place}: OpenAPI '${shorten(openapi)}' is not supported: 3.0.0–3.0.4 and 3.1.0–3.1.2 are`);
  }
  const apiVersion = walk(main, ["info", "version"]);
  if (typeof apiVersion?.value === "number") {
    throw new OpenApiError(`${placeOf(apiVersion)}: the version of the API must be quoted text such as "1.0.0"`);
  }
  if (!("paths" in value)) throw new OpenApiError(`${shown}: is of no use here: it has no 'paths'`);
  return version as "3.0" | "3.1";
}

/**
 * Checks a document.
 *
 * @param document The document, with its references followed or not; is not changed.
 * @param references Where its parts stand.
 * @throws {OpenApiError} If it is not as the specification wants it; names up to ten faults, each with its place.
 */
export async function checkAgainstSpecification(document: unknown, references: References): Promise<void> {
  const { default: parser } = await import("@apidevtools/swagger-parser");
  try {
    // All has been read: the package must neither open a file nor a connection, and need not follow anything.
    await parser.validate(document as Parameters<typeof parser.validate>[0], {
      mutateInputSchema: false,
      resolve: { external: false },
      dereference: { circular: "ignore", excludedPathMatcher: () => true },
    });
  } catch (error) {
    const { details } = error as { details?: ErrorObject[] };
    if (!details) {
      throw new OpenApiError(`${references.main.source.shown}: ${(error as Error).message}`, { cause: error });
    }
    const lines = causesAmong(details).map((detail) => lineOf(detail, references));
    throw new OpenApiError([...new Set(lines)].slice(0, MAX_TOLD).join("\n"), { cause: error });
  }
}

/** The errors that others follow from: those that have none below them. */
function causesAmong(details: readonly ErrorObject[]): ErrorObject[] {
  const real = details.filter(({ keyword, params }) => !ECHOES.has(keyword) && params.missingProperty !== "$ref");
  const isLeaf = ({ instancePath }: ErrorObject): boolean =>
    !real.some((other) => other.instancePath.startsWith(`${instancePath}/`));
  return real.filter(isLeaf);
}

function lineOf({ instancePath, keyword, params, message }: ErrorObject, references: References): string {
  const steps = instancePath.split("/").slice(1).map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
  const extra = keyword === "additionalProperties" ? params.additionalProperty : params.unevaluatedProperty;
  const place = placeOf(followed(extra === undefined ? steps : [...steps, extra], references));
  const at = shorten(`#${instancePath}`);
  if (extra === undefined) return `${place}: ${at} ${message}`;
  const hint = isKeyword(extra) ? " (3.1 has it)" : suggest(extra, WORDS) || suggest(extra);
  return `${place}: ${at} must not have '${shorten(extra)}'${hint}`;
}

/** Where a part of the document with all references followed stands; as far as the way can be gone. */
function followed(steps: readonly string[], references: References): Location {
  let here = references.main;
  for (const step of steps) {
    const next = walk(references.follow(here), [step]);
    if (!next) return here;
    here = next;
  }
  return here;
}
