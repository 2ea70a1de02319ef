import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { parseExactly, WrittenNumber } from "../../src/proxy/exact_json.ts";
import { claim } from "../claim.ts";

claim("whatever JSON.parse reads is read and written as by it, save for numbers", () => {
  fc.assert(fc.property(fc.json(), (text) => {
    assertEquals(JSON.parse(JSON.stringify(parseExactly(text))), JSON.parse(text));
  }));
  fc.assert(fc.property(fc.integer(), (number) => assertEquals(parseExactly(`${number}`), number)));
});

claim("numbers are written again as they were", () => {
  for (const number of ["12345678901234567890", "1.10", "1e2", "-0", "1E400", "0.1", "3", "-1.5e-7"]) {
    assertEquals(JSON.stringify(parseExactly(`[${number}, {"a": ${number}}]`)), `[${number},{"a":${number}}]`);
    assertEquals(`${parseExactly(number)}`, number);
  }
  assertEquals(parseExactly("1"), 1);
  assertEquals(parseExactly("1.0") instanceof WrittenNumber, true);
});

claim("texts that look like numbers stay texts, and names stay names", () => {
  assertEquals(
    JSON.stringify(parseExactly('{"__proto__":"1.0","constructor":"x"}')),
    '{"__proto__":"1.0","constructor":"x"}',
  );
});

claim("what is no JSON is refused", () => {
  for (const text of ["", "{", "01", "NaN"]) assertThrows(() => parseExactly(text), SyntaxError);
});
