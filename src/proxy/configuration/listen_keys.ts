/**
 * Where something is listened at: `address`, `port` and `tls`, and the reply socket.
 *
 * @module
 */

import { isIP } from "node:net";
import { resolve } from "node:path";
import { groupId, userId } from "../../core/accounts.ts";
import { UnixAddress } from "../../core/address.ts";
import { DEFAULTS, type ListenTarget, type ReplySocket } from "../config.ts";
import type { Section } from "./config_section.ts";
import type { ConfigValue } from "./config_value.ts";
import { readableFile } from "./files_there.ts";
import { count, mode } from "./quantities.ts";

const MAX_PORT = 65_535;

const HOST = /^(?!-)[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*\.?$/;

/** The keys of what is listened at. */
export const LISTEN_KEYS: readonly string[] = ["address", "port", "tls"];

/** Reads a Unix address; a relative path starts from the folder of the configuration. */
function unixAddress(value: ConfigValue): string | undefined {
  return value.parse((text) => {
    const address = UnixAddress.parse(text);
    return address.kind === "path" ? resolve(value.file.folder, address.filename) : `${address}`;
  }, "an address");
}

function parseHost(text: string): string {
  const [, bracketed] = /^\[(.*)\]$/.exec(text) ?? [];
  const host = bracketed ?? text;
  if (isIP(host) !== 0 && (bracketed === undefined || isIP(host) === 6)) return host;
  const [, before, port] = /^(.*):(\d+)$/.exec(text) ?? [];
  if (before !== undefined) throw new Error(`'${text}': write the port apart, as port: ${port}`);
  if (HOST.test(host) && bracketed === undefined && !/^[\d.]+$/.test(host)) return host;
  throw new Error(`'${text}' is neither an IP address, a host name, nor a Unix socket as /path, ./path, @name or fd:N`);
}

function isUnix(text: string): boolean {
  return /^(@|fd:)/.test(text) || text.includes("/");
}

function pemFile(value: ConfigValue, label: RegExp, what: string): string | undefined {
  const found = readableFile(value);
  if (!found) return undefined;
  if (/-----BEGIN ENCRYPTED|Proc-Type: 4,ENCRYPTED/.test(found.text)) {
    return value.complain(`${found.path} is encrypted: nobody is there to be asked for its password`);
  }
  return label.test(found.text)
    ? found.path
    : value.complain(`there is no ${what} in ${found.path}, which must be PEM`);
}

function readTls(value: ConfigValue): ListenTarget["tls"] {
  const section = value.section(["cert", "key"]);
  if (!section) return undefined;
  const cert = section.read("cert", (one) => pemFile(one, /-----BEGIN CERTIFICATE-----/, "certificate"));
  const key = section.read("key", (one) => pemFile(one, /-----BEGIN [A-Z ]*PRIVATE KEY-----/, "private key"));
  for (const name of ["cert", "key"]) {
    if (!section.has(name)) value.complain(`${name} is needed, too: the name of a file`);
  }
  return cert !== undefined && key !== undefined ? { cert, key } : undefined;
}

/**
 * Reads where something is listened at.
 *
 * @param section The keys `address`, `port` and `tls` among others.
 * @param defaultPort The port if none is given; without one it has to be.
 * @returns Where; the default address if something is wrong with it.
 */
export function readListenTarget(section: Section, defaultPort?: number): ListenTarget {
  const value = section.get("address");
  const text = value?.text("an address");
  const port = section.read("port", count(0, MAX_PORT));
  const tls = section.read("tls", readTls);
  if (value && text !== undefined && isUnix(text)) {
    if (section.has("port")) section.complain("port", `is for TCP, and the address is ${text}`);
    if (section.has("tls")) section.complain("tls", `is for TCP, and the address is ${text}`);
    return { address: unixAddress(value) ?? DEFAULTS.address };
  }
  if (!section.has("port") && defaultPort === undefined && (!value || text !== undefined)) {
    section.complain("address", "a port is needed, too");
  }
  const address = value && text !== undefined ? value.parse(parseHost) : undefined;
  return { address: address ?? DEFAULTS.address, port: port ?? defaultPort, ...(tls && { tls }) };
}

function checkOwner(text: string): string {
  const [, user, group] = /^([^:]*)(?::([^:]+))?$/.exec(text) ?? [];
  if (user === undefined || text === "") throw new Error(`'${text}' is no owner: write USER, USER:GROUP or :GROUP`);
  if (user !== "") userId(user);
  if (group !== undefined) groupId(group);
  return text;
}

/**
 * Reads where processes answer.
 *
 * @param section The keys `socketpath`, `socketmode` and `socketowner` among others.
 * @returns Where; `undefined` if there is no `socketpath`.
 */
export function readReplySocket(section: Section): ReplySocket | undefined {
  const value = section.get("socketpath");
  const path = value && unixAddress(value);
  const bits = section.read("socketmode", mode);
  const owner = section.read("socketowner", (one) => one.parse(checkOwner, "an owner"));
  if (value && path?.startsWith("fd:")) {
    return value.complain("processes must be able to connect there: write /path, ./path or @name");
  }
  for (const key of ["socketmode", "socketowner"].filter((one) => section.has(one))) {
    if (!value) section.complain(key, "is for the file of socketpath, which is not given");
    else if (path?.startsWith("@")) section.complain(key, `is for a file, and ${path} has none`);
  }
  if (path === undefined) return undefined;
  return { path, mode: bits ?? 0o600, ...(owner !== undefined && { owner }) };
}
