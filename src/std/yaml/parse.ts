import { type Document, isAlias, parseDocument, visit } from "yaml";
import { defaultSchema } from "./schema.ts";
import { syntaxErrorAt, type YamlSyntaxError } from "./syntax_error.ts";

/**
 * Options of `parse`.
 *
 * @example
 * ```ts
 * import { parse, type ParseOptions } from "@std/yaml";
 *
 * const options: ParseOptions = { allowDuplicateKeys: true };
 * console.log(parse("a: 1\na: 2", options)); // { a: 2 }
 * ```
 */
export interface ParseOptions {
  /** Let a later key replace an earlier one instead of being an error. */
  allowDuplicateKeys?: boolean;
  /** Told of what is doubtful but no error. */
  onWarning?(error: YamlSyntaxError): void;
}

/**
 * Reads a YAML text of one document.
 *
 * @param content The text.
 * @param options How to read it.
 * @returns The value, `null` if there is none.
 * @throws {YamlSyntaxError} If the text is not valid, a tag or alias is
 * unknown, or there is more than one document; the message names the place.
 *
 * @example
 * ```ts
 * import { parse } from "@std/yaml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parse("listen: /run/a\nmode: 0600"), {
 *   listen: "/run/a",
 *   mode: 0o600,
 * });
 * ```
 */
export function parse(content: string, options: ParseOptions = {}): unknown {
  const document = parseDocument(content, {
    ...defaultSchema,
    prettyErrors: false,
    stringKeys: true,
    uniqueKeys: !options.allowDuplicateKeys,
  });
  const unknownTags = document.warnings.filter(isUnknownTag);
  for (const { message, pos } of [...document.errors, ...unknownTags]) {
    throw syntaxErrorAt(message, content, pos[0]);
  }
  for (const { message, pos } of document.warnings) {
    options.onWarning?.(syntaxErrorAt(message, content, pos[0]));
  }
  return valueOf(document, content);
}

// To npm `yaml` a tag it does not know is a string with a warning. A typo in
// a tag would then change the value's type in silence.
function isUnknownTag({ code }: { code: string }): boolean {
  return code === "TAG_RESOLVE_FAILED";
}

function valueOf(document: Document.Parsed, content: string): unknown {
  try {
    return document.toJS() ?? null;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    // An alias without anchor, so many that the text is an attack, or a merge
    // of what is no map: the library finds these only now.
    const offset = unresolvedAlias(document) ?? 0;
    throw syntaxErrorAt(error.message, content, offset);
  }
}

function unresolvedAlias(document: Document.Parsed): number | undefined {
  let offset: number | undefined;
  visit(document, {
    Node(_key, node) {
      if (!isAlias(node) || node.resolve(document)) return;
      offset = node.range?.[0];
      return visit.BREAK;
    },
  });
  return offset;
}
