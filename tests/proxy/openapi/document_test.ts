/**
 * Documents that are refused, and where the message says that they are wrong.
 *
 * @module
 */

import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { ApiDocument, OpenApiError } from "../../../src/proxy/openapi/mod.ts";
import { claim, OwnDirectory } from "../../claim.ts";
import { bodyOperation, documentOf, load, operationOf } from "./messages.ts";

/** What is said of a document, without the name of its folder. */
async function refusalOf(text: string, name = "api.yaml"): Promise<string> {
  using directory = new OwnDirectory();
  const file = directory.file(name);
  Deno.writeTextFileSync(file, text);
  const error = await assertRejects(() => ApiDocument.load(file), OpenApiError);
  return error.message.replaceAll(`${directory.path}/`, "");
}

const HEAD = 'openapi: 3.0.3\ninfo: {title: T, version: "1"}\n';

claim("other versions than 3.0 and 3.1 are refused", async () => {
  assertEquals(
    await refusalOf('swagger: "2.0"\npaths: {$ref: "http://example.com/x"}'),
    "api.yaml:1:1: Swagger 2.0 is not supported: convert it to OpenAPI 3",
  );
  const supported = "3.0.0–3.0.4 and 3.1.0–3.1.2 are";
  for (const version of ["3.2.0", "4.0.0", "3.0", "x"]) {
    const message = await refusalOf(`info: {}\nopenapi: "${version}"\npaths: {}`);
    assertEquals(message, `api.yaml:2:1: OpenAPI '${version}' is not supported: ${supported}`);
  }
  assertEquals(
    await refusalOf("openapi: 3.0\npaths: {}"),
    'api.yaml:1:1: the version of OpenAPI must be quoted text such as "3.0.3"',
  );
});

claim("a version of the API that is a number is refused at its place", async () => {
  assertEquals(
    await refusalOf("openapi: 3.0.3\ninfo:\n  title: T\n  version: 1.0\npaths: {}"),
    'api.yaml:4:3: the version of the API must be quoted text such as "1.0.0"',
  );
});

claim("every patch version of 3.0 and 3.1 is read", async () => {
  for (const openapi of ["3.0.0", "3.0.1", "3.0.2", "3.0.3", "3.0.4", "3.1.0", "3.1.1", "3.1.2"]) {
    const document = await load({ ...documentOf({}), openapi });
    assert(document.operation("/x", "POST"), openapi);
  }
});

claim("what is no document of OpenAPI is refused", async () => {
  for (const text of ["", "text", "[1]", "null", "42"]) {
    assertEquals(await refusalOf(text), "api.yaml: is not an OpenAPI document: it is no map");
  }
  assertEquals(await refusalOf("a: 1"), "api.yaml: is not an OpenAPI document: it has no 'openapi'");
  assertEquals(await refusalOf("openapi: 3.1.0"), "api.yaml: is of no use here: it has no 'paths'");
});

claim("a file that cannot be read is told of", async () => {
  using directory = new OwnDirectory();
  const missing = await assertRejects(() => ApiDocument.load(directory.file("none.yaml")), OpenApiError);
  assertStringIncludes(missing.message, "none.yaml: cannot be read: No such file");
  const elsewhere = await assertRejects(() => ApiDocument.load(directory.file("no/none.yaml")), OpenApiError);
  assertStringIncludes(elsewhere.message, "none.yaml: cannot be read: No such file");
  const folder = await assertRejects(() => ApiDocument.load(directory.path), OpenApiError);
  assertStringIncludes(folder.message, "is not a regular file");
  Deno.writeFileSync(directory.file("latin.yaml"), new Uint8Array([0x61, 0xe4]));
  const latin = await assertRejects(() => ApiDocument.load(directory.file("latin.yaml")), OpenApiError);
  assertStringIncludes(latin.message, "latin.yaml: is not UTF-8");
});

claim("broken YAML and JSON are told of with line and column", async () => {
  const flow = await refusalOf("openapi: 3.0.3\ninfo: {a: b\npaths: {}");
  assert(flow.startsWith("api.yaml:3:1: "), flow);
  assertEquals(
    await refusalOf('{"openapi": "3.0.0",\n "info": {"title": "x" "version": 1}}', "api.json"),
    "api.json:2:24: Unexpected double-quoted-scalar token",
  );
  assertEquals(await refusalOf("openapi: 3.0.3\npaths: {}\npaths: {}"), "api.yaml:3:1: the key 'paths' is there twice");
  assertStringIncludes(await refusalOf("openapi: *nothing"), "api.yaml: Unresolved alias");
});

claim("what the specification does not allow is told of with place and pointer", async () => {
  assertEquals(
    await refusalOf(`${HEAD}paths:\n  /x:\n    get:\n      summary: no responses\n`),
    "api.yaml:5:5: #/paths/~1x/get must have required property 'responses'",
  );
  const typo = `${HEAD}paths:\n  /x:\n    get:\n      sumary: S\n      responses: {"200": {description: d}}\n`;
  assertEquals(await refusalOf(typo), "api.yaml:6:7: #/paths/~1x/get must not have 'sumary' (did you mean 'summary'?)");
  assertEquals(
    await refusalOf("openapi: 3.1.0\ninfo: {title: T}\npaths: {}"),
    "api.yaml:2:1: #/info must have required property 'version'",
  );
});

