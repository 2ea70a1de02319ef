/**
 * What is wrong with a message, in words for people.
 *
 * Values of the message are never repeated: they may be long, or secret.
 *
 * @module
 */

import { WRITE_ONLY } from "./json_schema.ts";
import type { Violation } from "../request.ts";
import type { ErrorObject } from "ajv";

/** One thing that is wrong: where, as `body/pets/0/name`, and what. */
export type Fault = Violation["errors"][number];

/** So many faults are told of a message. */
export const MAX_FAULTS = 20;

/** Names that clients choose are cut to so many characters. */
const MAX_NAME = 64;
/** And the way to a place to so many steps. */
const MAX_STEPS = 16;

const TYPES: Readonly<Record<string, string>> = {
  ...{ string: "a string", number: "a number", integer: "an integer", boolean: "true or false" },
  ...{ array: "an array", object: "an object", null: "null" },
};

/**
 * Makes a violation of faults.
 *
 * @param status The status to refuse a request with.
 * @param faults What is wrong.
 * @returns The violation, or `undefined` if nothing is wrong.
 */
export function violationOf(status: Violation["status"], faults: readonly Fault[]): Violation | undefined {
  const [first] = faults;
  if (!first) return undefined;
  const more = faults.length > MAX_FAULTS ? `, and at least ${MAX_FAULTS} more` : `, and ${faults.length - 1} more`;
  const detail = `${first.where} ${first.message}${faults.length > 1 ? more : ""}`;
  return { status, detail, errors: faults.slice(0, MAX_FAULTS) };
}

/**
 * Puts what the validator found into words.
 *
 * @param errors What it found, with the schemas concerned.
 * @param root Where the checked value is, such as `body`.
 * @returns The faults, without those that only follow from others; at most one more than are told.
 */
export function faultsOf(errors: readonly ErrorObject[], root: string): Fault[] {
  const faults: Fault[] = [];
  const told = new Set<string>();
  const wrongTypes = new Set<string>();
  for (const error of withoutBranches(errors)) {
    if (error.keyword === "if" && errors.length > 1) continue;
    const where = placeIn(root, error);
    if (error.keyword === "type") wrongTypes.add(where);
    // What is no integer is no int64 either.
    else if (error.keyword === "format" && wrongTypes.has(where)) continue;
    const message = messageOf(error);
    const both = `${where} ${message}`;
    if (told.has(both)) continue;
    told.add(both);
    faults.push({ where, message });
    if (faults.length > MAX_FAULTS) break;
  }
  return faults;
}

/** Of alternatives none of which fits, it is told that none fits, not why each does not. */
function withoutBranches(errors: readonly ErrorObject[]): ErrorObject[] {
  const kept: ErrorObject[] = [];
  for (const error of errors) {
    if (["oneOf", "anyOf", "contains", "propertyNames"].includes(error.keyword)) {
      const { instancePath, parentSchema } = error;
      const isOf = (one: ErrorObject): boolean =>
        one.parentSchema !== parentSchema && `${one.instancePath}/`.startsWith(`${instancePath}/`);
      while (kept.length > 0 && isOf(kept.at(-1)!)) kept.pop();
    }
    kept.push(error);
  }
  return kept;
}

/** Where it is wrong: a property that is missing or too many is named itself. */
function placeIn(root: string, { instancePath, keyword, params }: ErrorObject): string {
  const steps = instancePath.split("/").slice(1).map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
  if (keyword === "required") steps.push(params.missingProperty);
  if (keyword === "additionalProperties") steps.push(params.additionalProperty);
  if (keyword === "unevaluatedProperties") steps.push(params.unevaluatedProperty);
  return inside(root, steps);
}

/**
 * Names a part of a value, short and printable whatever the client has called it.
 *
 * @param root Where the value is.
 * @param steps The way to the part.
 * @returns The name, such as `body/pets/0`.
 */
export function inside(root: string, steps: readonly string[]): string {
  const names = steps.slice(0, MAX_STEPS).map(printable);
  return [root, ...names, ...(steps.length > MAX_STEPS ? ["…"] : [])].join("/");
}

/** A name that a client chose, short and printable. */
export function printable(name: string): string {
  // deno-lint-ignore no-control-regex -- they are what must not get into a log
  const clean = name.slice(0, MAX_NAME).replaceAll(/[\x00-\x1f\x7f-\x9f\u2028\u2029]/g, "�").toWellFormed();
  return name.length > MAX_NAME ? `${clean}…` : clean;
}

function messageOf({ keyword, params }: ErrorObject): string {
  const limit = params.limit as number;
  switch (keyword) {
    case "type":
      return `must be ${[params.type].flat().map((type: string) => TYPES[type] ?? type).join(" or ")}`;
    case "required":
      return "is required";
    case "additionalProperties":
    case "unevaluatedProperties":
    case "false schema":
      return "is not expected here";
    case WRITE_ONLY:
      return "must not be in an answer: it is writeOnly";
    case "enum":
      return `must be ${listOf(params.allowedValues)}`;
    case "const":
      return `must be ${listOf([params.allowedValue])}`;
    case "format":
      return `must be in the format '${params.format}'`;
    case "pattern":
      return `must match the pattern ${cut(params.pattern)}`;
    case "multipleOf":
      return `must be a multiple of ${params.multipleOf}`;
    case "minimum":
      return `must be at least ${limit}`;
    case "maximum":
      return `must be at most ${limit}`;
    case "exclusiveMinimum":
      return `must be greater than ${limit}`;
    case "exclusiveMaximum":
      return `must be less than ${limit}`;
    case "minLength":
      return `must have at least ${count(limit, "character")}`;
    case "maxLength":
      return `must have at most ${count(limit, "character")}`;
    case "minItems":
      return `must have at least ${count(limit, "element")}`;
    case "maxItems":
    case "items":
    case "unevaluatedItems":
      return `must have at most ${count(limit ?? params.len, "element")}`;
    case "minProperties":
      return `must have at least ${count(limit, "property", "properties")}`;
    case "maxProperties":
      return `must have at most ${count(limit, "property", "properties")}`;
    case "uniqueItems":
      return "must not have equal elements";
    case "contains":
      return `must have at least ${count(params.minContains ?? 1, "element")} of a certain form`;
    case "dependentRequired":
    case "dependencies":
      return `must have '${params.missingProperty}' if it has '${params.property}'`;
    case "propertyNames":
      return "has a property whose name is not allowed";
    case "oneOf":
      return params.passingSchemas ? "must have only one of the allowed forms" : "has none of the allowed forms";
    case "anyOf":
      return "has none of the allowed forms";
    case "not":
      return "must not have the excluded form";
    default:
      return "does not have the allowed form";
  }
}

function listOf(values: readonly unknown[]): string {
  const shown = values.slice(0, 10).map((value) => cut(JSON.stringify(value)));
  const list = values.length > 10 ? [...shown, `one of ${values.length - 10} more`] : shown;
  return list.length === 1 ? list[0] : `${list.slice(0, -1).join(", ")} or ${list.at(-1)}`;
}

function count(number: number, noun: string, nouns = `${noun}s`): string {
  return `${number} ${number === 1 ? noun : nouns}`;
}

function cut(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
