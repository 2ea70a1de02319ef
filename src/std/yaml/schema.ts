import type { ScalarTag, SchemaOptions, Tags } from "yaml";

/**
 * Whole numbers as YAML 1.1 writes them: `0600` is octal, as people who write
 * file modes into configuration expect.
 */
const integer: ScalarTag = {
  tag: "tag:yaml.org,2002:int",
  default: true,
  test: /^[-+]?(0|[1-9][0-9_]*|0b[01_]+|0[0-7_]+|0x[0-9a-fA-F_]+)(?<!_)$/,
  identify: Number.isInteger,
  resolve(text) {
    const [, sign, digits] = /^([-+]?)(.*)$/.exec(text.replaceAll("_", ""))!;
    const isOctal = /^0\d/.test(digits);
    const size = Number(isOctal ? `0o${digits}` : digits);
    return sign === "-" ? 0 - size : size;
  },
  stringify: ({ value }) => Object.is(value, -0) ? "-0.0" : String(value),
};

const fraction: ScalarTag = {
  tag: "tag:yaml.org,2002:float",
  default: true,
  test:
    /^([-+]?(0|[1-9][0-9_]*)(\.[0-9_]*)?([eE][-+]?[0-9]+)?|\.[0-9_]+([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))(?<!_)$/,
  identify: (value) => typeof value === "number",
  resolve(text) {
    if (/nan$/i.test(text)) return NaN;
    if (/inf$/i.test(text)) return text.startsWith("-") ? -Infinity : Infinity;
    return Number(text.replaceAll("_", ""));
  },
  stringify: ({ value }) => String(value).replace("NaN", ".nan").replace("Infinity", ".inf"),
};

/** Bytes as a plain array of bytes: npm `yaml` alone makes a Node `Buffer`. */
const binary: ScalarTag = {
  tag: "tag:yaml.org,2002:binary",
  identify: (value) => value instanceof Uint8Array,
  resolve(text, onError) {
    try {
      return Uint8Array.fromBase64(text);
    } catch {
      onError("Binary value is not base64");
      return text;
    }
  },
  stringify: ({ value }) => (value as Uint8Array).toBase64(),
};

const numeric = new Set([integer.tag, fraction.tag]);

/**
 * The default schema of the standard library in terms of npm `yaml`: YAML 1.2
 * core, with the numbers, timestamps, bytes and merge keys of YAML 1.1.
 *
 * @example
 * ```ts
 * import { parse } from "yaml";
 * import { assertEquals } from "@std/assert";
 * import { defaultSchema } from "./schema.ts";
 *
 * assertEquals(parse("mode: 0600", defaultSchema), { mode: 0o600 });
 * ```
 */
export const defaultSchema: SchemaOptions = {
  schema: "core",
  merge: true,
  resolveKnownTags: false,
  customTags: (tags: Tags): Tags => [
    ...tags.filter((tag) => typeof tag === "string" || !numeric.has(tag.tag)),
    integer,
    fraction,
    "timestamp",
    binary,
  ],
};
