/**
 * Reading and writing YAML with the functions of `jsr:@std/yaml`, on npm
 * `yaml`, for where JSR cannot be reached.
 *
 * @example
 * ```ts
 * import { parse, stringify } from "@std/yaml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parse(stringify({ routes: ["/a", "/b"] })), {
 *   routes: ["/a", "/b"],
 * });
 * ```
 *
 * @module
 */
export { parse, type ParseOptions } from "./yaml/parse.ts";
export { stringify, type StringifyOptions } from "./yaml/stringify.ts";
export { type YamlPosition, YamlSyntaxError } from "./yaml/syntax_error.ts";
