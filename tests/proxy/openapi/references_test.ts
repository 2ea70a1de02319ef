/**
 * References: inside a file, to files in the folder, and to what must not be reached.
 *
 * @module
 */

import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { ApiDocument, OpenApiError } from "../../../src/proxy/openapi/mod.ts";
import { claim, OwnDirectory } from "../../claim.ts";
import { bodyOperation, documentOf, faultsOf, jsonRequest, operationOf, request } from "./messages.ts";

/** Writes files into a folder of their own: values as JSON, text as it is. */
function write(directory: OwnDirectory, files: Record<string, unknown>): void {
  for (const [name, content] of Object.entries(files)) {
    const path = directory.file(name);
    Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    Deno.writeTextFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  }
}

function withBody(schema: unknown): Record<string, unknown> {
  return documentOf({ requestBody: { content: { "application/json": { schema } } } });
}

async function refusalOf(directory: OwnDirectory, file = "api.yaml"): Promise<string> {
  const error = await assertRejects(() => ApiDocument.load(directory.file(file)), OpenApiError);
  return error.message.replaceAll(directory.path, "");
}

claim("references inside the document are followed, everywhere they may be", async () => {
  const components = {
    parameters: { Limit: { name: "limit", in: "query", schema: { $ref: "#/components/schemas/Count" } } },
    requestBodies: { Body: { content: { "application/json": { schema: { $ref: "#/components/schemas/a.b" } } } } },
    responses: { Right: { description: "d", headers: { "X-A": { $ref: "#/components/headers/A" } } } },
    headers: { A: { required: true, schema: { type: "string" } } },
    schemas: { Count: { type: "integer" }, "a.b": { type: "array" } },
  };
  const operation = await operationOf({
    parameters: [{ $ref: "#/components/parameters/Limit" }],
    requestBody: { $ref: "#/components/requestBodies/Body" },
    responses: { 200: { $ref: "#/components/responses/Right" } },
  }, { components });
  assertEquals(await faultsOf(operation, request({ query: "limit=x" })), [400, "query.limit must be an integer"]);
  assertEquals(await faultsOf(operation, jsonRequest({})), [422, "body must be an array"]);
  const violation = await operation.validateAnswer({ status: 200, headers: [], body: new Uint8Array() });
  assertEquals(violation?.detail, "header.X-A is required");
});

claim("slashes, tildes and percent signs in pointers are understood", async () => {
  const schemas = { "a/b": { "c~d": { "e f": { type: "array" } } } };
  const operation = await bodyOperation({ $ref: "#/x-schemas/a~1b/c~0d/e%20f" }, { "x-schemas": schemas });
  assertEquals(await faultsOf(operation, jsonRequest(1)), [422, "body must be an array"]);
});

claim("references to files in the folder are followed, from those again, and back", async () => {
  using directory = new OwnDirectory();
  write(directory, {
    "api.yaml": documentOf({
      parameters: [{ $ref: "common/parameters.json#/limit" }],
      requestBody: { content: { "application/json": { schema: { $ref: "./schemas/my%20pet.yaml" } } } },
    }, { components: { schemas: { Name: { type: "string", minLength: 2 } } } }),
    "common/parameters.json": { limit: { name: "limit", in: "query", schema: { type: "integer" } } },
    "schemas/my pet.yaml": "type: object\nproperties:\n  name: {$ref: '../api.yaml#/components/schemas/Name'}\n" +
      "  tag: {$ref: 'tag.yaml#/$defs/Tag'}\n  mother: {$ref: '#'}\n",
    "schemas/tag.yaml": {
      $defs: { Tag: { type: "array", items: { $ref: "#/$defs/Text" } }, Text: { type: "string" } },
    },
  });
  const operation = (await ApiDocument.load(directory.file("api.yaml"))).operation("/x", "post")!;
  assertEquals(await faultsOf(operation, request({ query: "limit=x" })), [400, "query.limit must be an integer"]);
  assertEquals(await faultsOf(operation, jsonRequest({ name: "a", tag: [1], mother: { name: 5 } })), [
    422,
    "body/name must have at least 2 characters",
    "body/tag/0 must be a string",
    "body/mother/name must be a string",
  ]);
});

claim("a path may be kept in a file of its own", async () => {
  using directory = new OwnDirectory();
  const item = { get: { operationId: "find", responses: { 200: { description: "d" } } } };
  write(directory, { "api.yaml": { ...documentOf({}), paths: { "/y/{a}": { $ref: "y.yaml" } } }, "y.yaml": item });
  const document = await ApiDocument.load(directory.file("api.yaml"));
  assertEquals(document.operation("/y/{b}", "get")?.id, "find");
});

