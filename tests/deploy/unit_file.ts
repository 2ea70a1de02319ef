/**
 * Units of systemd as they are written (systemd.syntax(7)).
 *
 * @module
 */

import { ROOT } from "../cli/program.ts";

/** Where they are. */
export const UNITS = `${ROOT}deploy/systemd`;

/** The names of all units. */
export const UNIT_NAMES: readonly string[] = Array.from(Deno.readDirSync(UNITS), ({ name }) => name).sort();

/**
 * Reads a unit.
 *
 * @param name Its name.
 * @returns Its settings in their order, such as `["Service.Type", "notify"]`.
 */
export function readUnit(name: string): [string, string][] {
  const settings: [string, string][] = [];
  let section = "";
  for (const line of Deno.readTextFileSync(`${UNITS}/${name}`).split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    const [, heading] = /^\[(\w+)\]$/.exec(line) ?? [];
    if (heading !== undefined) {
      section = heading;
      continue;
    }
    const [, key, value] = /^(\w+)=(.*)$/.exec(line) ?? [];
    if (key === undefined) throw new Error(`${name}: '${line}' is no setting`);
    settings.push([`${section}.${key}`, value]);
  }
  return settings;
}

/**
 * The values of a setting.
 *
 * @param name The unit.
 * @param setting Its section and key.
 * @returns All that it is set to.
 */
export function settingOf(name: string, setting: string): string[] {
  return readUnit(name).filter(([key]) => key === setting).map(([, value]) => value);
}

/**
 * The arguments of `ipcx` in a service.
 *
 * @param name The service.
 * @param replaced Texts, and what stands for them here.
 * @returns Its ExecStart without the program. What variables add is left out: by default they are empty.
 */
export function argumentsOf(name: string, replaced: Readonly<Record<string, string>>): string[] {
  const [line] = settingOf(name, "Service.ExecStart");
  const [program, ...args] = line.split(" ").filter((word) => !word.startsWith("$"));
  if (program !== "/usr/bin/ipcx") throw new Error(`${name} runs ${program}`);
  return args.map((word) => Object.entries(replaced).reduce((text, [from, to]) => text.replaceAll(from, to), word));
}
