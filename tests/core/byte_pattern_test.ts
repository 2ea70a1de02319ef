import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { BytePattern } from "../../src/core/byte_pattern.ts";
import { claim } from "../claim.ts";

/** The same question put to the regular expressions of the language. */
function fitsExpression(pattern: string, key: string): boolean {
  const source = pattern.replace(/[*?.]/g, (one) => ({ "*": "[^]*", "?": "[^]", ".": "\\." })[one]!);
  return new RegExp(`^${source}$`).test(key);
}

claim("patterns decide as the equivalent regular expressions do", () => {
  const patterns = fc.string({ unit: fc.constantFrom("a", "b", ".", "*", "?"), minLength: 1, maxLength: 8 });
  const texts = fc.string({ unit: fc.constantFrom("a", "b", ".", "\n"), maxLength: 10 });
  fc.assert(
    fc.property(patterns, texts, (pattern, key) => {
      assertEquals(new BytePattern(pattern).test(key), fitsExpression(pattern, key), `${pattern} ${key}`);
    }),
    { numRuns: 5000 },
  );
});

claim("every byte can be written as an escape, and as itself unless it stands for something", () => {
  for (let byte = 0; byte < 256; byte++) {
    const key = String.fromCharCode(byte);
    const escape = `\\x${byte.toString(16).padStart(2, "0")}`;
    assertEquals([new BytePattern(escape).test(key), new BytePattern(escape).test(`${key}${key}`)], [true, false]);
  }
});
