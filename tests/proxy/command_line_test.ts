import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { splitCommandLine } from "../../src/proxy/configuration/command_line.ts";
import { claim } from "../claim.ts";

claim("a command line is split at blanks, tabs and line ends, and at nothing else", () => {
  assertEquals(splitCommandLine(""), []);
  assertEquals(splitCommandLine(" \t\r\n"), []);
  assertEquals(splitCommandLine("  a  b\tc\n"), ["a", "b", "c"]);
  assertEquals(splitCommandLine("a'b c'd \"e\" f\\ g"), ["a'b", "c'd", '"e"', "f\\", "g"]);
  assertEquals(splitCommandLine("a\u00a0b"), ["a\u00a0b"]);
});

claim("blanks inside a placeholder do not split it", () => {
  assertEquals(splitCommandLine("echo {{ jsonpayload }}x {{'a b'}}"), ["echo", "{{ jsonpayload }}x", "{{'a b'}}"]);
  assertEquals(splitCommandLine("a {{ b"), ["a", "{{", "b"]);
  assertEquals(splitCommandLine("{{ }} c"), ["{{ }}", "c"]);
});

const WORD = fc.oneof(
  fc.stringMatching(/^[^\s{}]+$/),
  fc.constantFrom("{{jsonpayload}}", "a{{ req_id }}b", "{{\tpath.x}}", "{{' '}}"),
);

claim("words put together with any blanks between them are found again", () => {
  const blanks = fc.stringMatching(/^[ \t\r\n]+$/);
  fc.assert(fc.property(fc.array(fc.tuple(WORD, blanks)), blanks, (words, before) => {
    const line = before + words.map(([word, blank]) => word + blank).join("");
    assertEquals(splitCommandLine(line), words.map(([word]) => word));
  }));
});

claim("splitting loses nothing but blanks, whatever the text", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[{}' ab]*$/)), (line) => {
      const bare = (one: string): string => one.replaceAll(/[ \t\r\n]/g, "");
      assertEquals(bare(splitCommandLine(line).join("")), bare(line));
    }),
    { numRuns: 3000 },
  );
});

claim("a long line of braces is split at once", () => {
  assertEquals(splitCommandLine("{{ ".repeat(20_000)).length, 20_000);
  assertEquals(splitCommandLine(`{{${" ".repeat(50_000)}`).length, 1);
});
