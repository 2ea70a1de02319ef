/**
 * Schemas as OpenAPI 3.0 and 3.1 have them, and what is said of values that do not fit.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { claim } from "../../claim.ts";
import { answerFaultsOf, bodyOperation, faultsOf, jsonAnswer, jsonRequest, operationOf } from "./messages.ts";

/** Checks values against a schema: those that fit, and those that do not, with what is said of them. */
async function check(
  schema: unknown,
  right: readonly unknown[],
  wrong: readonly (readonly [unknown, ...string[]])[],
  more: Record<string, unknown> = {},
): Promise<void> {
  const operation = await bodyOperation(schema, more);
  for (const value of right) assertEquals(await faultsOf(operation, jsonRequest(value)), [], JSON.stringify(value));
  for (const [value, ...faults] of wrong) {
    assertEquals(await faultsOf(operation, jsonRequest(value)), [422, ...faults], JSON.stringify(value));
  }
}

const NEW = { openapi: "3.1.0" };

claim("nullable lets null pass in 3.0", async () => {
  await check({ type: "string", nullable: true }, [null, "a"], [[1, "body must be a string or null"]]);
  await check({ type: "string", nullable: false }, ["a"], [[null, "body must be a string"]]);
  // Without a type it means nothing, and an enum must name null itself.
  await check({ nullable: true, enum: ["a"] }, ["a"], [[null, 'body must be "a"']]);
  await check({ type: "string", nullable: true, enum: ["a", null] }, ["a", null], []);
});

claim("types may be several in 3.1", async () => {
  await check({ type: ["string", "null"] }, [null, "a"], [[1, "body must be a string or null"]], NEW);
  await check({ type: ["integer", "boolean"] }, [1, true], [["", "body must be an integer or true or false"]], NEW);
});

claim("bounds are exclusive as either version says it", async () => {
  await check({ type: "number", minimum: 1, exclusiveMinimum: true }, [1.1], [[1, "body must be greater than 1"]]);
  await check({ type: "number", maximum: 1, exclusiveMaximum: true }, [0.9], [[1, "body must be less than 1"]]);
  await check({ type: "number", minimum: 1, exclusiveMinimum: false }, [1], [[0, "body must be at least 1"]]);
  await check({ type: "number", exclusiveMinimum: true }, [1], []);
  await check({ exclusiveMinimum: 1, exclusiveMaximum: 2 }, [1.5], [[1, "body must be greater than 1"], [
    2,
    "body must be less than 2",
  ]], NEW);
});

claim("formats are checked", async () => {
  const formats: [string, string, unknown, unknown][] = [
    ["integer", "int32", 2 ** 31 - 1, 2 ** 31],
    ["integer", "int64", 2 ** 53, 2 ** 70],
    ["string", "date-time", "2026-11-21T18:00:00.5+01:00", "2026-11-21 18:00"],
    ["string", "date", "2026-02-28", "2026-02-30"],
    ["string", "uuid", "123e4567-e89b-12d3-a456-426614174000", "123"],
    ["string", "email", "a@example.com", "a"],
    ["string", "uri", "http://example.com/", "example"],
    ["string", "ipv4", "127.0.0.1", "127.0.0.256"],
    ["string", "ipv6", "::1", "::g"],
    ["string", "hostname", "example.com", "-"],
    ["string", "byte", "YWI=", "YWI"],
    ["string", "regex", "^[\\w\\-]$", "("],
  ];
  for (const [type, format, right, wrong] of formats) {
    for (const more of [{}, NEW]) {
      await check({ type, format }, [right], [[wrong, `body must be in the format '${format}'`]], more);
    }
  }
});

claim("formats that nobody knows, and those that only describe, let all pass", async () => {
  for (const format of ["binary", "password", "unheard-of", "toString"]) {
    await check({ type: "string", format }, ["", "a"], []);
  }
  for (const format of ["float", "double"]) await check({ type: "number", format }, [1.5], []);
});

