/**
 * HTML in which nothing from outside can be markup.
 *
 * @module
 */

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Markup that was written here; only {@linkcode html} makes it. */
export class Html {
  readonly #markup: string;

  /**
   * Vouches for markup.
   *
   * @param markup Written in this program.
   */
  constructor(markup: string) {
    this.#markup = markup;
  }

  /** The markup. */
  toString(): string {
    return this.#markup;
  }
}

/** What may stand in a template: text is escaped, markup is not, of a list each, nothing of `undefined` and `false`. */
export type HtmlValue = string | number | Html | undefined | false | readonly HtmlValue[];

function markupOf(value: HtmlValue): string {
  if (value === undefined || value === false) return "";
  if (value instanceof Html) return value.toString();
  if (typeof value === "object") return value.map(markupOf).join("");
  return String(value).replace(/[&<>"']/g, (character) => ENTITIES[character]);
}

/**
 * Makes markup of a template. Values may stand for text and within quoted attributes.
 *
 * @param template The markup.
 * @param values What stands in between.
 * @returns The markup with everything escaped.
 */
export function html(template: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  return new Html(template.map((part, at) => part + markupOf(values[at])).join(""));
}
