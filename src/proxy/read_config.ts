/**
 * From a file to what a gateway is told.
 *
 * @module
 */

import { dirname, resolve } from "node:path";
import { primaryGroupOf, userId } from "../core/accounts.ts";
import { ConfigError } from "./configuration/config_error.ts";
import { ConfigFile } from "./configuration/config_file.ts";
import type { Section } from "./configuration/config_section.ts";
import { ConfigValue } from "./configuration/config_value.ts";
import { readPassedVariables } from "./configuration/environment_keys.ts";
import { readableFile } from "./configuration/files_there.ts";
import { TOP_KEYS } from "./configuration/known_keys.ts";
import { readServiceLimits } from "./configuration/limits_section.ts";
import { LISTEN_KEYS, readListenTarget, readReplySocket } from "./configuration/listen_keys.ts";
import { readPaths } from "./configuration/paths_section.ts";
import { bool, duration } from "./configuration/quantities.ts";
import type { PlacedRoute } from "./configuration/route_section.ts";
import { DEFAULTS, type ListenTarget, type ProxyConfig, type ReplySocket } from "./config.ts";

/** More than any configuration has that somebody wrote. */
const MAX_BYTES = 4 * 1024 * 1024;

/** Where a text comes from. */
export interface ConfigOrigin {
  /** The file's name: for messages, and names of files in it start from its folder. */
  file: string;
}

function readAdmin(value: ConfigValue): ListenTarget | undefined {
  const section = value.section(LISTEN_KEYS);
  if (section && !section.has("port") && !section.has("address")) return value.complain("address or port is needed");
  return section && readListenTarget(section);
}

function readName(value: ConfigValue): string | undefined {
  return value.parse((text) => {
    if (!/^[\x21-\x7e]([\x20-\x7e]{0,62}[\x21-\x7e])?$/.test(text)) {
      throw new Error(`'${text}' is no name: write up to 64 characters of ASCII`);
    }
    return text;
  });
}

/** Two listeners cannot have one address; port 0 is never the same. */
function checkApart(section: Section, front: ListenTarget, admin: ListenTarget | undefined): void {
  if (!admin || front.address !== admin.address || front.port !== admin.port || front.port === 0) return;
  section.complain("admin", "it is where clients connect, too: choose another address or port");
}

function checkReplies(section: Section, routes: readonly PlacedRoute[]): void {
  const waiting = section.has("socketpath") ? undefined : routes.find(({ needsReply }) => needsReply);
  waiting?.at.complain(
    `${waiting.at.text()}: the process answers at socketpath, which is not given: add it, or answer: stdout`,
  );
}

/** Only its owner may connect to a socket with the default mode, and root. */
function checkReachable({ path, mode, owner }: ReplySocket, routes: readonly PlacedRoute[]): void {
  if (path.startsWith("@") || owner !== undefined || (mode & 0o022) !== 0) return;
  for (const { route: { inject: { user } }, needsReply, at } of routes) {
    if (!needsReply || user === undefined || !isStranger(user)) continue;
    at.complain(
      `${at.text()}: user ${user} could not connect to socketpath: say socketowner: ${user}, or a socketmode`,
    );
  }
}

/** Whether a user is known who is neither root nor who runs the gateway. */
function isStranger(user: string): boolean {
  try {
    const uid = userId(user);
    return ![0, Deno.uid()].includes(uid) && primaryGroupOf(uid) !== undefined;
  } catch {
    return false;
  }
}

function readService(section: Section): ProxyConfig {
  const front = readListenTarget(section, DEFAULTS.port);
  const reply = readReplySocket(section);
  const admin = section.read("admin", readAdmin);
  const openapi = section.read("openapi", readableFile)?.path;
  const { all, inherited } = readServiceLimits(section.get("limits"));
  const routes =
    section.read("paths", (value) => readPaths(value, { hasOpenapi: section.has("openapi"), all, inherited })) ?? [];
  checkApart(section, front, admin);
  checkReplies(section, routes);
  if (reply) checkReachable(reply, routes);
  if (!section.has("paths")) section.complain("paths", "paths is needed: which program answers what");
  return {
    servicename: section.read("servicename", readName) ?? DEFAULTS.servicename,
    front,
    ...(reply && { reply }),
    ...(admin && { admin }),
    ...(openapi !== undefined && { openapi }),
    strictCompat: section.read("strict_compat", bool) ?? false,
    accessLog: section.read("access_log", bool) ?? false,
    passEnv: section.read("pass_env", readPassedVariables) ?? [],
    grace: section.read("grace", duration()) ?? DEFAULTS.grace,
    limits: all,
    routes: routes.map(({ route }) => route),
  };
}

/**
 * Reads a configuration.
 *
 * @param text The text, YAML.
 * @param origin The file it comes from.
 * @returns The configuration.
 * @throws {ConfigError} For a configuration that cannot be used; it lists all that is wrong.
 */
export function parseProxyConfig(text: string, origin: ConfigOrigin): ProxyConfig {
  const file = new ConfigFile(text, origin.file, dirname(resolve(origin.file)));
  const section = new ConfigValue(file, file.root, "", 0).section(TOP_KEYS);
  const config = section && readService(section);
  file.throwIfFaulty();
  return config!;
}

function readText(path: string): string {
  try {
    const { size, isDirectory } = Deno.statSync(path);
    if (isDirectory) throw new Error("it is a directory");
    if (size > MAX_BYTES) throw new Error(`it has ${size} bytes, ${MAX_BYTES} is the most`);
    return new TextDecoder("utf-8", { fatal: true }).decode(Deno.readFileSync(path));
  } catch (error) {
    const reason = error instanceof Deno.errors.NotFound
      ? "there is no such file"
      : error instanceof TypeError
      ? "it is not UTF-8"
      : (error as Error).message;
    throw new ConfigError(`${path} cannot be read: ${reason}`);
  }
}

/**
 * Reads the configuration of a gateway.
 *
 * @param path The file, YAML.
 * @returns The configuration.
 * @throws {ConfigError} For a file that cannot be read or used; it lists all that is wrong.
 */
export function readProxyConfig(path: string): ProxyConfig {
  return parseProxyConfig(readText(path), { file: path });
}
