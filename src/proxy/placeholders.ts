/**
 * Placeholders in arguments and variables of a process.
 *
 * @module
 */

import { suggestion } from "../core/nearest.ts";
import type { Template, TemplatePart } from "./config.ts";

/** What can stand between braces. */
const PLACEHOLDERS = ["jsonpayload", "req_id", "path.NAME", "query.NAME", "header.NAME"];

/** The last two of several braces begin it: the others belong to a JSON text around it. */
const BEGIN = /\{\{(?!\{)/;

const LITERAL = /^\{\{\s*'([^']*)'\s*\}\}/;
const PLACEHOLDER = /^\{\{([^{}]*)\}\}/;

/** The name of a header field (RFC 9110, 5.1). */
const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/;

function partOf(written: string): TemplatePart {
  if (written === "jsonpayload") return { kind: "payload" };
  if (written === "req_id") return { kind: "req_id" };
  const [, kind, name] = /^(path|query|header)\.(\S+)$/.exec(written) ?? [];
  if (kind === "header" && TOKEN.test(name)) return { kind, name: name.toLowerCase() };
  if (kind === "path" || kind === "query") return { kind, name };
  const [named] = /^(path|query|header)(?=\.?$)/.exec(written) ?? [];
  if (named) throw new Error(`'{{${written}}}' has no name: write {{${named}.NAME}}`);
  throw new Error(
    `there is no placeholder '{{${written}}}': ${suggestion(written, PLACEHOLDERS)} (for two braces write {{'{{'}})`,
  );
}

/**
 * Reads an argument with placeholders: `{{jsonpayload}}`, `{{req_id}}`,
 * `{{path.NAME}}`, `{{query.NAME}}`, `{{header.NAME}}`, and `{{'…'}}` for what
 * is to be taken as it is.
 *
 * @param text The text.
 * @returns Its parts; no two texts follow each other, none is empty.
 * @throws {Error} For a placeholder that there is not, or that does not end.
 */
export function parseTemplate(text: string): Template {
  const parts: TemplatePart[] = [];
  let literal = "", rest = text;
  for (let found = BEGIN.exec(rest); found; found = BEGIN.exec(rest)) {
    literal += rest.slice(0, found.index);
    rest = rest.slice(found.index);
    const [verbatim, quoted] = LITERAL.exec(rest) ?? [];
    if (verbatim !== undefined) {
      literal += quoted;
      rest = rest.slice(verbatim.length);
      continue;
    }
    const [whole, written] = PLACEHOLDER.exec(rest) ?? [];
    if (whole === undefined) {
      throw new Error(`'{{' begins a placeholder that does not end in '}}' (for two braces write {{'{{'}})`);
    }
    if (literal !== "") parts.push({ kind: "text", text: literal });
    parts.push(partOf(written.trim()));
    literal = "";
    rest = rest.slice(whole.length);
  }
  literal += rest;
  if (literal !== "") parts.push({ kind: "text", text: literal });
  return parts;
}

function formatPart(part: TemplatePart): string {
  switch (part.kind) {
    case "text":
      return part.text.replaceAll(/\{{2,}/g, (braces) => `{{'${braces}'}}`);
    case "payload":
      return "{{jsonpayload}}";
    case "req_id":
      return "{{req_id}}";
    default:
      return `{{${part.kind}.${part.name}}}`;
  }
}

/**
 * Writes an argument so that {@linkcode parseTemplate} reads it again.
 *
 * @param template Its parts.
 * @returns The text.
 */
export function formatTemplate(template: Template): string {
  return template.map(formatPart).join("");
}

/**
 * Tells what a template without placeholders says.
 *
 * @param template Its parts.
 * @returns The text, or `undefined` if there are placeholders in it.
 */
export function literalOf(template: Template): string | undefined {
  if (template.some(({ kind }) => kind !== "text")) return undefined;
  return template.map((part) => part.kind === "text" ? part.text : "").join("");
}
