/**
 * Any message: what fits a schema passes, what does not is refused, nothing throws.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { ApiDocument, OpenApiError } from "../../../src/proxy/openapi/mod.ts";
import { claim } from "../../claim.ts";
import { answer, bodyOperation, documentFile, faultsOf, jsonRequest, load, operationOf, request } from "./messages.ts";

/** A schema of OpenAPI 3.0, and values that fit it. */
interface Pair {
  schema: Record<string, unknown>;
  value: fc.Arbitrary<unknown>;
}

const NAME = fc.string({ minLength: 1, maxLength: 8 }).filter((name) => name !== "__proto__");

const { pair } = fc.letrec<{ pair: Pair }>((tie) => ({
  pair: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constant<Pair>({ schema: { type: "boolean" }, value: fc.boolean() }),
    fc.tuple(fc.integer(), fc.nat()).map(([minimum, width]): Pair => ({
      schema: { type: "integer", minimum, maximum: minimum + width },
      value: fc.integer({ min: minimum, max: Math.min(minimum + width, 2 ** 31 - 1) }),
    })),
    fc.nat({ max: 5 }).map((minLength): Pair => ({
      schema: { type: "string", minLength, maxLength: minLength + 5, nullable: true },
      // Lengths are those of code points.
      value: fc.option(fc.string({ unit: "binary", minLength, maxLength: minLength + 5 })),
    })),
    fc.constant<Pair>({ schema: { type: "number" }, value: fc.double({ noNaN: true, noDefaultInfinity: true }) }),
    fc.constant<Pair>({
      schema: { type: "string", format: "date-time" },
      value: fc.date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) }).map((date) => date.toISOString()),
    }),
    fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 4 }).map((values): Pair => ({
      schema: { type: "string", enum: values },
      value: fc.constantFrom(...values),
    })),
    tie("pair").map(({ schema, value }): Pair => ({
      schema: { type: "array", items: schema, maxItems: 3 },
      value: fc.array(value, { maxLength: 3 }),
    })),
    fc.dictionary(NAME, tie("pair"), { maxKeys: 3, noNullPrototype: true }).map((members): Pair => ({
      schema: {
        type: "object",
        // OpenAPI 3.0 does not allow an empty list.
        ...(Object.keys(members).length > 0 ? { required: Object.keys(members) } : {}),
        properties: Object.fromEntries(Object.entries(members).map(([name, { schema }]) => [name, schema])),
        additionalProperties: false,
      },
      value: fc.record(Object.fromEntries(Object.entries(members).map(([name, { value }]) => [name, value]))),
    })),
  ),
}));

claim("a value made for a schema passes, as a request and as an answer", async () => {
  const withValues = pair.chain(({ schema, value }) =>
    fc.tuple(fc.constant(schema), fc.array(value, { minLength: 1, maxLength: 5 }))
  );
  await fc.assert(
    fc.asyncProperty(withValues, async ([schema, values]) => {
      const content = { "application/json": { schema } };
      const operation = await operationOf({
        requestBody: { content },
        responses: { 200: { description: "d", content } },
      });
      for (const value of values) {
        assertEquals(await faultsOf(operation, jsonRequest(value)), []);
        const json = answer(200, [["content-type", "application/json"]], JSON.stringify(value));
        assertEquals(await operation.validateAnswer(json), undefined);
      }
    }),
    { numRuns: 40 },
  );
});

claim("a parameter written from a value is read as that value", async () => {
  const schema = {
    type: "object",
    additionalProperties: false,
    properties: {
      integer: { type: "integer" },
      flag: { type: "boolean" },
      text: { type: "string" },
    },
  };
  const parameters = [{ name: "p", in: "query", style: "deepObject", explode: true, schema }];
  const operation = await operationOf({ parameters });
  const value = fc.record({ integer: fc.maxSafeInteger(), flag: fc.boolean(), text: fc.string({ unit: "grapheme" }) });
  await fc.assert(fc.asyncProperty(value, async (members) => {
    const fields = Object.entries(members).map(([name, one]) => [`p[${name}]`, String(one)]);
    assertEquals(await faultsOf(operation, request({ query: new URLSearchParams(fields).toString() })), []);
  }));
});

