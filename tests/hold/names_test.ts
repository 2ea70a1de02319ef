import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { checkName } from "../../src/hold/names.ts";
import { claim } from "../claim.ts";

claim("a name is 1 to 255 printable characters of ASCII without a colon, as systemd has them", () => {
  const character = fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)).filter((one) =>
    one !== ":"
  );
  fc.assert(fc.property(fc.array(character, { minLength: 1, maxLength: 255 }), (characters) => {
    const name = characters.join("");
    assertEquals(checkName(name), name);
  }));
});

claim("anything else is no name, and the message is printable", () => {
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
    if (/^[ -~]{1,255}$/.test(text) && !text.includes(":")) return;
    const { message } = assertThrows(() => checkName(text), RangeError);
    assertEquals(/^[ -~]*$/.test(message), true, message);
  }));
  const wrong: Record<string, string> = {
    "": "'' is no name: printable characters of ASCII, and no colon",
    "a:b": "'a:b' is no name: printable characters of ASCII, and no colon",
    "\x1b[31m": "'\\x1b[31m' is no name: printable characters of ASCII, and no colon",
    "grüße": "'gr\\xc3\\xbc\\xc3\\x9fe' is no name: printable characters of ASCII, and no colon",
    "line\n": "'line\\x0a' is no name: printable characters of ASCII, and no colon",
    ["x".repeat(256)]: "a name has 256 characters; 255 is the most",
  };
  for (const [name, message] of Object.entries(wrong)) {
    assertEquals(assertThrows(() => checkName(name), RangeError).message, message);
  }
});
