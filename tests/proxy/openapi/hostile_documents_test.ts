/**
 * Documents that would take all memory or all time.
 *
 * @module
 */

import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { ApiDocument, OpenApiError } from "../../../src/proxy/openapi/mod.ts";
import { MAX_SOURCE_BYTES } from "../../../src/proxy/openapi/source.ts";
import { claim, OwnDirectory } from "../../claim.ts";
import { bodyOperation, documentOf, faultsOf, jsonRequest, load, request } from "./messages.ts";

const HEAD = 'openapi: 3.0.3\ninfo: {title: T, version: "1"}\npaths: {}\n';

async function refusalOf(document: unknown): Promise<string> {
  return (await assertRejects(() => load(document), OpenApiError)).message;
}

claim("a bomb of aliases is refused", async () => {
  const levels = Array.from({ length: 12 }, (_, index) => {
    const before = index === 0 ? "1" : `*l${index - 1}`;
    return `x-${index}: &l${index} [${Array(9).fill(before).join(", ")}]`;
  });
  assertStringIncludes(await refusalOf(HEAD + levels.join("\n")), "Excessive alias count");
});

claim("an alias that contains itself harms nothing", async () => {
  await load(`${HEAD}x-a: &a [*a]\n`);
  const schema = "{type: object, properties: &p {again: {type: object, properties: *p}}}";
  const body =
    `paths: {/x: {post: {requestBody: {content: {application/json: {schema: ${schema}}}}, responses: {"200": {description: d}}}}}`;
  await assertRejects(async () => (await load(HEAD.replace("paths: {}", body))).operation("/x", "POST"), OpenApiError);
});

claim("anchors and merge keys may be used as often as people do", async () => {
  const pieces = Array.from({ length: 300 }, (_, index) => `  x-${index}: {<<: *one, b: 1}`).join("\n");
  const document = await load(`${HEAD}x-one: &one {a: 1}\nx-all:\n${pieces}\n`);
  // deno-lint-ignore no-explicit-any -- the document is as deep as it is
  assertEquals((document.document as any)["x-all"]["x-299"], { a: 1, b: 1 });
});

claim("what nests too deeply is refused, in YAML as in JSON", async () => {
  const deep = (levels: number): string => "[".repeat(levels) + "]".repeat(levels);
  assertStringIncludes(await refusalOf(`${HEAD}x-a: ${deep(20_000)}`), ":4:");
  assertStringIncludes(await refusalOf(`${HEAD}x-a: ${deep(20_000)}`), "nested too deeply");
  using directory = new OwnDirectory();
  const text = JSON.stringify(documentOf({ "x-a": 0 })).replace('"x-a":0', `"x-a":${deep(100_000)}`);
  Deno.writeTextFileSync(directory.file("api.json"), text);
  const document = await ApiDocument.load(directory.file("api.json")).catch((error) => error);
  assert(document instanceof ApiDocument || document instanceof OpenApiError);
});

claim("a file that is too large is refused before it is read", async () => {
  using directory = new OwnDirectory();
  using file = Deno.openSync(directory.file("api.yaml"), { create: true, write: true });
  file.truncateSync(MAX_SOURCE_BYTES + 1);
  const error = await assertRejects(() => ApiDocument.load(directory.file("api.yaml")), OpenApiError);
  assertStringIncludes(error.message, `has ${MAX_SOURCE_BYTES + 1} bytes; at most ${MAX_SOURCE_BYTES} are read`);
});

claim("too many files are refused", async () => {
  using directory = new OwnDirectory();
  for (let index = 0; index <= 1000; index++) {
    Deno.writeTextFileSync(directory.file(`s${index}.json`), `{"items": {"$ref": "s${index + 1}.json"}}`);
  }
  const document = documentOf({ requestBody: { content: { "application/json": { schema: { $ref: "s0.json" } } } } });
  Deno.writeTextFileSync(directory.file("api.yaml"), JSON.stringify(document));
  const error = await assertRejects(() => ApiDocument.load(directory.file("api.yaml")), OpenApiError);
  assertStringIncludes(error.message, "refers to more than 1000 files");
});

claim("references that double at every step are followed only where a message goes", async () => {
  for (const openapi of ["3.0.3", "3.1.0"]) {
    const to = (index: number) => ({ $ref: `#/components/schemas/S${index}` });
    const schemas = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`S${index}`, {
      type: "object",
      properties: { a: to(index + 1), b: to(index + 1) },
    }]));
    const components = { schemas: { ...schemas, S40: { type: "string" } } };
    const operation = await bodyOperation(to(0), { openapi, components });
    assertEquals(await faultsOf(operation, jsonRequest({ a: { b: { a: 1 } } })), [422, "body/a/b/a must be an object"]);
  }
});

claim("hundreds of schemas may refer to each other", async () => {
  const number = 400;
  const schemas = Object.fromEntries(Array.from({ length: number }, (_, index) => [`S${index}`, {
    type: "object",
    properties: Object.fromEntries([1, 7, 31, 101].map((step) => [
      `p${step}`,
      { $ref: `#/components/schemas/S${(index * 3 + step) % number}` },
    ])),
  }]));
  const operation = await bodyOperation({ $ref: "#/components/schemas/S0" }, { components: { schemas } });
  assertEquals(await faultsOf(operation, jsonRequest({ p1: { p7: 5 } })), [422, "body/p1/p7 must be an object"]);
});

claim("a schema that is part of itself refuses, and does not hang", async () => {
  const components = { schemas: { A: { allOf: [{ $ref: "#/components/schemas/A" }] } } };
  const operation = await bodyOperation({ $ref: "#/components/schemas/A" }, { components });
  assertEquals(await faultsOf(operation, jsonRequest({})), [422, "body is nested too deeply"]);
});

claim("names out of JavaScript are names like others", async () => {
  const properties = JSON.parse(
    '{"__proto__": {"type": "string"}, "constructor": {"type": "integer"}, "toString": {}}',
  );
  const operation = await bodyOperation({ type: "object", properties, required: ["constructor"] });
  assertEquals(await faultsOf(operation, jsonRequest({})), [422, "body/constructor is required"]);
  const body = '{"__proto__": 1, "constructor": 2}';
  const message = request({ headers: { "content-type": "application/json" }, body });
  assert((await faultsOf(operation, message)).length <= 2);
  const plain: Record<string, unknown> = {};
  assertEquals([plain.type, Object.keys(Object.prototype)], [undefined, []]);
});
