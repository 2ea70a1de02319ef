/**
 * Configurations in folders of their own, for the tests of what is read from them.
 *
 * @module
 */

import { assert } from "@std/assert";
import type { ProxyConfig, RouteConfig } from "../../src/proxy/config.ts";
import { ConfigError } from "../../src/proxy/configuration/config_error.ts";
import { parseProxyConfig } from "../../src/proxy/read_config.ts";
import { OwnDirectory } from "../claim.ts";

/** Where `t.yaml` is, for configurations that need no files. */
const NOWHERE = "/nonexistent-ipcx";

/**
 * Reads a configuration.
 *
 * @param text The text.
 * @param folder The folder it is in.
 * @returns The configuration.
 */
export function configOf(text: string, folder = NOWHERE): ProxyConfig {
  return parseProxyConfig(text, { file: `${folder}/t.yaml` });
}

/**
 * Reads a configuration that has faults.
 *
 * @param text The text.
 * @param folder The folder it is in.
 * @returns `LINE:COLUMN: MESSAGE` for each fault, in their order; none if there is none.
 */
export function faultsOf(text: string, folder = NOWHERE): string[] {
  try {
    configOf(text, folder);
    return [];
  } catch (error) {
    assert(error instanceof ConfigError, `${(error as Error).stack}`);
    const prefix = `${folder}/t.yaml:`;
    return error.message.split(`\n${prefix}`).map((line) => line.replace(prefix, ""));
  }
}

/**
 * Writes one route, whose keys are given.
 *
 * @param keys Lines of keys, each indented by six blanks.
 * @param top Lines at the top level, before it.
 * @param bottom Lines at the top level, behind it.
 * @returns The text of a configuration; the keys begin in line 4 if there are no lines before it.
 */
export function routeText(keys: string, top = "", bottom = ""): string {
  return `${top}paths:\n  /a/{id}:\n    post:\n${keys.replace(/^(?=.)/gm, "      ")}\n${bottom}`;
}

/**
 * Reads one route that answers on its standard output.
 *
 * @param keys Lines of its keys beside `answer` and `inject`.
 * @param top Lines at the top level.
 * @returns The route.
 */
export function routeOf(keys: string, top = ""): RouteConfig {
  return configOf(routeText(`answer: stdout\ninject: {cmd: cat}\n${keys}`, top)).routes[0];
}

/**
 * Reads the keys below `inject`.
 *
 * @param keys Lines of its keys.
 * @param folder The folder it is in.
 * @returns The route.
 */
export function injectOf(keys: string, folder?: string): RouteConfig["inject"] {
  return configOf(injectText(keys), folder).routes[0].inject;
}

/**
 * Writes the keys below `inject`.
 *
 * @param keys Lines of its keys.
 * @returns The text of a configuration; the keys begin in line 7, column 9.
 */
export function injectText(keys: string): string {
  return routeText(`\ninject:\n${keys.replace(/^(?=.)/gm, "  ")}`, "socketpath: /tmp/s\n");
}

/** A folder with what configurations name. */
export class ConfigFolder extends OwnDirectory {
  /** Makes a file in it. */
  write(name: string, text: string, mode = 0o644): string {
    Deno.writeTextFileSync(this.file(name), text);
    Deno.chmodSync(this.file(name), mode);
    return this.file(name);
  }
}
