/**
 * Parameters in queries, paths, headers and cookies, in every style.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { FrontRequest } from "../../../src/proxy/request.ts";
import { claim } from "../../claim.ts";
import { documentOf, faultsOf, load, operationOf, request } from "./messages.ts";

const INTEGERS = { type: "array", items: { type: "integer" } };
const POINT = { type: "object", required: ["x"], properties: { x: { type: "integer" }, y: { type: "number" } } };

/** The faults of one parameter `p`, for each of some requests. */
async function check(
  parameter: Record<string, unknown>,
  requests: readonly (readonly [Partial<FrontRequest>, ...string[]])[],
): Promise<void> {
  const path = parameter.in === "path" ? "/x/{p}" : "/x";
  const operation = { parameters: [{ name: "p", ...parameter }], responses: { 200: { description: "d" } } };
  const document = await load({ ...documentOf({}), paths: { [path]: { get: operation } } });
  for (const [parts, ...faults] of requests) {
    const found = await faultsOf(
      document.operation(path, "GET")!,
      request({ method: "GET", ...parts } as FrontRequest),
    );
    assertEquals(found, faults.length > 0 ? [400, ...faults] : [], JSON.stringify(parts));
  }
}

const query = (text: string, ...faults: string[]) => [{ query: text }, ...faults] as const;
const header = (text: string, ...faults: string[]) => [{ headers: { p: text } }, ...faults] as const;
const path = (text: string, ...faults: string[]) => [{ parameters: { p: text } }, ...faults] as const;
const cookie = (text: string, ...faults: string[]) => [{ headers: { cookie: text } }, ...faults] as const;

claim("what is required must be there, the rest need not", async () => {
  const schema = { type: "string" };
  await check({ in: "query", schema }, [query(""), query("q=1")]);
  await check({ in: "query", required: true, schema }, [query("", "query.p is required"), query("p="), query("p")]);
  await check({ in: "header", required: true, schema }, [[{}, "header.p is required"], header("a")]);
  await check({ in: "cookie", required: true, schema }, [[{}, "cookie.p is required"], cookie("q=1; p=2")]);
  await check({ in: "path", required: true, schema }, [[{}, "path.p is required"], path("a")]);
});

claim("text is taken for what the schema wants", async () => {
  await check({ in: "query", schema: { type: "integer" } }, [
    ...["0", "-5", "12345678901234567890", "1e3", "1.0"].map((text) => query(`p=${text}`)),
    ...["", "x", "1.5", "0x10", "%201", "1_0", "١", "1e400", "NaN", "+1"].map((text) =>
      query(`p=${encodeURI(text)}`.replace("%2520", "%20"), "query.p must be an integer")
    ),
  ]);
  await check({ in: "query", schema: { type: "number" } }, [
    query("p=1.5e-3"),
    query("p=.5", "query.p must be a number"),
  ]);
  await check({ in: "query", schema: { type: "boolean" } }, [
    ...[query("p=true"), query("p=false")],
    ...["1", "TRUE", ""].map((text) => query(`p=${text}`, "query.p must be true or false")),
  ]);
  await check({ in: "query", schema: { type: "integer", nullable: true } }, [
    query("p="),
    query("p=null"),
    query("p=1"),
  ]);
  await check({ in: "query", schema: { oneOf: [{ type: "integer" }, { type: "string", enum: ["all"] }] } }, [
    ...[query("p=1"), query("p=all")],
    query("p=some", "query.p has none of the allowed forms"),
  ]);
  await check({ in: "query", schema: { enum: [1, 2] } }, [query("p=1"), query("p=3", "query.p must be 1 or 2")]);
});

claim("formats, bounds and patterns hold for parameters", async () => {
  await check({ in: "query", schema: { type: "string", format: "uuid" } }, [
    query(`p=${crypto.randomUUID()}`),
    query("p=x", "query.p must be in the format 'uuid'"),
  ]);
  await check({ in: "query", schema: { type: "integer", format: "int32", minimum: 1 } }, [
    query("p=2147483648", "query.p must be in the format 'int32'"),
    query("p=0", "query.p must be at least 1"),
  ]);
  await check({ in: "path", required: true, schema: { type: "string", pattern: "^[\\w\\-]+$" } }, [
    path("a-b"),
    path("a b", "path.p must match the pattern ^[\\w\\-]+$"),
  ]);
});

claim("a query is decoded as forms are", async () => {
  const schema = { type: "string", enum: ["a b", "ü&=+", ""] };
  await check({ in: "query", schema }, [
    ...[query("p=a+b"), query("p=a%20b"), query("p=%C3%BC%26%3D%2B"), query("%70=a+b"), query("p"), query("&&p=a+b&")],
    ...["%", "%zz", "%FF"].map((text) => query(`p=${text}`, "query.p is not valid percent-encoding")),
  ]);
  await check({ in: "query", schema }, [query("%zz=1&q=%zz")]);
});

