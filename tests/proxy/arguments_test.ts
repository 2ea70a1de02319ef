import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { ArgumentError, fill, holdsPayload, MAX_ARGUMENT_BYTES, payloadArgument } from "../../src/proxy/arguments.ts";
import type { Template } from "../../src/proxy/config.ts";
import { parseTemplate } from "../../src/proxy/placeholders.ts";
import type { FrontRequest } from "../../src/proxy/request.ts";
import { claim } from "../claim.ts";

const encoder = new TextEncoder();

const REQUEST: FrontRequest = {
  id: "the-id",
  method: "GET",
  path: "/a",
  query: "q=1&empty=&q=2&%71x=y",
  parameters: { x: "from the path" },
  headers: { accept: "text/plain", "x-utf8": "\xc3\xa9", "x-latin": "\xe9" },
  body: new Uint8Array(),
};

function filled(template: string | Template, payload = new Uint8Array(), request = REQUEST): string | Uint8Array {
  return fill(typeof template === "string" ? parseTemplate(template) : template, { request, payload });
}

claim("each placeholder stands for its part of the request", () => {
  assertEquals(filled("plain"), "plain");
  assertEquals(filled("{{req_id}}|{{path.x}}|{{query.q}}|{{query.qx}}|{{query.empty}}"), "the-id|from the path|1|y|");
  assertEquals(filled("{{header.Accept}}|{{header.x-utf8}}"), "text/plain|é");
  assertEquals(filled("<{{jsonpayload}}>", encoder.encode("body")), "<body>");
  assertEquals(filled("{{path.none}}{{query.none}}{{header.none}}{{header.constructor}}"), "");
});

claim("bytes that are no text stay bytes, also amid text", () => {
  assertEquals(filled("{{header.x-latin}}"), new Uint8Array([0xe9]));
  assertEquals(filled("é{{header.x-latin}}é"), new Uint8Array([0xc3, 0xa9, 0xe9, 0xc3, 0xa9]));
  assertEquals(filled("{{jsonpayload}}", new Uint8Array([0xff])), new Uint8Array([0xff]));
  // Halves of a character that come together are text again.
  const halves: Template = [{ kind: "payload" }, { kind: "payload" }];
  assertEquals(filled(halves, new Uint8Array([0xc3, 0xa9])), "éé");
  assertEquals(payloadArgument(new Uint8Array([0xff])), new Uint8Array([0xff]));
  assertEquals(payloadArgument(encoder.encode("\ufeffé")), "\ufeffé");
});

claim("what a placeholder stands for is not looked through for others", () => {
  const value = fc.string({ unit: fc.constantFrom("{{", "}}", "req_id", "path.x", "jsonpayload", "'", "a") });
  fc.assert(fc.property(value, (text) => {
    const request = { ...REQUEST, parameters: { x: text } };
    assertEquals(filled("[{{path.x}}{{jsonpayload}}]", encoder.encode(text), request), `[${text}${text}]`);
  }));
});

claim("a query means what it means as a form, for whatever is UTF-8", () => {
  fc.assert(fc.property(fc.webQueryParameters(), (query) => {
    for (const [name] of new URLSearchParams(`?${query}`)) {
      const template: Template = [{ kind: "query", name }];
      const expected = new URLSearchParams(`?${query}`).get(name)!;
      if (expected.includes("\ufffd") || name.includes("\ufffd") || expected.includes("\0")) continue;
      assertEquals(filled(template, undefined, { ...REQUEST, query }), expected);
    }
  }));
});

claim("a NUL is refused, and more bytes than an argument has", () => {
  const tooLong = (make: () => unknown) => {
    const { status, message } = assertThrows(make, ArgumentError);
    return [status, message];
  };
  const nul = [400, "a NUL byte cannot be passed on a command line or in a variable"];
  assertEquals(tooLong(() => filled("{{jsonpayload}}", new Uint8Array([0]))), nul);
  assertEquals(tooLong(() => filled("{{jsonpayload}}", new Uint8Array([0xff, 0]))), nul);
  assertEquals(tooLong(() => payloadArgument(new Uint8Array([0xff, 0]))), nul);
  const most = encoder.encode("é".repeat((MAX_ARGUMENT_BYTES - 1) / 2));
  assertEquals(filled("x{{jsonpayload}}", most), `x${"é".repeat(most.length / 2)}`);
  const size = (
    bytes: number,
  ) => [413, `an argument or variable holds at most ${MAX_ARGUMENT_BYTES} bytes, not ${bytes}`];
  assertEquals(tooLong(() => filled("xx{{jsonpayload}}", most)), size(MAX_ARGUMENT_BYTES + 1));
  const bytes = new Uint8Array(MAX_ARGUMENT_BYTES).fill(0xff);
  assertEquals((payloadArgument(bytes) as Uint8Array).length, MAX_ARGUMENT_BYTES);
  assertEquals(tooLong(() => payloadArgument(bytes, "NAME")), size(MAX_ARGUMENT_BYTES + 5));
  assertEquals(
    tooLong(() => fill(parseTemplate("{{jsonpayload}}"), { request: REQUEST, payload: bytes }, "N")),
    size(MAX_ARGUMENT_BYTES + 2),
  );
});

claim("templates that hold the payload are known", () => {
  assertEquals(
    ["a", "{{jsonpayload}}", "a{{jsonpayload}}b", "{{path.x}}"].map((one) => holdsPayload(parseTemplate(one))),
    [false, true, true, false],
  );
});