claim("elements are told apart as JSON tells them", async () => {
  const operation = await bodyOperation({ type: "array", items: {}, uniqueItems: true });
  await fc.assert(fc.asyncProperty(fc.array(fc.jsonValue({ maxDepth: 2 }), { maxLength: 6 }), async (values) => {
    const items: unknown[] = JSON.parse(JSON.stringify(values));
    const isEqual = (a: unknown, b: unknown): boolean => {
      if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return a === b;
      const keys = Object.keys(a);
      return Array.isArray(a) === Array.isArray(b) && keys.length === Object.keys(b).length &&
        keys.every((key) => Object.hasOwn(b, key) && isEqual(a[key as keyof typeof a], b[key as keyof typeof b]));
    };
    const hasEqual = items.some((one, index) => items.slice(index + 1).some((other) => isEqual(one, other)));
    assertEquals((await faultsOf(operation, jsonRequest(items))).length > 0, hasEqual);
  }));
});

claim("no request and no answer makes the checks throw", async () => {
  const petstore = await ApiDocument.load(documentFile("petstore.yaml"));
  const schema = {
    type: "object",
    properties: { a: { type: "array", items: { type: "integer" } }, b: { type: "object" } },
  };
  const everything = await operationOf({
    parameters: [
      { name: "a", in: "query", style: "deepObject", explode: true, schema },
      {
        name: "b",
        in: "query",
        style: "pipeDelimited",
        explode: false,
        schema: { type: "array", items: { type: "integer" } },
      },
      { name: "c", in: "query", content: { "application/json": { schema } } },
      { name: "d", in: "query", explode: false, schema },
      { name: "e", in: "header", explode: true, schema },
      { name: "f", in: "cookie", schema },
    ],
    requestBody: { content: { "*/*": { schema } } },
    responses: { default: { description: "d", headers: { e: { schema } }, content: { "*/*": { schema } } } },
  });
  const operations = [everything, petstore.operation("/pets", "POST")!, petstore.operation("/pets/{x}", "GET")!];
  const types = ["application/json", "application/x-www-form-urlencoded", "text/plain; charset=utf-16", "a/b", ""];
  const contentType = fc.oneof(fc.constantFrom(...types, "multipart/form-data; boundary=b"), fc.string());
  const pieces = fc.array(
    fc.constantFrom(
      "a",
      "b",
      "=",
      "&",
      "[",
      "]",
      "%",
      "%C3",
      "%7C",
      "|",
      ",",
      "{",
      "}",
      '"',
      ":",
      "1",
      "--b\r\n",
      "\r\n",
      "--b--",
      'Content-Disposition: form-data; name="a"',
    ),
  );
  const text = fc.oneof(fc.string({ unit: "binary" }), pieces.map((all) => all.join("")), fc.json());
  const body = fc.oneof(
    text.map((one) => new TextEncoder().encode(one)),
    fc.uint8Array().map((one) => new Uint8Array(one)),
  );
  const message = fc.record({
    contentType,
    query: text,
    header: text,
    cookie: text,
    body,
    status: fc.integer({ min: 200, max: 599 }),
  });
  await fc.assert(
    fc.asyncProperty(message, async ({ contentType, query, header, cookie, body, status }) => {
      const headers = { "content-type": contentType, e: header, cookie };
      for (const operation of operations) {
        const violation = await operation.validateRequest(request({ headers, query, parameters: { x: header }, body }));
        assert(violation === undefined || [400, 415, 422].includes(violation.status));
        assert((violation?.errors.length ?? 0) <= 20);
        await operation.validateAnswer({ status, headers: [["Content-Type", contentType], ["E", header]], body });
      }
    }),
    { numRuns: 500 },
  );
});

claim("no text makes reading a document do anything but refuse it", async () => {
  const source = Deno.readTextFileSync(documentFile("petstore.yaml"));
  const edits = fc.tuple(
    fc.nat({ max: source.length }),
    fc.nat({ max: 40 }),
    fc.oneof(fc.string(), fc.constantFrom("$ref: x", "null", "[", "*a", "&a ", "<<: ", "type: 5")),
  );
  await fc.assert(
    fc.asyncProperty(edits, async ([at, length, text]) => {
      try {
        (await load(source.slice(0, at) + text + source.slice(at + length))).operation("/pets", "POST");
      } catch (error) {
        if (!(error instanceof OpenApiError)) throw error;
      }
    }),
    { numRuns: 60 },
  );
});
