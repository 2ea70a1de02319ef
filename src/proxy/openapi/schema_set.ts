/**
 * The schemas of a document, compiled.
 *
 * @module
 */

import { areDistinct } from "./equality.ts";
import { OpenApiError, withinStack } from "./errors.ts";
import { type Fault, faultsOf } from "./faults.ts";
import { type Conversion, type Direction, toJsonSchema, WRITE_ONLY } from "./json_schema.ts";
import { patternOf } from "./patterns.ts";
import { type Location, placeOf, walk } from "./location.ts";
import type { References } from "./references.ts";
import type { Ajv as Validator, ErrorObject, Options, ValidateFunction } from "ajv";

/** A value of more bytes is checked only up to its first fault: it could have a million. */
const THOROUGH_BYTES = 64 * 1024;

/**
 * Checks a value.
 *
 * @param value The value.
 * @param where Where it is, such as `query.limit` or `body`.
 * @param bytes How large it is, about.
 * @returns What is wrong with it.
 */
export type Check = (value: unknown, where: string, bytes: number) => Fault[];

/**
 * A reference, followed when the check runs. The validator's own `$ref` compiles what it leads to at once, and where
 * hundreds of schemas refer to each other the stack does not suffice for that.
 */
const REFERENCE = "ipcxRef";

/** Makes checks of schemas for messages of one direction. */
export class SchemaSet {
  readonly #thorough: Validator;
  readonly #quick: Validator;
  readonly #conversion: Conversion;
  readonly #names = new Map<string, string>();
  readonly #waiting: Location[] = [];

  private constructor(
    make: (options: Options) => Validator,
    references: References,
    is30: boolean,
    direction: Direction,
  ) {
    this.#thorough = make({ allErrors: true });
    this.#quick = make({});
    // Only the validator's own references tell `unevaluatedProperties` what has been looked at.
    const keyword = references.hasUnevaluated ? "$ref" : REFERENCE;
    this.#conversion = { is30, direction, references, refer: (target) => ({ [keyword]: this.#nameOf(target) }) };
  }

  /**
   * Loads the validator.
   *
   * @param references The document.
   * @param is30 Whether it is of OpenAPI 3.0.
   * @param direction Which messages will be checked.
   * @returns No schemas yet.
   */
  static async load(references: References, is30: boolean, direction: Direction): Promise<SchemaSet> {
    const [{ Ajv }, { Ajv2020 }, { default: formats }] = await Promise.all([
      import("ajv"),
      import("ajv/dist/2020.js"),
      import("ajv-formats"),
    ]);
    const regExp = Object.assign((pattern: string) => patternOf(pattern), { code: "patternOf" });
    const make = (options: Options): Validator => {
      const all: Options = {
        ...options,
        strict: false,
        strictNumbers: true,
        ownProperties: true,
        verbose: true,
        logger: false,
        code: { regExp },
      };
      const ajv: Validator = is30 ? new Ajv(all) : new Ajv2020(all) as unknown as Validator;
      formats.default(ajv);
      ajv.addFormat("regex", isPattern);
      // The package takes any integer for one of 64 bits.
      ajv.addFormat("int64", { type: "number", validate: isInt64 });
      ajv.removeKeyword("uniqueItems");
      ajv.addKeyword({
        keyword: "uniqueItems",
        type: "array",
        validate: (isWanted: boolean, items: unknown[]) => !isWanted || areDistinct(items),
      });
      ajv.addKeyword({ keyword: WRITE_ONLY, validate: () => false });
      ajv.addKeyword({ keyword: REFERENCE, errors: "full", compile: (name: string) => referenceTo(ajv, name) });
      return ajv;
    };
    return new SchemaSet(make, references, is30, direction);
  }

  /**
   * Compiles a schema, and all that it refers to.
   *
   * @param schema Where it is.
   * @returns The check.
   * @throws {OpenApiError} If it is no proper schema; with its place.
   */
  compile(schema: Location): Check {
    const name = this.#nameOf(schema);
    const added: Location[] = [];
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
      this.#add(next);
      added.push(next);
    }
    for (const one of added) compiled(this.#thorough, this.#nameOf(one), one);
    const validateAll = compiled(this.#thorough, name, schema);
    let validateQuickly: ValidateFunction | undefined;
    return (value, where, bytes) => {
      const isLarge = bytes > THOROUGH_BYTES;
      const validate = isLarge ? validateQuickly ??= compiled(this.#quick, name, schema) : validateAll;
      try {
        return validate(value) ? [] : faultsOf(validate.errors ?? [], where);
      } catch (error) {
        if (error instanceof RangeError) return [{ where, message: "is nested too deeply" }];
        throw error;
      }
    };
  }

  #nameOf(target: Location): string {
    const key = keyOf(target);
    let name = this.#names.get(key);
    if (name === undefined) {
      name = `ipcx:${this.#names.size}`;
      this.#names.set(key, name);
      this.#waiting.push(target);
    }
    return name;
  }

  #add(location: Location): void {
    const schema = withinStack(() => placeOf(location), () => toJsonSchema(location, this.#conversion));
    if (!this.#thorough.validateSchema(schema)) {
      // The deepest is the cause, those above it follow.
      const [error] = this.#thorough.errors!.toSorted((a, b) => b.instancePath.length - a.instancePath.length);
      const steps = error.instancePath.split("/").slice(1).map((step) =>
        step.replaceAll("~1", "/").replaceAll("~0", "~")
      );
      const [fault] = faultsOf([error], "schema");
      throw new OpenApiError(`${placeOf(deepest(location, steps))}: ${steps.at(-1) ?? "the schema"} ${fault.message}`);
    }
    for (const ajv of [this.#thorough, this.#quick]) {
      ajv.addSchema(schema, this.#names.get(keyOf(location)), undefined, false);
    }
  }
}

/** The check of one reference, as the validator calls it. */
interface Follow {
  (value: unknown, context?: Parameters<ValidateFunction>[1]): boolean;
  errors?: ErrorObject[];
}

function referenceTo(ajv: Validator, name: string): Follow {
  let target: ValidateFunction | undefined;
  const follow: Follow = (value, context) => {
    target ??= ajv.getSchema(name)!;
    if (target(value, context)) return true;
    follow.errors = target.errors!;
    return false;
  };
  return follow;
}

function compiled(ajv: Validator, name: string, schema: Location): ValidateFunction {
  return withinStack(() => placeOf(schema), () => {
    try {
      return ajv.getSchema(name)!;
    } catch (cause) {
      if (cause instanceof RangeError) throw cause;
      throw new OpenApiError(`${placeOf(schema)}: ${(cause as Error).message}`, { cause });
    }
  });
}

/** As far as the way goes in the document; the converted schema may have more. */
function deepest(location: Location, steps: readonly string[]): Location {
  for (let length = steps.length; length > 0; length--) {
    const found = walk(location, steps.slice(0, length));
    if (found) return found;
  }
  return location;
}

function isInt64(value: number): boolean {
  // The largest, 2 ** 63 - 1, is read from JSON as 2 ** 63.
  return Number.isInteger(value) && Math.abs(value) <= 2 ** 63;
}

function isPattern(text: string): boolean {
  try {
    patternOf(text);
    return true;
  } catch {
    return false;
  }
}

function keyOf({ source, pointer }: Location): string {
  return `${source.url}#${JSON.stringify(pointer)}`;
}
