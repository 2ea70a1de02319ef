/**
 * Bodies of requests: media types, JSON, forms, text.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import type { ApiOperation } from "../../../src/proxy/openapi/mod.ts";
import type { FrontRequest } from "../../../src/proxy/request.ts";
import { claim } from "../../claim.ts";
import { bodyOperation, faultsOf, jsonRequest, operationOf, request } from "./messages.ts";

const TEXT = { schema: { type: "string", minLength: 2 } };

function typed(
  contentType: string,
  body: string | Uint8Array<ArrayBuffer>,
  more: Record<string, string> = {},
): FrontRequest {
  return request({ headers: { "content-type": contentType, ...more }, body });
}

function contentOperation(content: Record<string, unknown>, required = false): Promise<ApiOperation> {
  return operationOf({ requestBody: { content, required } });
}

claim("a body that is required must be there; one that is not may be missing, of any type", async () => {
  const content = { "application/json": {} };
  assertEquals(await faultsOf(await contentOperation(content, true), typed("application/json", "")), [
    400,
    "body is required",
  ]);
  assertEquals(await faultsOf(await contentOperation(content), request()), []);
  assertEquals(await faultsOf(await contentOperation(content), typed("text/plain", "")), []);
});

claim("an operation without a body lets any pass", async () => {
  assertEquals(await faultsOf(await operationOf({}), typed("text/plain", "x")), []);
});

claim("media types are found by name, in any case, whatever their parameters", async () => {
  const operation = await contentOperation({ "Application/JSON; charset=utf-8": TEXT });
  for (
    const type of ["application/json", "APPLICATION/json", "application/json; charset=UTF-8", "application/json;a=b"]
  ) {
    assertEquals(await faultsOf(operation, typed(type, '"a"')), [422, "body must have at least 2 characters"], type);
  }
  for (
    const type of ["application/jsonx", "application/*", "application", "json", ";", "a/b/c", "application/json+x"]
  ) {
    const faults = [415, "header.Content-Type must be Application/JSON; charset=utf-8"];
    assertEquals(await faultsOf(operation, typed(type, '"a"')), faults, type);
  }
});

claim("ranges of media types are found, the narrowest first", async () => {
  const least = (minLength: number) => ({ schema: { type: "string", minLength } });
  const operation = await contentOperation({
    "*/*": least(5),
    "application/*": least(4),
    "application/*+json": least(3),
    "application/x+json": least(2),
  });
  for (
    const [type, number] of [["application/x+json", 2], ["application/y+json", 3], ["application/json", 4]] as const
  ) {
    assertEquals(
      await faultsOf(operation, typed(type, '"a"')),
      [422, `body must have at least ${number} characters`],
      type,
    );
  }
  assertEquals(await faultsOf(operation, typed("text/plain", "a")), [422, "body must have at least 5 characters"]);
  assertEquals(await faultsOf(operation, typed("image/png", "a")), []);
});

claim("JSON under other names is JSON", async () => {
  const operation = await contentOperation({ "application/*": TEXT });
  for (const type of ["application/json", "application/problem+json", "application/vnd.api+json"]) {
    assertEquals(await faultsOf(operation, typed(type, "1")), [422, "body must be a string"], type);
  }
});

claim("what is not JSON, or not UTF-8, is refused without repeating it", async () => {
  const operation = await contentOperation({ "application/json": {}, "text/plain": {} });
  assertEquals(await faultsOf(operation, typed("application/json", "{broken")), []);
  const checked = await contentOperation({ "application/json": TEXT });
  for (const body of ["secret", "{", "[1,]", "'a'", "NaN", "\ufeff\ufeff1", "1 2", "[".repeat(100_000)]) {
    const [status, fault] = await faultsOf(checked, typed("application/json", body));
    assertEquals(status, 400, body.slice(0, 20));
    assert(/^body is not valid JSON( \(line \d+, column \d+\))?$/.test(String(fault)), String(fault));
  }
  const latin = new Uint8Array([0x22, 0xe4, 0x22]);
  assertEquals(await faultsOf(checked, typed("application/json", latin)), [400, "body is not valid UTF-8"]);
  assertEquals(await faultsOf(checked, typed("application/json", '\ufeff"ab"')), []);
});

claim("an encoded body cannot be checked", async () => {
  const operation = await contentOperation({ "application/json": TEXT, "image/png": {} });
  assertEquals(await faultsOf(operation, typed("application/json", "x", { "content-encoding": "gzip" })), [
    415,
    "header.Content-Encoding must not be there: only a body as it is can be checked",
  ]);
  assertEquals(await faultsOf(operation, typed("application/json", '"ab"', { "content-encoding": "identity" })), []);
  assertEquals(await faultsOf(operation, typed("image/png", "x", { "content-encoding": "gzip" })), []);
});