claim("a discriminator chooses the alternative, and its faults are told", async () => {
  const kind = { type: "string" };
  const components = {
    schemas: {
      Cat: { type: "object", required: ["kind", "claws"], properties: { kind, claws: { type: "integer" } } },
      Dog: { type: "object", required: ["kind"], properties: { kind, bark: { type: "string" } } },
    },
  };
  const oneOf = [{ $ref: "#/components/schemas/Cat" }, { $ref: "#/components/schemas/Dog" }];
  for (const openapi of ["3.0.3", "3.1.0"]) {
    await check({ oneOf, discriminator: { propertyName: "kind" } }, [{ kind: "Cat", claws: 5 }, {
      kind: "Dog",
      claws: "x",
    }], [
      [{ kind: "Cat" }, "body/claws is required"],
      [{ kind: "Dog", bark: 5 }, "body/bark must be a string"],
      [{ kind: "Cow" }, 'body/kind must be "Cat" or "Dog"'],
      [{}, "body/kind is required"],
      ["Cat", "body must be an object"],
    ], { openapi, components });
    const mapping = { kitty: "#/components/schemas/Cat", doggy: "Dog" };
    await check({ anyOf: oneOf, discriminator: { propertyName: "kind", mapping } }, [{ kind: "doggy" }, {
      kind: "Dog",
    }], [
      [{ kind: "kitty" }, "body/claws is required"],
      [{ kind: "Cow" }, 'body/kind must be "Cat", "Dog", "kitty" or "doggy"'],
    ], { openapi, components });
  }
});

claim("a discriminator without alternatives, or with some of no name, forbids nothing by itself", async () => {
  await check({ type: "object", discriminator: { propertyName: "kind" } }, [{}], []);
  const oneOf = [{ type: "object", required: ["a"] }, { type: "object", required: ["b"] }];
  await check({ oneOf, discriminator: { propertyName: "kind" } }, [{ a: 1 }], [[
    {},
    "body has none of the allowed forms",
  ]]);
});

claim("alternatives are told of as such", async () => {
  const oneOf = [{ type: "object", required: ["a"] }, { type: "object", required: ["b"] }];
  await check({ oneOf }, [{ a: 1 }], [
    [{}, "body has none of the allowed forms"],
    [{ a: 1, b: 1 }, "body must have only one of the allowed forms"],
  ]);
  await check({ anyOf: [{ type: "string" }, { type: "integer" }] }, ["", 1], [[
    null,
    "body has none of the allowed forms",
  ]]);
  await check({ not: { type: "string" } }, [1], [["", "body must not have the excluded form"]]);
  await check({ allOf: [{ minLength: 2 }, { maxLength: 3 }], type: "string" }, ["ab"], [[
    "a",
    "body must have at least 2 characters",
  ]]);
});

claim("every keyword has its words", async () => {
  await check({ type: "number", minimum: 1, maximum: 9, multipleOf: 2 }, [2], [
    [0, "body must be at least 1"],
    [10, "body must be at most 9"],
    [3, "body must be a multiple of 2"],
  ]);
  await check({ type: "string", minLength: 1, maxLength: 2, pattern: "^a" }, ["a", "a😀"], [
    ["", "body must have at least 1 character", "body must match the pattern ^a"],
    ["aaa", "body must have at most 2 characters"],
  ]);
  await check({ type: "array", items: {}, minItems: 1, maxItems: 3, uniqueItems: true }, [[1, "1"], [{ a: 1 }, [1]]], [
    [[], "body must have at least 1 element"],
    [[1, 2, 3, 4], "body must have at most 3 elements"],
    [[{ a: 1, b: 2 }, { b: 2, a: 1 }], "body must not have equal elements"],
  ]);
  await check({ type: "object", minProperties: 1, maxProperties: 2 }, [{ a: 1 }], [
    [{}, "body must have at least 1 property"],
    [{ a: 1, b: 2, c: 3 }, "body must have at most 2 properties"],
  ]);
  await check({ enum: ["a", 1, null] }, [null], [["b", 'body must be "a", 1 or null']]);
  await check({ type: "object", additionalProperties: { type: "integer" } }, [{ a: 1 }], [[
    { a: "" },
    "body/a must be an integer",
  ]]);
});

