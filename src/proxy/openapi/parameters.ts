/**
 * The parameters of requests: path, query, header and cookie.
 *
 * @module
 */

import { OpenApiError } from "./errors.ts";
import type { Fault } from "./faults.ts";
import { isJson, parseMediaType } from "./media_type.ts";
import { type Location, placeOf, walk } from "./location.ts";
import type { References } from "./references.ts";
import type { Check, SchemaSet } from "./schema_set.ts";
import { fromText, type Shape, shapeOf, UNKNOWN } from "./shape.ts";
import { decode, type Fields, readFields, readText, splitFields, type Style, StyleError } from "./styles.ts";
import type { FrontRequest } from "../request.ts";

/** A parameter as the document has it. */
interface ParameterObject {
  name: string;
  in: "path" | "query" | "header" | "cookie";
  required?: boolean;
  allowEmptyValue?: boolean;
  style?: string;
  explode?: boolean;
  schema?: unknown;
  content?: Record<string, unknown>;
}

/** Finds the faults of one parameter in a request. */
type ParameterCheck = (request: FrontRequest, query: Fields, cookies: Fields) => Fault[];

/** These header fields are told of elsewhere in a document; here they do not count. */
const IGNORED_HEADERS = new Set(["accept", "content-type", "authorization"]);

const DEFAULT_STYLES = { path: "simple", header: "simple", query: "form", cookie: "form" } as const;

/**
 * Makes the check of an operation's parameters.
 *
 * @param parameters The parameters, references followed.
 * @param names For each path parameter its name in the route's path.
 * @param schemas Compiles their schemas.
 * @param references Finds what they refer to.
 * @returns The check.
 * @throws {OpenApiError} For a parameter that cannot be checked.
 */
export function checkOfParameters(
  parameters: readonly Location[],
  names: ReadonlyMap<string, string>,
  schemas: SchemaSet,
  references: References,
): (request: FrontRequest) => Fault[] {
  const declared = new Set(
    parameters.map(({ value }) => value as ParameterObject).filter((one) => one.in === "query").map(({ name }) => name),
  );
  const checks = parameters.flatMap((location) => {
    const parameter = location.value as ParameterObject;
    if (parameter.in === "header" && IGNORED_HEADERS.has(parameter.name.toLowerCase())) return [];
    const routeName = names.get(parameter.name);
    if (parameter.in === "path" && routeName === undefined) {
      throw new OpenApiError(`${placeOf(location)}: the path has no '{${parameter.name}}'`);
    }
    return [checkOf(location, routeName ?? "", declared, schemas, references)];
  });
  const hasCookies = parameters.some(({ value }) => (value as ParameterObject).in === "cookie");
  return (request) => {
    const query = declared.size > 0 ? splitFields(request.query) : new Map();
    const cookies = hasCookies ? splitCookies(request.headers.cookie ?? "") : new Map();
    return checks.flatMap((check) => check(request, query, cookies));
  };
}

function checkOf(
  location: Location,
  routeName: string,
  declared: ReadonlySet<string>,
  schemas: SchemaSet,
  references: References,
): ParameterCheck {
  const parameter = location.value as ParameterObject;
  const where = `${parameter.in}.${parameter.name}`;
  const [range] = Object.keys(parameter.content ?? {});
  const schema = walk(location, range === undefined ? ["schema"] : ["content", range, "schema"]);
  const check: Check = schema ? schemas.compile(schema) : () => [];
  const shape = schema ? shapeOf(schema, references) : UNKNOWN;
  const read = range === undefined
    ? readerOf(parameter, routeName, shape, declared)
    : contentReaderOf(parameter, routeName, range, shape);
  return (request, query, cookies) => {
    try {
      const value = read(request, query, cookies);
      if (value === undefined) return parameter.required ? [{ where, message: "is required" }] : [];
      const isEmpty = parameter.in === "query" && parameter.allowEmptyValue === true &&
        isSingleEmpty(query.get(parameter.name));
      return isEmpty ? [] : check(value, where, 0);
    } catch (error) {
      if (error instanceof StyleError) return [{ where, message: error.message }];
      throw error;
    }
  };
}

type Reader = (request: FrontRequest, query: Fields, cookies: Fields) => unknown;

function readerOf(parameter: ParameterObject, routeName: string, shape: Shape, declared: ReadonlySet<string>): Reader {
  const { name } = parameter;
  const styleName = parameter.style ?? DEFAULT_STYLES[parameter.in];
  const style: Style = { name: styleName, explode: parameter.explode ?? styleName === "form" };
  const isOthers = (field: string): boolean => declared.has(field);
  switch (parameter.in) {
    case "query":
      return (_, query) => readFields(query, name, style, shape, isOthers);
    case "cookie":
      return (_request, _query, cookies) => readFields(cookies, name, style, shape);
    case "header": {
      const field = name.toLowerCase();
      return ({ headers }) => headers[field] === undefined ? undefined : readText(headers[field], name, style, shape);
    }
    case "path":
      return ({ parameters }) => {
        const text = parameters[routeName];
        return text === undefined ? undefined : readText(text, name, style, shape);
      };
  }
}

/** A parameter that holds a document of its own, mostly JSON. */
function contentReaderOf(parameter: ParameterObject, routeName: string, range: string, shape: Shape): Reader {
  const isDocument = isJson(parseMediaType(range)?.essence ?? "");
  const parse = (text: string): unknown => {
    if (!isDocument) return fromText(text, shape);
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw new StyleError("is not valid JSON", { cause });
    }
  };
  const { name } = parameter;
  return ({ headers, parameters }, query, cookies) => {
    if (parameter.in === "header") return parsed(headers[name.toLowerCase()]);
    if (parameter.in === "path") return parsed(parameters[routeName]);
    const values = (parameter.in === "query" ? query : cookies).get(name);
    if (values && values.length > 1) throw new StyleError("is given more than once");
    return parsed(values === undefined ? undefined : decode(values[0]));
  };

  function parsed(text: string | undefined): unknown {
    return text === undefined ? undefined : parse(text);
  }
}

function splitCookies(header: string): Fields {
  const cookies = new Map<string, string[]>();
  for (const pair of header.split(";")) {
    const at = pair.indexOf("=");
    if (at < 0) continue;
    const name = pair.slice(0, at).trim();
    // A plus sign means a blank in queries only.
    const value = pair.slice(at + 1).trim().replace(/^"(.*)"$/, "$1").replaceAll("+", "%2B");
    const values = cookies.get(name);
    if (values) values.push(value);
    else cookies.set(name, [value]);
  }
  return cookies;
}

function isSingleEmpty(values: readonly string[] | undefined): boolean {
  return values?.length === 1 && values[0] === "";
}