claim("one value must not be given twice", async () => {
  await check({ in: "query", schema: { type: "string" } }, [query("p=a&p=a", "query.p is given more than once")]);
  await check({ in: "cookie", schema: { type: "string" } }, [cookie("p=a; p=b", "cookie.p is given more than once")]);
});

claim("an empty value is let pass where the document allows it", async () => {
  const schema = { type: "integer" };
  await check({ in: "query", allowEmptyValue: true, schema }, [query("p="), query("p"), query("p=1")]);
  await check({ in: "query", allowEmptyValue: true, schema }, [query("p=x", "query.p must be an integer")]);
});

claim("arrays in a query are read in every style", async () => {
  await check({ in: "query", schema: INTEGERS }, [
    ...[query("p=1&p=2"), query("p=1"), query("p=")],
    query("p=1&p=x", "query.p/1 must be an integer"),
    query("p=1,2", "query.p/0 must be an integer"),
  ]);
  await check({ in: "query", explode: false, schema: INTEGERS }, [
    ...[query("p=1,2"), query("p=1"), query("p=")],
    query("p=1,x", "query.p/1 must be an integer"),
  ]);
  await check({ in: "query", style: "pipeDelimited", schema: INTEGERS }, [
    ...[query("p=1|2"), query("p=1%7C2"), query("p=1%7c2")],
    query("p=1|x", "query.p/1 must be an integer"),
  ]);
  await check({ in: "query", style: "spaceDelimited", schema: INTEGERS }, [
    ...[query("p=1%202"), query("p=1+2")],
    query("p=1%20x", "query.p/1 must be an integer"),
  ]);
  const texts = { type: "array", items: { type: "string", enum: ["a,b", "c"] }, minItems: 1, uniqueItems: true };
  await check({ in: "query", explode: false, schema: texts }, [
    query("p=a%2Cb,c"),
    query("p=c,c", "query.p must not have equal elements"),
    query("p=", "query.p must have at least 1 element"),
  ]);
  await check({ in: "query", schema: { anyOf: [{ type: "string" }, INTEGERS] } }, [query("p=x"), query("p=1&p=2")]);
});

claim("objects in a query are read in every style", async () => {
  await check({ in: "query", style: "deepObject", explode: true, schema: POINT }, [
    ...[query("p[x]=1&p[y]=2.5"), query("p%5Bx%5D=1"), query("")],
    query("p[y]=1", "query.p/x is required"),
    query("p[x]=a", "query.p/x must be an integer"),
    query("p[x]=1&p[x]=2", "query.p has a member that is given more than once"),
  ]);
  await check({ in: "query", schema: POINT }, [
    ...[query("x=1&y=2"), query("z=1")],
    query("x=a", "query.p/x must be an integer"),
    query("y=2", "query.p/x is required"),
  ]);
  await check({ in: "query", explode: false, schema: POINT }, [
    query("p=x,1,y,2"),
    query("p=x,a", "query.p/x must be an integer"),
    query("p=x", "query.p must be names and values in turn"),
  ]);
  const lists = { type: "object", properties: { a: INTEGERS } };
  await check({ in: "query", style: "deepObject", schema: lists }, [
    query("p[a]=1&p[a]=2"),
    query("p[a]=1&p[a]=b", "query.p/a/1 must be an integer"),
  ]);
});

claim("an object may take all parameters that are not others", async () => {
  const schema = { type: "object", additionalProperties: { type: "integer" } };
  const parameters = [{ name: "p", in: "query", schema }, { name: "q", in: "query", schema: { type: "string" } }];
  const operation = await operationOf({ parameters });
  assertEquals(await faultsOf(operation, request({ query: "a=1&q=x" })), []);
  assertEquals(await faultsOf(operation, request({ query: "a=b&q=x" })), [400, "query.p/a must be an integer"]);
});

claim("unknown parameters are let pass", async () => {
  await check({ in: "query", schema: INTEGERS }, [query("q=1&p[]=x&r=%zz")]);
});

claim("header fields are found in any case, and read as lists and objects", async () => {
  await check({ name: "X-P", in: "header", schema: { type: "integer" } }, [
    [{ headers: { "x-p": "5" } }],
    [{ headers: { "x-p": "a" } }, "header.X-P must be an integer"],
  ]);
  await check({ in: "header", schema: INTEGERS }, [
    header("1,2, 3"),
    header(""),
    header("1, x", "header.p/1 must be an integer"),
  ]);
  await check({ in: "header", schema: POINT }, [header("x,1,y,2"), header("y,2", "header.p/x is required")]);
  await check({ in: "header", explode: true, schema: POINT }, [
    header("x=1,y=2"),
    header("x=a", "header.p/x must be an integer"),
  ]);
});

claim("Accept, Content-Type and Authorization are not taken for parameters", async () => {
  for (const name of ["Accept", "content-type", "Authorization"]) {
    await check({ name, in: "header", required: true, schema: { type: "integer" } }, [[{}], [{
      headers: { accept: "x" },
    }]]);
  }
});