claim("a file is told of by its own name and line", async () => {
  using directory = new OwnDirectory();
  write(directory, { "api.yaml": withBody({ $ref: "a/pet.yaml" }), "a/pet.yaml": "type: object\nminLenght: 1\n" });
  assertStringIncludes(await refusalOf(directory), "/a/pet.yaml:2:1: ");
  write(directory, { "a/pet.yaml": "type: object\nminLength: [1\n" });
  assertStringIncludes(await refusalOf(directory), "/a/pet.yaml:3:1: ");
});

claim("a reference out of the folder is refused", async () => {
  using directory = new OwnDirectory();
  write(directory, { "in/api.yaml": withBody({ $ref: "../secret.yaml" }), "secret.yaml": "type: string" });
  assertEquals(
    await refusalOf(directory, "in/api.yaml"),
    "/in/api.yaml:1:181: '$ref: ../secret.yaml' is outside of the document's folder /in",
  );
  for (
    const reference of [directory.file("secret.yaml"), `file://${directory.path}/secret.yaml`, "%2e%2e/secret.yaml"]
  ) {
    write(directory, { "in/api.yaml": withBody({ $ref: reference }) });
    assertStringIncludes(await refusalOf(directory, "in/api.yaml"), "is outside of the document's folder /in");
  }
});

claim("a reference out of the folder from a file below is refused, too", async () => {
  using directory = new OwnDirectory();
  const files = { "in/api.yaml": withBody({ $ref: "a/b.yaml" }), "in/a/b.yaml": { $ref: "../../secret.yaml" } };
  write(directory, { ...files, "secret.yaml": "type: string" });
  assertStringIncludes(
    await refusalOf(directory, "in/api.yaml"),
    "/in/a/b.yaml:1:2: '$ref: ../../secret.yaml' is outside",
  );
});

claim("a symbolic link out of the folder is refused, one inside of it followed", async () => {
  using directory = new OwnDirectory();
  write(directory, { "in/api.yaml": withBody({ $ref: "link.yaml" }), "secret.yaml": "type: string" });
  Deno.symlinkSync("../secret.yaml", directory.file("in/link.yaml"));
  assertStringIncludes(await refusalOf(directory, "in/api.yaml"), "is outside of the document's folder /in");
  Deno.removeSync(directory.file("in/link.yaml"));
  Deno.symlinkSync("..", directory.file("in/up"));
  write(directory, { "in/api.yaml": withBody({ $ref: "up/secret.yaml" }) });
  assertStringIncludes(await refusalOf(directory, "in/api.yaml"), "is outside of the document's folder /in");
  write(directory, { "in/api.yaml": withBody({ $ref: "link.yaml" }), "in/real.yaml": "type: string" });
  Deno.symlinkSync("real.yaml", directory.file("in/link.yaml"));
  const operation = (await ApiDocument.load(directory.file("in/api.yaml"))).operation("/x", "POST")!;
  assertEquals(await faultsOf(operation, jsonRequest(5)), [422, "body must be a string"]);
});

claim("a document reached through a link, as Kubernetes mounts them, finds its files", async () => {
  using directory = new OwnDirectory();
  write(directory, { "..2026/api.yaml": withBody({ $ref: "pet.yaml" }), "..2026/pet.yaml": "type: string" });
  Deno.symlinkSync("..2026", directory.file("..data"));
  for (const name of ["api.yaml", "pet.yaml"]) Deno.symlinkSync(`..data/${name}`, directory.file(name));
  const operation = (await ApiDocument.load(directory.file("api.yaml"))).operation("/x", "POST")!;
  assertEquals(await faultsOf(operation, jsonRequest(5)), [422, "body must be a string"]);
});

claim("nothing is fetched from a network", async () => {
  let requests = 0;
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, () => {
    requests++;
    return new Response("type: string");
  });
  const local = `http://127.0.0.1:${server.addr.port}/x.yaml`;
  for (const url of [local, "https://example.com/x.yaml", "//example.com/x.yaml", "ftp://example.com/x", "data:,x"]) {
    using directory = new OwnDirectory();
    write(directory, { "api.yaml": withBody({ $ref: url }) });
    const message = await refusalOf(directory);
    assertStringIncludes(message, "/api.yaml:1:181: '$ref: ");
    if (!url.startsWith("//")) assertStringIncludes(message, "nothing is fetched from a network");
  }
  assertEquals(requests, 0);
});

