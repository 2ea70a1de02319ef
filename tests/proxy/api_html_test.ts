import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { html } from "../../src/proxy/admin/html.ts";
import { OpenApiReader } from "../../src/proxy/admin/openapi_reader.ts";
import { apiHtml } from "../../src/proxy/admin/operation_html.ts";
import { SchemaPrinter } from "../../src/proxy/admin/schema_html.ts";
import { ProxyMetrics } from "../../src/proxy/metrics.ts";
import { claim } from "../claim.ts";
import { PETS_DOCUMENT } from "./pets_document.ts";

const routes = [new ProxyMetrics().route("GET", "/pets/{id}").figures];

/** What a reader sees of a schema. */
function schemaText(schema: unknown, document: unknown = {}): string {
  const markup = new SchemaPrinter(new OpenApiReader(document)).show(schema).toString();
  return markup.replaceAll(/<[^>]*>/g, " ").replaceAll("&quot;", '"').replaceAll(/\s+/g, " ").trim();
}

/** A document with one operation, which takes a body. */
function documentWith(schema: unknown): unknown {
  const requestBody = { content: { "application/json": { schema } } };
  return { paths: { "/pets/{petId}": { get: { requestBody } } } };
}

claim("text is escaped in markup, of lists each; nothing is nothing", () => {
  const all = html`<a title="${`<>&"'`}">${["a<", html`<b>${"c&"}</b>`, 7]}${undefined}${false}${0}</a>`;
  assertEquals(String(all), '<a title="&lt;&gt;&amp;&quot;&#39;">a&lt;<b>c&amp;</b>70</a>');
});

claim("a schema is told in words", () => {
  const texts: [unknown, string][] = [
    [{}, "anything"],
    [undefined, "anything"],
    [true, "anything"],
    [false, "nothing"],
    [{ type: "integer", format: "int64", exclusiveMinimum: 0 }, "integer (int64) · above 0"],
    [{ type: "string", nullable: true, pattern: "^a$" }, 'string or null · pattern "^a$"'],
    [{ type: ["string", "null"] }, "string or null"],
    [{ enum: ["a", 1, null] }, 'anything · one of "a", 1, null'],
    [{ const: { a: 1 } }, 'anything · always {"a":1}'],
    [{ type: "array", items: { type: "array", items: { type: "number" } } }, "array of array of number"],
    [{ type: "array", uniqueItems: true, minItems: 2 }, "array · at least 2 items · all different"],
    [{ properties: { a: {} }, required: ["a"] }, "object a required anything"],
    [{ type: "object", additionalProperties: { type: "string" } }, "object any other name string"],
    [{ allOf: [{ type: "string" }, { maxLength: 3 }] }, "all of string all of anything · at most 3 characters"],
    [{ type: "string", readOnly: true, deprecated: true }, "string · only in answers · deprecated"],
    [{ $ref: "other.yaml#/Pet" }, "Pet"],
    [{ type: "string", example: "a".repeat(300) }, `string · such as "${"a".repeat(199)}…`],
  ];
  for (const [schema, text] of texts) assertEquals(schemaText(schema), text);
});

claim("references are followed by their pointers, as far as they lead", () => {
  const document = { "a/b": { "c~d": { type: "string" } }, "p %": { type: "number" }, round: { $ref: "#/round" } };
  assertEquals(schemaText({ $ref: "#/a~1b/c~0d" }, document), "string");
  assertEquals(schemaText({ $ref: "#/p%20%25" }, document), "number");
  assertEquals(schemaText({ $ref: "#/p %" }, document), "number");
  for (const nowhere of ["#/nowhere", "#/round", "#/__proto__/x", "#/constructor", "https://example.org/#/Pet"]) {
    assertEquals(schemaText({ $ref: nowhere }, document).includes("·"), false, nowhere);
  }
});