claim("parts of a path are read in every style", async () => {
  const required = true;
  await check({ in: "path", required, schema: INTEGERS }, [path("1,2"), path("1,x", "path.p/1 must be an integer")]);
  await check({ in: "path", required, schema: POINT }, [path("x,1"), path("y,1", "path.p/x is required")]);
  await check({ in: "path", required, explode: true, schema: POINT }, [
    path("x=1,y=2"),
    path("x=a", "path.p/x must be an integer"),
  ]);
  await check({ in: "path", required, style: "label", schema: { type: "integer" } }, [
    path(".5"),
    path("5", "path.p must begin with a dot"),
  ]);
  await check({ in: "path", required, style: "label", schema: INTEGERS }, [
    path(".1,2"),
    path(".x", "path.p/0 must be an integer"),
  ]);
  await check({ in: "path", required, style: "label", explode: true, schema: INTEGERS }, [path(".1.2")]);
  await check({ in: "path", required, style: "matrix", schema: { type: "integer" } }, [
    path(";p=5"),
    path("5", "path.p must begin with ';p='"),
  ]);
  await check({ in: "path", required, style: "matrix", schema: INTEGERS }, [
    path(";p=1,2"),
    path(";p=x", "path.p/0 must be an integer"),
  ]);
  await check({ in: "path", required, style: "matrix", explode: true, schema: INTEGERS }, [path(";p=1;p=2")]);
  await check({ in: "path", required, style: "matrix", explode: true, schema: POINT }, [path(";x=1;y=2")]);
});

claim("cookies are read one by one", async () => {
  await check({ in: "cookie", schema: { type: "integer" } }, [
    ...[cookie("p=5"), cookie('a=b; p="5" ; c'), cookie("q=x")],
    cookie("p=x", "cookie.p must be an integer"),
  ]);
  await check({ in: "cookie", schema: { type: "string", enum: ["a+b", "c d"] } }, [cookie("p=a+b"), cookie("p=c%20d")]);
  await check({ in: "cookie", explode: false, schema: INTEGERS }, [
    cookie("p=1,2"),
    cookie("p=x", "cookie.p/0 must be an integer"),
  ]);
});

claim("a parameter with content is JSON", async () => {
  const content = { "application/json": { schema: POINT } };
  await check({ in: "query", content }, [
    query(`p=${encodeURIComponent('{"x":1}')}`),
    query(`p=${encodeURIComponent('{"x":"1"}')}`, "query.p/x must be an integer"),
    query("p=x", "query.p is not valid JSON"),
    query("p=1&p=2", "query.p is given more than once"),
    query("p=%zz", "query.p is not valid percent-encoding"),
  ]);
  await check({ in: "header", content }, [header('{"x":1}'), header("{", "header.p is not valid JSON")]);
  await check({ in: "path", required: true, content }, [path('{"x":1}'), path("{", "path.p is not valid JSON")]);
  await check({ in: "cookie", content: { "text/plain": { schema: { type: "integer" } } } }, [
    ...[cookie("p=1"), cookie("q=1")],
    cookie("p=x", "cookie.p must be an integer"),
  ]);
});

claim("parameters of the path hold for all its verbs unless one has its own", async () => {
  const parameters = [{ name: "a", in: "query", required: true, schema: { type: "integer" } }];
  const responses = { 200: { description: "d" } };
  const own = [{ name: "a", in: "query", schema: { type: "string" } }];
  const item = { parameters, get: { responses }, post: { responses, parameters: own } };
  const document = await load({ ...documentOf({}), paths: { "/x": item } });
  assertEquals(await faultsOf(document.operation("/x", "GET")!, request()), [400, "query.a is required"]);
  assertEquals(await faultsOf(document.operation("/x", "POST")!, request({ query: "a=x" })), []);
});

claim("parameters of the path may have other names in the route", async () => {
  const schema = { type: "integer" };
  const parameters = ["a", "b"].map((name) => ({ name, in: "path", required: true, schema }));
  const responses = { 200: { description: "d" } };
  const document = await load({ ...documentOf({}), paths: { "/{a}/x/{b}": { parameters, get: { responses } } } });
  // The route has the document's names, the other way round.
  const operation = document.operation("/{b}/x/{a}", "GET")!;
  assertEquals(await faultsOf(operation, request({ parameters: { b: "1", a: "x" } })), [
    400,
    "path.b must be an integer",
  ]);
  assertEquals(document.operation("/{b}/y/{a}", "GET"), undefined);
});

claim("faults of all parameters are told of at once", async () => {
  const parameters = Array.from(
    { length: 30 },
    (_, index) => ({ name: `p${index}`, in: "query", required: true, schema: {} }),
  );
  const operation = await operationOf({ parameters });
  const violation = await operation.validateRequest(request());
  assertEquals(violation?.errors.length, 20);
  assertEquals(violation?.detail, "query.p0 is required, and at least 20 more");
});