claim("keywords of 3.1 are checked", async () => {
  await check({ const: 5 }, [5], [[6, "body must be 5"]], NEW);
  await check({ prefixItems: [{ type: "string" }], items: false }, [["a"], []], [[
    ["a", 1],
    "body must have at most 1 element",
  ]], NEW);
  await check({ contains: { type: "string" }, minContains: 2 }, [["a", "b"]], [[
    ["a"],
    "body must have at least 2 elements of a certain form",
  ]], NEW);
  await check({ dependentRequired: { a: ["b"] } }, [{ a: 1, b: 1 }, {}], [[
    { a: 1 },
    "body must have 'b' if it has 'a'",
  ]], NEW);
  await check({ dependentSchemas: { a: { required: ["b"] } } }, [{}], [[{ a: 1 }, "body/b is required"]], NEW);
  await check({ propertyNames: { maxLength: 1 } }, [{ a: 1 }], [[
    { ab: 1 },
    "body has a property whose name is not allowed",
  ]], NEW);
  await check({ patternProperties: { "^x": { type: "integer" } } }, [{ a: "" }], [[
    { xa: "" },
    "body/xa must be an integer",
  ]], NEW);
  await check({ if: { type: "string" }, then: { minLength: 2 }, else: { minimum: 5 } }, ["ab", 5], [
    ["a", "body must have at least 2 characters"],
    [4, "body must be at least 5"],
  ], NEW);
  await check({ properties: { a: false } }, [{}], [[{ a: 1 }, "body/a is not expected here"]], NEW);
  await check(true, [1], [], NEW);
  await check(false, [], [[1, "body is not expected here"]], NEW);
});

claim("unevaluatedProperties sees through references", async () => {
  const components = { schemas: { Base: { type: "object", properties: { a: { type: "integer" } } } } };
  const schema = {
    allOf: [{ $ref: "#/components/schemas/Base" }],
    properties: { b: {} },
    unevaluatedProperties: false,
  };
  await check(schema, [{ a: 1, b: 2 }], [
    [{ a: 1, c: 2 }, "body/c is not expected here"],
    [{ a: "" }, "body/a must be an integer"],
  ], { ...NEW, components });
});

claim("patterns that escape more than Unicode rules allow are read without those", async () => {
  await check({ type: "string", pattern: "^[\\w\\-\\_\\.]+$" }, ["a-b_c.d"], [[
    "a b",
    "body must match the pattern ^[\\w\\-\\_\\.]+$",
  ]]);
  await check({ type: "string", pattern: "^\\p{L}$" }, ["ü"], [["1", "body must match the pattern ^\\p{L}$"]]);
});

claim("numbers beyond those of JSON's readers are refused", async () => {
  const operation = await bodyOperation({ type: "number" });
  const message = { ...jsonRequest(0), body: new TextEncoder().encode("1e999") };
  assertEquals(await faultsOf(operation, message), [422, "body must be a number"]);
});

claim("defaults are not put in", async () => {
  const operation = await bodyOperation({
    type: "object",
    required: ["a"],
    properties: { a: { type: "integer", default: 1 } },
  });
  assertEquals(await faultsOf(operation, jsonRequest({})), [422, "body/a is required"]);
});

claim("what is writeOnly must not be in an answer, and need not be although required", async () => {
  const schema = {
    type: "object",
    required: ["name", "password"],
    properties: {
      name: { type: "string" },
      password: { type: "string", writeOnly: true },
      old: { $ref: "#/components/schemas/Secret" },
    },
  };
  const components = { schemas: { Secret: { type: "string", writeOnly: true } } };
  const content = { "application/json": { schema } };
  const responses = { 200: { description: "d", content } };
  const operation = await operationOf({ requestBody: { content }, responses }, { components });
  assertEquals(await answerFaultsOf(operation, jsonAnswer({ name: "a" })), []);
  assertEquals(await answerFaultsOf(operation, jsonAnswer({ name: "a", password: "x", old: "y" })), [
    "body/password must not be in an answer: it is writeOnly",
    "body/old must not be in an answer: it is writeOnly",
  ]);
  assertEquals(await faultsOf(operation, jsonRequest({ name: "a" })), [422, "body/password is required"]);
});