claim("several faults of a document are told of at once, at most ten", async () => {
  const paths = Array.from({ length: 20 }, (_, index) => `  /p${index}: {get: {}}`).join("\n");
  const lines = (await refusalOf(`${HEAD}paths:\n${paths}\n`)).split("\n");
  assertEquals(lines.length, 10);
  assertEquals(lines[1], "api.yaml:5:9: #/paths/~1p1/get must have required property 'responses'");
});

claim("a slip in a schema of 3.0 is refused at its place, with a suggestion", async () => {
  const schema = `${HEAD}paths: {}\ncomponents:\n  schemas:\n    A:\n      type: string\n      minLenght: 3\n`;
  assertEquals(
    await refusalOf(schema),
    "api.yaml:8:7: #/components/schemas/A must not have 'minLenght' (did you mean 'minLength'?)",
  );
});

claim("a slip in a schema of 3.1 is refused when its operation is compiled", async () => {
  const refused = async (schema: unknown): Promise<string> => {
    const error = await assertRejects(() => bodyOperation(schema, { openapi: "3.1.0" }), OpenApiError);
    return error.message.replace(/^.*:\d+:\d+: /, "");
  };
  assertEquals(
    await refused({ type: "string", minLenght: 3 }),
    "unknown keyword 'minLenght' in a schema (did you mean 'minLength'?)",
  );
  assertEquals(
    await refused({ properties: { a: { colour: "red" } } }),
    "unknown keyword 'colour' in a schema; keywords of one's own begin with x-",
  );
  assertEquals(
    await refused({ type: "strng" }),
    'type must be "array", "boolean", "integer", "null", "number", "object" or "string"',
  );
  assertEquals(await refused({ maximum: "5" }), "maximum must be a number");
  assertEquals(await refused({ pattern: "(" }), "Invalid regular expression: /(/: Unterminated group");
  assertEquals(
    await refused({ patternProperties: { "[": true } }),
    "Invalid regular expression: /[/: Unterminated character class",
  );
  assertEquals(await refused({ properties: [] }), "properties must be an object");
  assertEquals(await refused({ allOf: {} }), "allOf must be an array");
  assertEquals(await refused({ items: 5 }), "a schema is a map");
});

claim("a keyword of 3.1 in a document of 3.0 is refused", async () => {
  const error = await assertRejects(() => bodyOperation({ const: 1 }), OpenApiError);
  assert(error.message.endsWith("/schema must not have 'const' (3.1 has it)"), error.message);
});

claim("keywords of OpenAPI and of one's own are no slips", async () => {
  const annotations = {
    title: "t",
    description: "d",
    default: 1,
    deprecated: true,
    example: 2,
    "x-mine": { $ref: "#/no" },
  };
  const more = { externalDocs: { url: "http://example.com" }, xml: { name: "n" } };
  await bodyOperation({ type: "integer", ...annotations, ...more });
  const newer = { examples: [1], $comment: "c", contentEncoding: "base64", contentMediaType: "a/b", contentSchema: {} };
  await bodyOperation({ type: "integer", ...annotations, ...more, ...newer, $defs: {} }, { openapi: "3.1.0" });
});

claim("a parameter of a path that does not have it is refused", async () => {
  const parameters = [{ name: "id", in: "path", required: true, schema: { type: "string" } }];
  const error = await assertRejects(() => operationOf({ parameters }), OpenApiError);
  assertStringIncludes(error.message, "the path has no '{id}'");
  const document = await load({
    ...documentOf({}),
    paths: { "/{a}/{a}": { get: { responses: { 200: { description: "d" } } } } },
  });
  let message = "";
  try {
    document.operation("/{a}/{b}", "GET");
  } catch (thrown) {
    message = (thrown as Error).message;
  }
  assertStringIncludes(message, "two parameters of the path have one name");
});

claim("the document is there with its references followed, those to what contains them kept", async () => {
  const node = { type: "object", properties: { next: { $ref: "#/components/schemas/Node" } } };
  const schema = { $ref: "#/components/schemas/Node" };
  const operation = { requestBody: { content: { "application/json": { schema, example: { $ref: "x" } } } } };
  const { document } = await load(documentOf(operation, { components: { schemas: { Node: node } } }));
  // deno-lint-ignore no-explicit-any -- the document is as deep as it is
  const { content } = (document as any).paths["/x"].post.requestBody;
  assertEquals(content["application/json"], { schema: node, example: { $ref: "x" } });
});

claim("packages are loaded only with a document", () => {
  const folder = new URL("../../../src/proxy/openapi/", import.meta.url);
  for (const { name } of Deno.readDirSync(folder)) {
    const source = Deno.readTextFileSync(new URL(name, folder));
    for (const [line] of source.matchAll(/^import .* from "[^."][^"]*";$/gm)) {
      assert(line.startsWith("import type "), `${name}: ${line}`);
    }
  }
});
