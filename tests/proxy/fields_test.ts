import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { isFieldName, isFieldValue } from "../../src/proxy/fields.ts";
import { claim } from "../claim.ts";

claim("names of fields are what RFC 9110 calls tokens", () => {
  for (const name of ["a", "X-Y", "!#$%&'*+.^_`|~-0", "Set-Cookie"]) assert(isFieldName(name), name);
  for (const name of ["", "a b", "a:", "a\n", "\n", "é", "a\0", "(a)", 'a"', "a/b", "a,b"]) {
    assert(!isFieldName(name), name);
  }
});

claim("values of fields have no line ends, no control characters, and nothing beyond Latin-1", () => {
  for (const value of ["", "a b\tc", "\x80\xff", '"[]{}']) assert(isFieldValue(value), value);
  for (const value of ["a\r\nb", "a\n", "\n", "\0", "\x1b", "\x7f", "€", "\u0100"]) assert(!isFieldValue(value), value);
});

claim("what is a name and a value can be sent, and comes back as it was", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    if (isFieldName(text)) assertEquals([...new Headers([[text, "x"]])], [[text.toLowerCase(), "x"]]);
    if (isFieldValue(text)) assertEquals(new Headers([["x", text]]).get("x"), text.replaceAll(/^[\t ]+|[\t ]+$/g, ""));
  }));
});