claim("text is checked as text, in its charset", async () => {
  const operation = await contentOperation({ "text/plain": { schema: { type: "string", enum: ["ä"] } } });
  assertEquals(await faultsOf(operation, typed("text/plain", "ä")), []);
  const latin = new Uint8Array([0xe4]);
  assertEquals(await faultsOf(operation, typed('text/plain; charset="ISO-8859-1"', latin)), []);
  assertEquals(await faultsOf(operation, typed("text/plain", latin)), [400, "body is not valid UTF-8"]);
  assertEquals(await faultsOf(operation, typed("text/plain; charset=klingon", "x")), [
    415,
    "body is in a charset that is not known",
  ]);
  const number = await contentOperation({ "text/plain": { schema: { type: "integer" } } });
  assertEquals(await faultsOf(number, typed("text/plain", "5")), []);
  assertEquals(await faultsOf(number, typed("text/plain", "x")), [422, "body must be an integer"]);
});

claim("XML and bytes are let pass unread", async () => {
  const schema = { type: "object", required: ["a"] };
  const types = ["application/xml", "text/xml", "application/octet-stream", "image/png"];
  const operation = await contentOperation(Object.fromEntries(types.map((type) => [type, { schema }])));
  for (const type of types) assertEquals(await faultsOf(operation, typed(type, new Uint8Array([0xff, 0]))), [], type);
});

claim("an urlencoded form is read by its schema", async () => {
  const properties = {
    number: { type: "integer" },
    flag: { type: "boolean" },
    list: { type: "array", items: { type: "integer" } },
    object: { type: "object", properties: { a: { type: "integer" } } },
    text: { type: "string", maxLength: 3 },
  };
  const form = "application/x-www-form-urlencoded";
  const schema = { type: "object", required: ["number"], properties, additionalProperties: false };
  const operation = await contentOperation({ [form]: { schema } });
  const faults = (body: string) => faultsOf(operation, typed(`${form}; charset=utf-8`, body));
  assertEquals(await faults("number=1&flag=true&list=1&list=2&object=%7B%22a%22%3A1%7D&text=a+b"), []);
  assertEquals(await faults("number=1&list=%5B1%2C2%5D"), []);
  assertEquals(await faults("number=1&list=5"), []);
  assertEquals(await faults("number=x&flag=1&list=a&object=%7B%22a%22%3A%22%22%7D&text=long&more=1"), [
    422,
    "body/more is not expected here",
    "body/number must be an integer",
    "body/flag must be true or false",
    "body/list/0 must be an integer",
    "body/object/a must be an integer",
    "body/text must have at most 3 characters",
  ]);
  assertEquals(await faults("number=1&number=2"), [422, "body/number must be an integer"]);
  assertEquals(await faults("text=a"), [422, "body/number is required"]);
  assertEquals(await faults("number=%zz"), [400, "body has a field 'number' that is not valid percent-encoding"]);
});

claim("fields of an urlencoded form are read in the style the document says", async () => {
  const list = { type: "array", items: { type: "integer" } };
  const object = { type: "object", properties: { x: { type: "integer" } } };
  const encoding = { a: { style: "form", explode: false }, b: { style: "pipeDelimited" }, c: { style: "deepObject" } };
  const schema = { type: "object", properties: { a: list, b: list, c: object }, additionalProperties: false };
  const form = "application/x-www-form-urlencoded";
  const operation = await contentOperation({ [form]: { schema, encoding } });
  assertEquals(await faultsOf(operation, typed(form, "a=1,2&b=3|4&c[x]=5")), []);
  assertEquals(await faultsOf(operation, typed(form, "a=1,x&b=3|y&c[x]=z")), [
    422,
    "body/a/1 must be an integer",
    "body/b/1 must be an integer",
    "body/c/x must be an integer",
  ]);
});

