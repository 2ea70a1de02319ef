/**
 * The keys below `inject`: how the process of a route is started.
 *
 * @module
 */

import { groupId, primaryGroupOf, userId } from "../../core/accounts.ts";
import { suggestion } from "../../core/nearest.ts";
import { type Channel, DEFAULTS, type Encoding, type Injection, type Template } from "../config.ts";
import { literalOf } from "../placeholders.ts";
import { type Command, readCommand } from "./command_line.ts";
import type { Section } from "./config_section.ts";
import type { ConfigValue } from "./config_value.ts";
import { readEnvironment, type Variable } from "./environment_keys.ts";
import { directory, programFault } from "./files_there.ts";
import { findPeril, isPerilousVariable } from "./interpreters.ts";
import { INJECT_KEYS } from "./known_keys.ts";
import { readNamespaces } from "./namespaces_section.ts";
import { bool, count, duration } from "./quantities.ts";
import { word } from "./words.ts";

const CHANNELS: readonly Channel[] = ["cmdline", "stdin", "env", "file"];
const ENCODINGS: readonly Encoding[] = ["json", "form", "raw"];
const MAX_WORKERS = 1024;

/** Stands in for a command that has faults of its own. */
const NOTHING: readonly [Template] = [[]];

function account(find: (name: string) => number): (value: ConfigValue) => string | undefined {
  return (value) => value.parse((text) => (find(text), text), "a name or a number");
}

function checkIdentity(section: Section): Pick<Injection, "user" | "group"> {
  const user = section.read("user", account(userId));
  const group = section.read("group", account(groupId));
  if (user !== undefined && !section.has("group") && primaryGroupOf(userId(user)) === undefined) {
    section.complain("user", `/etc/passwd has no user ${user}, so that group is needed, too`);
  }
  return { ...(user !== undefined && { user }), ...(group !== undefined && { group }) };
}

function checkPathNames(template: Template, place: ConfigValue, parameters: readonly string[], path: string): void {
  for (const part of template) {
    if (part.kind !== "path" || parameters.includes(part.name)) continue;
    const advice = parameters.length === 0 ? "it has none" : suggestion(part.name, parameters);
    place.complain(`there is no {${part.name}} in the path ${path}: ${advice}`);
  }
}

/** Other namespaces may have other files. */
function isElsewhere(section: Section): boolean {
  const namespaces = section.get("namespaces")?.pairs();
  return ["mnt", "target", "all"].some((key) => namespaces?.has(key));
}

function checkProgram(section: Section, command: Command, wd: string, env: ReadonlyMap<string, Variable>): void {
  const path = env.get("PATH");
  const search = path ? literalOf(path.template) : Deno.env.get("PATH");
  if (path && search === undefined) return;
  const name = literalOf(command.cmd[0])!;
  const surroundings = { wd, search, isOtherUser: section.has("user") };
  const fault = programFault(name, surroundings);
  if (fault === undefined) return;
  const [place] = command.places;
  const isBeside = !section.has("wd") && programFault(name, { ...surroundings, wd: place.file.folder }) === undefined;
  place.complain(isBeside ? `${fault}, but there is one beside this file: say wd: . for it` : fault);
}

function checkWorker(section: Section, command: Command | undefined, env: ReadonlyMap<string, Variable>): void {
  const why = "a worker asks for its requests, and is started before there are any";
  if (section.has("channel")) section.complain("channel", `does not go with mode: worker: ${why}`);
  const templates: [Template, ConfigValue][] = [
    ...(command?.cmd ?? []).map((one, at): [Template, ConfigValue] => [one, command!.places[at]]),
    ...Array.from(env.values(), ({ template, place }): [Template, ConfigValue] => [template, place]),
  ];
  for (const [template, place] of templates) {
    if (literalOf(template) === undefined) place.complain(`placeholders do not go with mode: worker: ${why}`);
  }
}

function checkPerils(
  section: Section,
  command: Command | undefined,
  env: ReadonlyMap<string, Variable>,
  channel: Channel | undefined,
): void {
  const peril = command && findPeril(command.cmd, channel);
  if (peril) (command.places[peril.at] ?? section.get("cmd")!).complain(peril.message);
  for (const [name, { template, place }] of env) {
    if (literalOf(template) !== undefined || !isPerilousVariable(name)) continue;
    place.complain(`${name} decides what code programs run, and a client would set it: say unsafe_shell: true if so`);
  }
}

/**
 * Reads how the process of a route is started.
 *
 * @param value What `inject` has.
 * @param path The path of the route.
 * @param parameters The names of its placeholders.
 * @returns How.
 */
export function readInjection(value: ConfigValue, path: string, parameters: readonly string[]): Injection | undefined {
  const section = value.section(INJECT_KEYS);
  if (!section) return undefined;
  const env = section.read("env", readEnvironment) ?? new Map<string, Variable>();
  const command = section.read("cmd", readCommand);
  if (!section.has("cmd")) value.complain("cmd is needed: the program that answers");
  const wd = section.read("wd", directory);
  const mode = section.read("mode", word(["once", "worker"] as const)) ?? "once";
  const workers = section.read("workers", count(1, MAX_WORKERS));
  if (workers !== undefined && mode !== "worker") section.complain("workers", "is for mode: worker");
  const namespaces = section.read("namespaces", readNamespaces);
  const channel = section.read("channel", word(CHANNELS));
  const isUnsafe = section.read("unsafe_shell", bool) ?? false;
  command?.cmd.forEach((one, at) => checkPathNames(one, command.places[at], parameters, path));
  for (const { template, place } of env.values()) checkPathNames(template, place, parameters, path);
  if (mode === "worker") checkWorker(section, command, env);
  else if (!isUnsafe) checkPerils(section, command, env, channel);
  const hasFolder = wd !== undefined || !section.has("wd");
  if (command && hasFolder && !isElsewhere(section)) checkProgram(section, command, wd ?? Deno.cwd(), env);
  return {
    cmd: command?.cmd ?? NOTHING,
    ...(wd !== undefined && { wd }),
    env: Object.fromEntries(Array.from(env, ([name, { template }]) => [name, template])),
    ...(channel && { channel }),
    encoding: section.read("encoding", word(ENCODINGS)) ?? "raw",
    timeout: section.read("timeout", duration(1)) ?? DEFAULTS.timeout,
    grace: section.read("grace", duration()) ?? DEFAULTS.killGrace,
    mode,
    workers: workers ?? DEFAULTS.workers,
    ...checkIdentity(section),
    ...(namespaces && { namespaces }),
  };
}
