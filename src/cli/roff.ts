/**
 * Text as man(1) reads it: the macros of man(7), and what has to be escaped.
 *
 * @module
 */

/** Characters that roff would take for something else, or print as another one that looks like it. */
const ESCAPES: Readonly<Record<string, string>> = {
  "\\": "\\e",
  "-": "\\-",
  "'": "\\(aq",
  "`": "\\(ga",
  "^": "\\(ha",
  "~": "\\(ti",
  '"': "\\(dq",
  "…": "\\&...",
};

/**
 * Escapes text, so that it is printed as it is and can be copied.
 *
 * @param text The text, without line breaks.
 * @returns ASCII that roff prints so, wherever in a line it stands.
 */
export function escapeRoff(text: string): string {
  const escaped = Array.from(text, (letter) => {
    if (Object.hasOwn(ESCAPES, letter)) return ESCAPES[letter];
    return letter > "~" ? `\\[u${letter.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}]` : letter;
  }).join("");
  // A line that begins with a dot is a request.
  return escaped.startsWith(".") ? `\\&${escaped}` : escaped;
}

/** A word that is not hyphenated. */
export function unbroken(word: string): string {
  return `\\%${escapeRoff(word)}`;
}

/** Sets the words of a text; those that are no plain words are names, which are not hyphenated. */
function set(text: string): string {
  return text.split(" ").map((word) => /[^A-Za-z.,;:?()'"]|[A-Z]{2}/.test(word) ? unbroken(word) : escapeRoff(word))
    .join(" ");
}

/** What is written as it is typed. */
export function bold(text: string): string {
  return `\\fB${set(text)}\\fR`;
}

/** What is to be replaced. */
export function italic(text: string): string {
  return `\\fI${set(text)}\\fR`;
}

/** A section. */
export function section(title: string, ...lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`.SH ${title}`, ...lines];
}

/** A term and what it means, indented below it. */
export function tagged(term: string, ...meaning: readonly string[]): string[] {
  return [".TP", term, ...meaning];
}

/** Lines that stay as they are. */
export function literal(lines: readonly string[]): string[] {
  return [".RS 4", ".EX", ...lines.map(escapeRoff), ".EE", ".RE"];
}

/** Options and commands within a text. */
const TYPED = /((?<![\w-])--[a-z][\w-]*|\bipcx [a-z][\w-]*)/;

/**
 * Sets a text, a sentence a line, with options and commands in bold.
 *
 * @param text The text.
 * @param isCommand Tells which words behind `ipcx` are a part of what is typed.
 * @returns The lines.
 */
export function prose(text: string, isCommand: (name: string) => boolean): string[] {
  return text.trim().replaceAll(/\s+/g, " ").split(/(?<=[.?]) (?=[^a-z])/).map((sentence) =>
    sentence.split(TYPED).map((part) => {
      const isTyped = part.startsWith("--") || (part.startsWith("ipcx ") && isCommand(part.slice(5)));
      return isTyped ? bold(part) : set(part);
    }).join("")
  );
}