claim("a form in parts is read by its schema, files as text", async () => {
  const properties = {
    number: { type: "integer" },
    tags: { type: "array", items: { type: "string" } },
    meta: { type: "object", properties: { a: { type: "integer" } } },
    photo: { type: "string", format: "binary", maxLength: 4 },
  };
  const schema = { type: "object", required: ["photo"], properties };
  const encoding = { photo: { contentType: "image/png, image/jpeg" } };
  const operation = await contentOperation({ "multipart/form-data": { schema, encoding } });
  const faults = async (fields: [string, string | Blob][]) => {
    const form = new FormData();
    for (const [name, value] of fields) {
      typeof value === "string" ? form.append(name, value) : form.append(name, value, "f");
    }
    const response = new Response(form);
    const body = new Uint8Array(await response.arrayBuffer());
    return await faultsOf(operation, typed(response.headers.get("content-type")!, body));
  };
  const photo = new Blob([new Uint8Array([0xff, 0, 0xfe, 1])], { type: "image/png" });
  assertEquals(
    await faults([["photo", photo], ["number", "5"], ["tags", "a"], ["tags", "b"], ["meta", '{"a":1}']]),
    [],
  );
  assertEquals(await faults([["photo", photo], ["number", "x"], ["meta", '{"a":"b"}']]), [
    422,
    "body/number must be an integer",
    "body/meta/a must be an integer",
  ]);
  assertEquals(await faults([["number", "5"]]), [422, "body/photo is required"]);
  assertEquals(await faults([["photo", new Blob(["12345"], { type: "image/png" })]]), [
    422,
    "body/photo must have at most 4 characters",
  ]);
  assertEquals(await faults([["photo", new Blob(["1"], { type: "text/html" })]]), [
    415,
    "body has a file of a media type that is not allowed: it must be image/png, image/jpeg",
  ]);
  for (const type of ["multipart/form-data", "multipart/form-data; boundary=x"]) {
    assertEquals(await faultsOf(operation, typed(type, "no form")), [400, "body is not a valid form in parts"]);
  }
});

claim("what is readOnly need not be in a request, and may be", async () => {
  const id = { type: "integer", readOnly: true };
  const components = { schemas: { Id: id } };
  const schemas = [
    { type: "object", required: ["id", "name"], properties: { id, name: { type: "string" } } },
    { type: "object", required: ["id", "name"], properties: { id: { $ref: "#/components/schemas/Id" }, name: {} } },
    { allOf: [{ type: "object", properties: { id } }, { type: "object", required: ["id", "name"] }] },
  ];
  for (const schema of schemas) {
    const operation = await bodyOperation(schema, { components });
    assertEquals(await faultsOf(operation, jsonRequest({ name: "a" })), []);
    assertEquals(await faultsOf(operation, jsonRequest({ id: 1, name: "a" })), []);
    assertEquals(await faultsOf(operation, jsonRequest({})), [422, "body/name is required"]);
  }
});

claim("at most 20 faults are told, however many there are", async () => {
  const operation = await bodyOperation({ type: "array", items: { type: "string" } });
  const few = await operation.validateRequest(jsonRequest(Array(20).fill(0)));
  assertEquals([few?.errors.length, few?.detail], [20, "body/0 must be a string, and 19 more"]);
  const many = await operation.validateRequest(jsonRequest(Array(1000).fill(0)));
  assertEquals([many?.errors.length, many?.detail], [20, "body/0 must be a string, and at least 20 more"]);
});

claim("of a large body only the first fault is told", async () => {
  const operation = await bodyOperation({ type: "array", items: { type: "string" } });
  assertEquals(await faultsOf(operation, jsonRequest(Array(300_000).fill(0))), [422, "body/0 must be a string"]);
  assertEquals(await faultsOf(operation, jsonRequest(Array(300_000).fill("a"))), []);
});

claim("what was sent is not repeated, and names are cut and made printable", async () => {
  const operation = await bodyOperation({
    type: "object",
    additionalProperties: false,
    properties: { a: { type: "string", format: "uuid", pattern: "^x" }, b: { enum: ["x"] }, c: { enum: [1] } },
  });
  const violation = await operation.validateRequest(jsonRequest({
    ...{ a: "SECRET", b: "SECRET", c: "SECRET" },
    [`\u0000\n\u001b[31m${"n".repeat(10_000)}`]: "SECRET",
    "\ud800": 1,
  }));
  const text = JSON.stringify(violation);
  assert(!text.includes("SECRET"), text);
  assert(text.length < 1000, text);
  assert(violation!.errors.every(({ where }) => where.isWellFormed() && !/\p{Cc}/u.test(where)), text);
});

claim("a body that nests deeply is refused", async () => {
  const node = { type: "object", properties: { a: { $ref: "#/components/schemas/Node" } } };
  const operation = await bodyOperation({ $ref: "#/components/schemas/Node" }, {
    components: { schemas: { Node: node } },
  });
  const body = '{"a":'.repeat(100_000) + "1" + "}".repeat(100_000);
  const [status, fault] = await faultsOf(operation, typed("application/json", body));
  assert(status === 422 || status === 400, String(fault));
});