claim("what is missing or no regular file is refused at the reference", async () => {
  using directory = new OwnDirectory();
  write(directory, { "api.yaml": withBody({ $ref: "none.yaml" }) });
  assertStringIncludes(await refusalOf(directory), "/api.yaml:1:181: '$ref: none.yaml': No such file");
  write(directory, { "api.yaml": withBody({ $ref: "pipe" }) });
  await new Deno.Command("mkfifo", { args: [directory.file("pipe")] }).output();
  assertStringIncludes(await refusalOf(directory), "pipe: is not a regular file");
});

claim("a reference to nothing and one in a circle are refused at their place", async () => {
  const missing = await assertRejects(() => bodyOperation({ $ref: "#/components/schemas/No" }), OpenApiError);
  assertStringIncludes(missing.message, ":1:181: '$ref: #/components/schemas/No' leads to nothing");
  const components = { schemas: { A: { $ref: "#/components/schemas/B" }, B: { $ref: "#/components/schemas/A" } } };
  const circle = await assertRejects(
    () => bodyOperation({ $ref: "#/components/schemas/A" }, { components }),
    OpenApiError,
  );
  assertStringIncludes(circle.message, "'$ref' leads back to itself");
});

claim("schemas may contain themselves", async () => {
  const node = { type: "object", required: ["v"], properties: { next: { $ref: "#/components/schemas/Node" } } };
  for (const openapi of ["3.0.3", "3.1.0"]) {
    const more = { openapi, components: { schemas: { Node: node } } };
    const operation = await bodyOperation({ $ref: "#/components/schemas/Node" }, more);
    assertEquals(await faultsOf(operation, jsonRequest({ v: 1, next: { v: 1, next: { v: 1 } } })), []);
    assertEquals(await faultsOf(operation, jsonRequest({ v: 1, next: { v: 1, next: {} } })), [
      422,
      "body/next/next/v is required",
    ]);
  }
});

claim("schemas of 3.1 are found by $id, $anchor and $defs", async () => {
  const named = {
    $id: "https://example.com/text",
    $defs: { x: { type: "string" } },
    properties: { a: { $ref: "#/$defs/x" } },
  };
  const more = {
    openapi: "3.1.0",
    components: { schemas: { Named: named, Other: { $anchor: "other", type: "boolean" } } },
  };
  const byId = await bodyOperation({ $ref: "https://example.com/text" }, more);
  assertEquals(await faultsOf(byId, jsonRequest({ a: 1 })), [422, "body/a must be a string"]);
  const byAnchor = await bodyOperation({ $ref: "#other" }, more);
  assertEquals(await faultsOf(byAnchor, jsonRequest(1)), [422, "body must be true or false"]);
  const byDefinition = await bodyOperation({ $ref: "https://example.com/text#/$defs/x" }, more);
  assertEquals(await faultsOf(byDefinition, jsonRequest(1)), [422, "body must be a string"]);
});

claim("a discriminator finds alternatives in files, by their names and by its mapping", async () => {
  using directory = new OwnDirectory();
  const animal = (member: string) => ({ type: "object", required: [member], properties: { kind: { type: "string" } } });
  const oneOf = [{ $ref: "cat.yaml" }, { $ref: "all.yaml#/Dog" }];
  const discriminator = { propertyName: "kind", mapping: { kitty: "cat.yaml" } };
  write(directory, {
    "api.yaml": withBody({ oneOf, discriminator }),
    "cat.yaml": animal("claws"),
    "all.yaml": { Dog: animal("bark") },
  });
  const operation = (await ApiDocument.load(directory.file("api.yaml"))).operation("/x", "POST")!;
  for (const kind of ["cat", "kitty"]) {
    assertEquals(await faultsOf(operation, jsonRequest({ kind })), [422, "body/claws is required"]);
  }
  assertEquals(await faultsOf(operation, jsonRequest({ kind: "Dog" })), [422, "body/bark is required"]);
  write(directory, {
    "api.yaml": withBody({ oneOf, discriminator: { propertyName: "kind", mapping: { x: "no.yaml" } } }),
  });
  const document = await ApiDocument.load(directory.file("api.yaml"));
  const error = await assertRejects(() => Promise.resolve().then(() => document.operation("/x", "POST")), OpenApiError);
  assertStringIncludes(error.message, "'no.yaml' is no schema");
});

claim("beside $ref nothing counts in 3.0, everything in 3.1", async () => {
  const components = { schemas: { Text: { type: "string" } } };
  const schema = { $ref: "#/components/schemas/Text", minLength: 3 };
  const older = await bodyOperation(schema, { components });
  assertEquals(await faultsOf(older, jsonRequest("a")), []);
  const newer = await bodyOperation(schema, { components, openapi: "3.1.0" });
  assertEquals(await faultsOf(newer, jsonRequest("a")), [422, "body must have at least 3 characters"]);
});
