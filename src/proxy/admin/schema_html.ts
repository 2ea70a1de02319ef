/**
 * A JSON Schema, for people.
 *
 * @module
 */

import { type Html, html } from "./html.ts";
import { entriesOf, itemsOf, memberOf, type OpenApiReader, textOf } from "./openapi_reader.ts";

/** How many levels are shown, how many lines of one schema, and of all: documents may be circular, or huge once resolved. */
const DEEPEST = 8;
const MOST_LINES = 300;
const MOST_LINES_IN_ALL = 20_000;

/** How much of a value, such as an example, is shown. */
const LONGEST_VALUE = 200;

/** What is said of a schema in one line, by keyword; the value stands where `#` does. */
const FACTS: readonly (readonly [keyword: string, words: string])[] = [
  ["minimum", "at least #"],
  ["maximum", "at most #"],
  ["exclusiveMinimum", "above #"],
  ["exclusiveMaximum", "below #"],
  ["multipleOf", "a multiple of #"],
  ["minLength", "at least # characters"],
  ["maxLength", "at most # characters"],
  ["minItems", "at least # items"],
  ["maxItems", "at most # items"],
  ["minProperties", "at least # members"],
  ["maxProperties", "at most # members"],
  ["pattern", "pattern #"],
  ["const", "always #"],
  ["default", "# by default"],
  ["example", "such as #"],
];

/** What is said of a schema that has a keyword set. */
const FLAGS: readonly (readonly [keyword: string, words: string])[] = [
  ["uniqueItems", "all different"],
  ["readOnly", "only in answers"],
  ["writeOnly", "only in requests"],
  ["deprecated", "deprecated"],
];

const ALTERNATIVES: readonly (readonly [keyword: string, words: string])[] = [
  ["allOf", "all of"],
  ["oneOf", "one of"],
  ["anyOf", "any of"],
];

function valueText(value: unknown): string {
  let text: string;
  try {
    text = JSON.stringify(value) ?? "";
  } catch {
    return "…"; // Circular, as a resolved document may be.
  }
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text;
}

function factsHtml(facts: readonly string[]): Html | false {
  return facts.length > 0 && html`<span class="fact">${facts.map((fact) => ` · ${fact}`)}</span>`;
}

/** Shows schemas of one document. */
export class SchemaPrinter {
  readonly #reader: OpenApiReader;
  #left = 0;
  #leftInAll = MOST_LINES_IN_ALL;

  /**
   * Begins to show schemas, all of one page.
   *
   * @param reader The document, to follow references in.
   */
  constructor(reader: OpenApiReader) {
    this.#reader = reader;
  }

  /**
   * Shows a schema in full.
   *
   * @param schema The schema, or a reference to it.
   * @returns Its type, what else holds, and its members.
   */
  show(schema: unknown): Html {
    this.#left = Math.min(MOST_LINES, this.#leftInAll);
    this.#leftInAll -= this.#left;
    const shown = html`<div class="schema">${this.#line(schema)}${this.#below(schema, [])}</div>`;
    this.#leftInAll += this.#left;
    return shown;
  }

  /** Such as `array of integer (int64)`. */
  #typeText(schema: unknown, depth = 0): string {
    if (schema === false) return "nothing";
    const found = this.#reader.resolve(schema);
    const name = textOf(memberOf(schema, "$ref")).split("/").at(-1) || textOf(memberOf(found, "title"));
    const type = memberOf(found, "type");
    const types = (Array.isArray(type) ? type : [type]).map(textOf).filter((one) => one !== "");
    if (memberOf(found, "nullable") === true) types.push("null");
    if (types.length === 0 && memberOf(found, "properties") !== undefined) types.push("object");
    const items = memberOf(found, "items");
    const words = types.map((one) => {
      if (one === "array" && items !== undefined && depth < DEEPEST) {
        return `array of ${this.#typeText(items, depth + 1)}`;
      }
      return one === "object" && name !== "" ? name : one;
    }).join(" or ");
    const format = textOf(memberOf(found, "format"));
    if (format !== "") return `${words || "anything"} (${format})`;
    if (words !== "") return words;
    return name || (ALTERNATIVES.some(([keyword]) => memberOf(found, keyword) !== undefined) ? "" : "anything");
  }

  #line(schema: unknown): Html {
    const found = this.#reader.resolve(schema);
    const facts = FACTS.filter(([keyword]) => memberOf(found, keyword) !== undefined)
      .map(([keyword, words]) => words.replace("#", () => valueText(memberOf(found, keyword))));
    const choices = itemsOf(memberOf(found, "enum")).map(valueText).join(", ");
    if (choices !== "") facts.unshift(`one of ${choices}`);
    for (const [keyword, words] of FLAGS) if (memberOf(found, keyword) === true) facts.push(words);
    const description = textOf(memberOf(found, "description"));
    return html`<span class="type">${this.#typeText(schema)}</span>${factsHtml(facts)}${
      description !== "" && html`<div class="text">${description}</div>`
    }`;
  }

  /** Members, items, alternatives: what is a schema of its own. */
  #below(schema: unknown, above: readonly unknown[]): Html | false {
    const found = this.#reader.resolve(schema);
    if (typeof found !== "object" || found === null) return false;
    if (above.includes(found)) return factsHtml(["as above"]);
    if (above.length >= DEEPEST || this.#left <= 0) return factsHtml(["…"]);
    const path = [...above, found];
    const required = itemsOf(memberOf(found, "required"));
    const items = memberOf(found, "items");
    const more = memberOf(found, "additionalProperties");
    const member = (label: Html, one: unknown): Html | false => {
      if (this.#left <= 0) return false;
      return --this.#left === 0
        ? html`<li>…</li>`
        : html`<li>${label} ${this.#line(one)}${this.#below(one, path)}</li>`;
    };
    const rows = [
      ...entriesOf(memberOf(found, "properties")).map(([name, one]) =>
        member(
          html`<code>${name}</code>${
            required.includes(name) && html`
              <strong>required</strong>
            `
          }`,
          one,
        )
      ),
      typeof more === "object" && more !== null && member(html`<em>any other name</em>`, more),
      ...ALTERNATIVES.flatMap(([keyword, words]) =>
        itemsOf(memberOf(found, keyword)).map((one) => member(html`<em>${words}</em>`, one))
      ),
    ].filter((row) => row !== false);
    return html`${items !== undefined && this.#below(items, path)}${rows.length > 0 && html`<ul>${rows}</ul>`}`;
  }
}
