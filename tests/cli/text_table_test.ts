import { assertEquals } from "@std/assert";
import { rowWriter, table } from "../../src/cli/text_table.ts";
import { claim } from "../claim.ts";

claim("columns are as wide as their widest cell and lean to their side", () => {
  const text = table([["ID", "right"], ["NAME", "left"], ["FOR", "right"]], [
    ["1", "a", "10.0 s"],
    ["100", "much longer", "9 s"],
  ]);
  assertEquals(
    text,
    [
      " ID  NAME            FOR",
      "  1  a            10.0 s",
      "100  much longer     9 s",
      "",
    ].join("\n"),
  );
});

claim("a table without rows still has its headings", () => {
  assertEquals(table([["ID", "right"], ["KEY", "left"]], []), "ID  KEY\n");
});

claim("a table without any heading has no line of them, and none at all without rows", () => {
  assertEquals(table([["", "left"], ["", "left"]], [["pid", "1"], ["uptime", "2 s"]]), "pid     1\nuptime  2 s\n");
  assertEquals(table([["", "left"]], []), "");
});

claim("no line ends in blanks", () => {
  for (const line of table([["A", "left"], ["B", "left"]], [["x", ""], ["", "long"]]).split("\n")) {
    assertEquals(line, line.trimEnd());
  }
});

claim("a writer of rows keeps the widths of those it was made for; what is wider stands out", () => {
  const write = rowWriter([["", "left"], ["", "right"], ["", "left"]], [["abc", "1", "x"], ["a", "100", ""]]);
  assertEquals(write(["a", "1", "y"]), "a      1  y\n");
  assertEquals(write(["abcdef", "1000", "z"]), "abcdef  1000  z\n");
});
