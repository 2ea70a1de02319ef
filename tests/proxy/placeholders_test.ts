import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import type { TemplatePart } from "../../src/proxy/config.ts";
import { formatTemplate, literalOf, parseTemplate } from "../../src/proxy/placeholders.ts";
import { claim } from "../claim.ts";

const text = (written: string): TemplatePart => ({ kind: "text", text: written });
const payload: TemplatePart = { kind: "payload" };

claim("each placeholder is read, with and without blanks inside its braces", () => {
  assertEquals(parseTemplate("{{jsonpayload}}"), [payload]);
  assertEquals(parseTemplate("{{ req_id\t}}"), [{ kind: "req_id" }]);
  assertEquals(parseTemplate("{{path.petId}}"), [{ kind: "path", name: "petId" }]);
  assertEquals(parseTemplate("{{query.a.b[]}}"), [{ kind: "query", name: "a.b[]" }]);
  assertEquals(parseTemplate("{{header.X-Name}}"), [{ kind: "header", name: "x-name" }]);
});

claim("what is around placeholders stays as it is, braces of JSON among it", () => {
  assertEquals(parseTemplate(""), []);
  assertEquals(parseTemplate("a { b } }} c"), [text("a { b } }} c")]);
  assertEquals(parseTemplate("--a={{req_id}};"), [text("--a="), { kind: "req_id" }, text(";")]);
  assertEquals(parseTemplate("{{jsonpayload}}{{jsonpayload}}"), [payload, payload]);
  assertEquals(parseTemplate('{"a":{{jsonpayload}}}'), [text('{"a":'), payload, text("}")]);
  assertEquals(parseTemplate("{{{jsonpayload}}}"), [text("{"), payload, text("}")]);
});

claim("two braces that are no placeholder are written in quotes", () => {
  assertEquals(parseTemplate("{{'{{'}}.Name}}"), [text("{{.Name}}")]);
  assertEquals(parseTemplate("a{{ 'b' }}c{{''}}d"), [text("abcd")]);
  assertEquals(parseTemplate("{{'{{jsonpayload}}'}}"), [text("{{jsonpayload}}")]);
});

claim("what is no placeholder is told, with what may have been meant", () => {
  const two = " (for two braces write {{'{{'}})";
  const all = "there are jsonpayload, req_id, path.NAME, query.NAME, header.NAME";
  const refused: [template: string, message: string][] = [
    ["{{jsonpaylod}}", `there is no placeholder '{{jsonpaylod}}': did you mean 'jsonpayload'?${two}`],
    ["{{reqid}}", `there is no placeholder '{{reqid}}': did you mean 'req_id'?${two}`],
    ["{{quer.name}}", `there is no placeholder '{{quer.name}}': did you mean 'query.NAME'?${two}`],
    ["{{ }}", `there is no placeholder '{{}}': ${all}${two}`],
    ["{{env.HOME}}", `there is no placeholder '{{env.HOME}}': ${all}${two}`],
    ["{{header.a b}}", `there is no placeholder '{{header.a b}}': did you mean 'header.NAME'?${two}`],
    ["{{header.ä}}", `there is no placeholder '{{header.ä}}': ${all}${two}`],
    ["{{query}}", "'{{query}}' has no name: write {{query.NAME}}"],
    ["{{path.}}", "'{{path.}}' has no name: write {{path.NAME}}"],
    ["a{{", `'{{' begins a placeholder that does not end in '}}'${two}`],
    ["{{jsonpayload}", `'{{' begins a placeholder that does not end in '}}'${two}`],
    ["{{json{payload}}", `'{{' begins a placeholder that does not end in '}}'${two}`],
  ];
  for (const [template, message] of refused) {
    const error = assertThrows(() => parseTemplate(template), Error);
    assertEquals(error.message, message);
  }
});

claim("a text without placeholders is found again, others are none", () => {
  assertEquals(literalOf([]), "");
  assertEquals(literalOf([text("a"), text("b")]), "ab");
  assertEquals(literalOf([text("a"), payload]), undefined);
});

claim("long runs of braces and blanks are refused at once", () => {
  for (
    const long of ["{".repeat(50_000), `{{${" ".repeat(50_000)}`, "{{ ".repeat(20_000), `{{ '${" ".repeat(50_000)}`]
  ) {
    assertThrows(() => parseTemplate(long), Error, "that does not end");
  }
  assertEquals(parseTemplate(`{{${" ".repeat(50_000)}req_id}}`), [{ kind: "req_id" }]);
  assertEquals(parseTemplate("{{req_id}}".repeat(5000)).length, 5000);
});

const NAME = fc.stringMatching(/^[A-Za-z0-9_.$-]+$/);
const PART: fc.Arbitrary<TemplatePart> = fc.oneof(
  fc.oneof(fc.string(), fc.stringMatching(/^[{}' a]*$/)).map(text),
  fc.constantFrom<TemplatePart>(payload, { kind: "req_id" }),
  fc.record({ kind: fc.constantFrom("path" as const, "query" as const), name: NAME }, {
    noNullPrototype: true,
  }),
  NAME.map((name): TemplatePart => ({ kind: "header", name: name.toLowerCase() })),
);

/** Texts put together, and empty ones left out, as parsing does. */
function merged(parts: readonly TemplatePart[]): TemplatePart[] {
  const result: TemplatePart[] = [];
  for (const part of parts) {
    const last = result.at(-1);
    if (part.kind !== "text") result.push(part);
    else if (last?.kind === "text") result[result.length - 1] = text(last.text + part.text);
    else if (part.text !== "") result.push(part);
  }
  return result;
}

claim("what is written for any parts is read as the same parts", () => {
  fc.assert(
    fc.property(fc.array(PART), (parts) => {
      const whole = merged(parts);
      assertEquals(parseTemplate(formatTemplate(whole)), whole);
    }),
    { numRuns: 2000 },
  );
});

claim("any text is read or refused, and what is read is written so that it is read again", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[{}'. a-q]*$/)), (written) => {
      let parts;
      try {
        parts = parseTemplate(written);
      } catch (error) {
        assertEquals((error as Error).constructor, Error);
        return;
      }
      assertEquals(parseTemplate(formatTemplate(parts)), parts);
      if (!written.includes("{{")) assertEquals(literalOf(parts), written);
    }),
    { numRuns: 5000 },
  );
});
