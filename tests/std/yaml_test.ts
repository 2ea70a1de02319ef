import { assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { parse, stringify } from "@std/yaml";
import fc from "fast-check";

Deno.test("what JSON can say comes back from YAML unchanged", () => {
  fc.assert(fc.property(
    fc.jsonValue({ noUnicodeString: false }),
    fc.boolean(),
    (value, compatMode) =>
      // Through JSON, as the value may have objects without a prototype.
      assertEquals(JSON.stringify(parse(stringify(value, { compatMode }))), JSON.stringify(value)),
  ));
});

Deno.test("dates come back from YAML unchanged", () => {
  // Both packages take a year below 100 for one of the last century.
  const date = fc.date({
    min: new Date("0100-01-01"),
    max: new Date("9999-12-31"),
    noInvalidDate: true,
  });
  fc.assert(fc.property(date, (at) => {
    assertEquals(parse(stringify({ at })), { at });
  }));
});

Deno.test("base64 becomes bytes", () => {
  const bytes = new TextEncoder().encode("abcdef");
  for (const text of ["key: !!binary YWJjZGVm", stringify({ key: bytes })]) {
    const { key } = parse(text) as { key: Uint8Array };
    assertEquals(new Uint8Array(key), bytes);
  }
});

Deno.test("plain scalars get the type they look like", () => {
  const text = `
text: abc
yes: yes
one: 1
minus: -1_000
mode: 0600
flags: 0b101
mask: 0xFF
modern: 0o600
half: .5
big: 1e3
time: 1:30
nothing: ~
empty:
on: true
off: False
day: 2001-12-14
quoted: "1"
never: .inf
`;
  assertEquals(parse(text), {
    text: "abc",
    yes: "yes",
    one: 1,
    minus: -1000,
    mode: 0o600,
    flags: 5,
    mask: 255,
    modern: "0o600",
    half: 0.5,
    big: 1000,
    time: "1:30",
    nothing: null,
    empty: null,
    on: true,
    off: false,
    day: new Date("2001-12-14"),
    quoted: "1",
    never: Infinity,
  });
});

Deno.test("anchors, aliases and merges are resolved", () => {
  const text = `
base: &base { mode: 384, owner: root }
copy: *base
own:
  <<: *base
  owner: ipcx
`;
  assertEquals(parse(text), {
    base: { mode: 384, owner: "root" },
    copy: { mode: 384, owner: "root" },
    own: { mode: 384, owner: "ipcx" },
  });
});

Deno.test("a text without a document is null", () => {
  assertEquals(parse(""), null);
  assertEquals(parse("# nothing\n"), null);
});

Deno.test("no key reaches the prototype of objects", () => {
  const value = parse("__proto__: { polluted: true }");
  assertEquals(({} as { polluted?: unknown }).polluted, undefined);
  assertEquals(Object.getPrototypeOf(value), Object.prototype);
});

Deno.test("what is not valid is a syntax error that names its place", () => {
  const texts = {
    "a flow sequence that does not end": "a: [1, 2",
    "a key given twice": "a: 1\na: 2",
    "a mapping inside a line": "a: b: c",
    "bad indentation": "a: 1\n b: 2",
    "an alias without anchor": "a: *b",
    "an unknown tag": "a: !address x",
    "two documents": "--- 1\n--- 2",
    "a quote that does not end": 'a: "b',
    "a reserved character": "a: @b",
  };
  for (const text of Object.values(texts)) {
    const error = assertThrows(() => parse(text), SyntaxError);
    assertMatch(error.message, / at line [1-3], column \d+/);
  }
  assertThrows(() => parse("<<: 1"), SyntaxError);
});

Deno.test("an error points at the line it is in", () => {
  const text = "listen: /run/a\nmode: 0600\nmode: 0644\n";
  const error = assertThrows(() => parse(text), SyntaxError, "at line 3, column 1");
  assertStringIncludes(error.message, "mode: 0644");
});

Deno.test("duplicate keys can be allowed: the last counts", () => {
  assertEquals(parse("a: 1\na: 2", { allowDuplicateKeys: true }), { a: 2 });
});

Deno.test("text that would be read as something else is quoted", () => {
  const texts = ["1", "0600", "true", "null", "~", "", "2001-12-14", "yes"];
  for (const text of texts) assertEquals(stringify(text), `'${text}'\n`);
  assertEquals(stringify("yes", { compatMode: false }), "yes\n");
  assertEquals(parse(stringify({ "<<": { a: 1 } })), { "<<": { a: 1 } });
});

Deno.test("the layout is that of the options", () => {
  const data = { b: [1, { c: 2 }], a: {} };
  assertEquals(stringify(data), "b:\n  - 1\n  - c: 2\na: {}\n");
  assertEquals(stringify(data, { indent: 4, sortKeys: true }).split("\n")[0], "a: {}");
  assertEquals(
    stringify(data, { arrayIndent: false }),
    "b:\n- 1\n- c: 2\na: {}\n",
  );
  assertEquals(
    Object.keys(parse(stringify(data, {
      sortKeys: (x, y) => x < y ? 1 : -1,
    })) as object),
    ["b", "a"],
  );
});

Deno.test("an object met twice is written once unless anchors are off", () => {
  const owner = { uid: 0 };
  const data = [owner, owner];
  assertMatch(stringify(data), /^- &(\S+)\n {2}uid: 0\n- \*\1\n$/);
  assertEquals(
    stringify(data, { useAnchors: false }),
    "- uid: 0\n- uid: 0\n",
  );
});

Deno.test("what YAML cannot express is refused", () => {
  for (const value of [undefined, () => {}, Symbol("s"), 1n]) {
    assertThrows(() => stringify({ a: [value] }), TypeError);
    assertThrows(() => stringify(value), TypeError);
  }
});