claim("schemas that hold themselves are shown once, by reference or as resolved", () => {
  const document = { Tree: { type: "object", properties: { left: { $ref: "#/Tree" } } } };
  assertEquals(schemaText({ $ref: "#/Tree" }, document), "Tree left Tree · as above");
  const tree: Record<string, unknown> = { type: "object" };
  tree.properties = { left: tree, list: { type: "array", items: tree } };
  tree.default = tree;
  assertEquals(
    schemaText(tree),
    "object · … by default left object · … by default · as above list array of object · as above",
  );
  const list: Record<string, unknown> = { type: "array" };
  list.items = list;
  assert(schemaText(list).startsWith("array of array of array"));
});

claim("schemas that would be huge are cut, and a page of many has all of its operations", () => {
  let wide: unknown = { type: "string" };
  for (let level = 0; level < 8; level++) {
    wide = { properties: Object.fromEntries(Array.from("abcdefgh", (name) => [name, wide])) };
  }
  const text = schemaText(wide);
  assert(text.length < 20_000 && text.endsWith("…"), `${text.length}`);
  const get = { requestBody: { content: { "application/json": { schema: wide } } } };
  const paths = Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`/${at}`, { get }]));
  const markup = String(apiHtml({ paths }, []));
  assertEquals(markup.split("<details").length - 1, 500);
  assert(markup.length < 5_000_000, `${markup.length}`);
});

claim("operations and routes are matched whatever their placeholders are called", () => {
  const markup = String(apiHtml(documentWith({}), routes));
  assert(markup.includes('data-route="GET /pets/{id}"') && markup.includes("/pets/{petId}"));
  assert(!markup.includes("no route") && !markup.includes("Not in the document"));
});

claim("parameters of an operation go before those of its path", () => {
  const item = {
    parameters: [{ name: "a", in: "query", description: "of the path" }, { name: "a", in: "header" }],
    get: {
      parameters: [{
        name: "a",
        in: "query",
        description: "of the operation",
        content: { "text/plain": { schema: { type: "string" } } },
      }],
    },
  };
  const [{ parameters }] = new OpenApiReader({ paths: { "/": item } }).operations;
  assertEquals(parameters.map(({ place, description }) => [place, description]), [["query", "of the operation"], [
    "header",
    "",
  ]]);
  assertEquals(parameters[0].schema, { type: "string" });
});

claim("whatever stands in a document, a page comes of it", () => {
  const keys = fc.constantFrom(
    ...["paths", "/a", "get", "parameters", "requestBody", "responses", "content", "schema", "properties", "items"],
    ...[
      "$ref",
      "type",
      "required",
      "enum",
      "allOf",
      "200",
      "application/json",
      "description",
      "__proto__",
      "name",
      "in",
    ],
  );
  const values = fc.letrec((tie) => ({
    any: fc.oneof(
      { maxDepth: 10 },
      fc.constantFrom<unknown>(null, true, 1, "", "object", "#/paths", "#/paths/~1a/get", "<script>", '">'),
      fc.dictionary(keys, tie("any")),
      fc.array(tie("any"), { maxLength: 4 }),
    ),
  })).any;
  fc.assert(fc.property(values, (value) => {
    for (const document of [value, { paths: { "/a": { get: value } } }, documentWith(value)]) {
      const markup = String(apiHtml(document, routes));
      assert(!markup.includes("<script>") && !markup.includes("[object Object]"));
    }
  }));
});

claim("an unsound copy of a real document comes out as well", () => {
  const text = JSON.stringify(PETS_DOCUMENT);
  fc.assert(fc.property(fc.nat(text.length), fc.constantFrom("null", "[]", '"x"', "7", "{}"), (at, other) => {
    const cut = text.slice(at).replace(/[:,](\{[^{}]*\}|\[[^[\]]*\]|"[^"\\]*")/, (all) => all[0] + other);
    let document: unknown;
    try {
      document = JSON.parse(text.slice(0, at) + cut);
    } catch {
      return; // Not even JSON.
    }
    assert(String(apiHtml(document, routes)).includes("<details"));
  }));
});
