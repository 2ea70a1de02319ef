/**
 * The variables of a process: `env` of a route, and `pass_env`.
 *
 * @module
 */

import type { Template } from "../config.ts";
import { parseTemplate } from "../placeholders.ts";
import type { ConfigValue } from "./config_value.ts";

/** What every process is given by the gateway itself. */
const RESERVED = ["REQUEST_ID", "URIPATH", "REPLY_SOCKET", "REPLY_URL", "NEXT_URL", "PAYLOAD", "PAYLOAD_FILE"];

/** A variable with its place. */
export interface Variable {
  /** Its value. */
  readonly template: Template;
  /** Where it stands. */
  readonly place: ConfigValue;
}

function nameFault(name: string): string | undefined {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return `'${name}' is no name of a variable: letters, digits and _`;
  return RESERVED.includes(name) ? `${name} is set by ipcx itself` : undefined;
}

function templateAt(place: ConfigValue, text: string): Template | undefined {
  try {
    return parseTemplate(text);
  } catch (error) {
    return place.complain((error as Error).message);
  }
}

function pairsOf(value: ConfigValue): { name: string; text: string; at: ConfigValue; place: ConfigValue }[] {
  if (value.kind === "section") {
    return (value.pairs()?.entries ?? []).flatMap(({ key, at, value: place }) => {
      const text = place.kind === "nothing" ? "" : place.text();
      return text === undefined ? [] : [{ name: key, text, at, place }];
    });
  }
  return (value.list("a list of NAME=value, or a section of keys,") ?? []).flatMap((place) => {
    const text = place.text("NAME=value");
    if (text === undefined) return [];
    const equals = text.indexOf("=");
    if (equals > 0) return [{ name: text.slice(0, equals), text: text.slice(equals + 1), at: place, place }];
    place.complain(`'${text}' is no variable: write NAME=value`);
    return [];
  });
}

/**
 * Reads the variables of a route.
 *
 * @param value What `env` has: a list of `NAME=value`, or keys with values.
 * @returns The variables by name.
 */
export function readEnvironment(value: ConfigValue): Map<string, Variable> {
  const variables = new Map<string, Variable>();
  for (const { name, text, at, place } of pairsOf(value)) {
    const fault = nameFault(name) ?? (variables.has(name) ? `${name} is given twice` : undefined);
    const template = templateAt(place, text);
    if (fault !== undefined) at.complain(fault);
    else if (template) variables.set(name, { template, place });
  }
  return variables;
}

/**
 * Reads which variables of the gateway are passed on.
 *
 * @param value What `pass_env` has: a list of names.
 * @returns The names.
 */
export function readPassedVariables(value: ConfigValue): string[] {
  const names = new Set<string>();
  for (const item of value.list("a list of names") ?? []) {
    const name = item.text("a name");
    if (name === undefined) continue;
    const fault = nameFault(name) ?? (names.has(name) ? `${name} is given twice` : undefined);
    if (fault !== undefined) item.complain(fault);
    names.add(name);
  }
  return [...names];
}
