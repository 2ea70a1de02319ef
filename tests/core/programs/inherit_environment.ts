/** Tells the environment that it hands on, byte by byte, and what becomes of it when one variable is changed. */
import { Environment, type PackedStrings } from "../../../src/core/image.ts";

function escaped({ count, bytes }: PackedStrings): string[] {
  const text = Array.from(bytes, (byte) => byte < 0x80 ? String.fromCharCode(byte) : `\\x${byte.toString(16)}`).join(
    "",
  );
  return text.split("\0").slice(0, count);
}

const environment = Environment.inherit();
const entries = escaped(environment.pack());
const a = environment.get("A");
environment.set("A", "third");
console.log(JSON.stringify({ entries, a, changed: escaped(environment.pack()) }));
