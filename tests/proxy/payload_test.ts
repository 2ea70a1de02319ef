import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { ArgumentError } from "../../src/proxy/arguments.ts";
import type { Encoding } from "../../src/proxy/config.ts";
import { PayloadError, payloadOf } from "../../src/proxy/payload.ts";
import { parseProxyConfig } from "../../src/proxy/read_config.ts";
import type { FrontRequest } from "../../src/proxy/request.ts";
import { workerRequest } from "../../src/proxy/worker_request.ts";
import { claim } from "../claim.ts";

const FORM = "application/x-www-form-urlencoded";
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

function request(body: string | Uint8Array<ArrayBuffer>, type?: string): FrontRequest {
  return {
    id: "id",
    method: "POST",
    path: "/",
    query: "",
    parameters: {},
    headers: type === undefined ? {} : { "content-type": type },
    body: typeof body === "string" ? encoder.encode(body) : body,
  };
}

function made(body: string | Uint8Array<ArrayBuffer>, encoding: Encoding, type?: string): string {
  return decoder.decode(payloadOf(request(body, type), encoding));
}

function refused(body: string | Uint8Array<ArrayBuffer>, encoding: Encoding, type?: string): string {
  return assertThrows(() => payloadOf(request(body, type), encoding), PayloadError).message;
}

claim("raw is what came, whatever it is, without a copy", () => {
  fc.assert(fc.property(fc.uint8Array(), fc.option(fc.string()), (bytes, type) => {
    const body = bytes as Uint8Array<ArrayBuffer>;
    assert(payloadOf(request(body, type ?? undefined), "raw") === body);
  }));
});

claim("no body is none in every encoding", () => {
  for (const encoding of ["json", "form", "raw"] as const) {
    for (const type of [undefined, FORM, "application/json"]) assertEquals(made("", encoding, type), "");
  }
});

claim("JSON stays as it was written", () => {
  fc.assert(fc.property(fc.json(), (text) => assertEquals(made(text, "json"), text)));
  for (const text of [' {"a" : 1e2, "a":2}\n', "12345678901234567890", '"\\u00e9"', "null"]) {
    assertEquals(made(text, "json", "application/json"), text);
    assertEquals(made(text, "json", "text/plain"), text);
  }
});

claim("what is no JSON is refused", () => {
  for (const text of ["{", "'a'", "a=1", "{} {}", "NaN", "01", " "]) {
    assertEquals(refused(text, "json"), "the body is no JSON");
  }
  assertEquals(refused(new Uint8Array([0x22, 0xff, 0x22]), "json"), "the body is not UTF-8");
  assertEquals(refused(new Uint8Array([0xff]), "json", FORM), "the body is not UTF-8");
  assertEquals(refused("x", "form"), "the body is no JSON");
});

claim("a form becomes an object, fields of one name a list", () => {
  assertEquals(made("a=1&b=x%20y+z&a=2&a=3&c", "json", FORM), '{"a":["1","2","3"],"b":"x y z","c":""}');
  assertEquals(made("a=1", "json", ` ${FORM.toUpperCase()} ; charset=utf-8`), '{"a":"1"}');
  assertEquals(
    made("__proto__=1&constructor=2&__proto__=3", "json", FORM),
    '{"__proto__":["1","3"],"constructor":"2"}',
  );
  assertEquals(made("a=%C3%A9", "json", FORM), '{"a":"é"}');
});

claim("a question mark at the beginning of a form belongs to its first name", () => {
  assertEquals(made("?=a&b=1", "json", FORM), '{"?":"a","b":"1"}');
});

claim("an object or a list stays as it is even if it is said to be a form, as curl -d says of everything", () => {
  for (const text of ['{"name": "Tom"}', ' \n{"a" : 1e2}\n', "[1, 2]", "{}", '{"a":"b=c&d"}', '{"a":"\u00e9+%20"}']) {
    assertEquals(made(text, "json", FORM), text);
  }
  // These are no JSON, and could only be forms; a text or a number is a field of that name.
  assertEquals(made("{=1", "json", FORM), '{"{":"1"}');
  assertEquals(made("{a}&[", "json", FORM), '{"{a}":"","[":""}');
  assertEquals(made("17", "json", FORM), '{"17":""}');
});

claim("an object becomes a form, if it is flat", () => {
  assertEquals(
    made('{"a":1,"b":"x y","c":true,"d":null,"e":[1,"é",null]}', "form"),
    "a=1&b=x+y&c=true&d=&e=1&e=%C3%A9&e=",
  );
  assertEquals(made("{}", "form"), "");
  assertEquals(made('{"__proto__":1}', "form"), "__proto__=1");
  for (const text of ["[]", "1", "1.0", '"a"', "null"]) {
    assertEquals(refused(text, "form"), "only a JSON object can be made into a form");
  }
  assertEquals(refused('{"a":{"b":1}}', "form"), "'a' holds an object, which no form can");
  assertEquals(refused('{"a":[[1]]}', "form"), "'a' holds an object, which no form can");
  assertEquals(refused('{"a":[{}]}', "form"), "'a' holds an object, which no form can");
});

claim("a form stays as it was sent", () => {
  for (const text of ["a=1&a=2", "%zz", "&&", "=", "{}"]) assertEquals(made(text, "form", FORM), text);
});

claim("numbers keep all of their digits", () => {
  assertEquals(
    made('{"id":12345678901234567890,"price":1.10,"big":1e400}', "form"),
    "id=12345678901234567890&price=1.10&big=1e400",
  );
});

claim("there and back is the same", () => {
  const fields = fc.dictionary(
    fc.string({ unit: "grapheme" }).filter((name) => !/^\d+$/.test(name)),
    fc.string({ unit: "grapheme" }),
    { noNullPrototype: true },
  );
  fc.assert(fc.property(fields, (object) => {
    const form = made(JSON.stringify(object), "form");
    if (form !== "") assertEquals(JSON.parse(made(form, "json", FORM)), object);
  }));
});

claim("many fields of one name take no more time than of many", () => {
  const began = performance.now();
  assertEquals(JSON.parse(made("a&".repeat(500_000), "json", FORM)).a.length, 500_000);
  const [route] = parseProxyConfig('paths: {/: {get: {answer: stdout, inject: {cmd: "true"}}}}', { file: "/t" }).routes;
  assertThrows(() => workerRequest({ ...request(""), query: "a&".repeat(500_000) }, route), ArgumentError, "too long");
  assert(performance.now() - began < 20_000);
});
