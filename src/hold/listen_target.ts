/**
 * Where to listen on behalf of others, as people write it, and doing so.
 *
 * @module
 */

import { groupId, userId } from "../core/accounts.ts";
import { UnixAddress } from "../core/address.ts";
import { nameOf } from "../core/endpoint.ts";
import { SystemError } from "../core/errors.ts";
import { Fd } from "../core/fd.ts";
import { listenTcp } from "../core/internet.ts";
import { UnixListener } from "../core/listener.ts";
import { SocketFile, type SocketFileOptions } from "../core/socket_file.ts";

/** Where to listen. */
export type HoldTarget =
  | { kind: "tcp"; host: string; port: number }
  | { kind: "unix"; type: "stream" | "seqpacket"; address: UnixAddress; file: SocketFileOptions }
  | { kind: "inherited"; number: number };

/** A listener, and its file if it has one. */
export interface OpenedListener {
  /** The listener, the caller's: calls on it wait, as programs expect. */
  fd: Fd;
  /** Its socket file, the caller's to remove or to dispose of. */
  file?: SocketFile;
}

const FILE_OPTION = /,([a-z]+)=([^,/]*)$/;

/** Takes what is said of the file from the end of a text. */
function splitFileOptions(text: string): { rest: string; file: SocketFileOptions } {
  const file: SocketFileOptions = {};
  let rest = text;
  for (let found; (found = FILE_OPTION.exec(rest)); rest = rest.slice(0, found.index)) {
    const [, name, value] = found;
    if (name === "owner") file.uid = userId(value);
    else if (name === "group") file.gid = groupId(value);
    else if (name !== "mode") {
      throw new Error(`'${name}=${value}': of a socket file, mode, owner and group can be said`);
    } else if (/^0?[0-7]{3}$/.test(value)) file.mode = parseInt(value, 8);
    else throw new Error(`'${value}' is no mode: write three octal digits, such as 0660`);
  }
  return { rest, file };
}

function parseTcp(text: string): HoldTarget {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text) ?? [];
  if (digits === undefined || Number(digits) > 65535) {
    throw new Error(`'tcp:${text}' is no place to listen: write tcp:HOST:PORT or tcp:[IPV6]:PORT`);
  }
  return { kind: "tcp", host: bracketed ?? plain, port: Number(digits) };
}

/**
 * Reads where to listen.
 *
 * @param text `tcp:HOST:PORT`, `tcp:[IPV6]:PORT`, `unix:ADDR` or `ADDR` for a
 * stream socket and `seqpacket:ADDR` for one of packets, each perhaps with
 * `,mode=OCTAL`, `,owner=USER` and `,group=GROUP` for its file; or `fd:N`.
 * @returns The place.
 * @throws {Error} Saying what is wrong with it.
 */
export function parseHoldTarget(text: string): HoldTarget {
  if (text.startsWith("tcp:")) return parseTcp(text.slice("tcp:".length));
  const { rest, file } = splitFileOptions(text);
  const [, prefix, written] = /^(?:(unix|seqpacket):)?(.*)$/s.exec(rest)!;
  const address = UnixAddress.parse(written);
  if (address.kind !== "path" && Object.keys(file).length > 0) {
    throw new Error(`'${text}': mode, owner and group are for the file of a socket, and ${address} has none`);
  }
  if (address.kind !== "fd") return { kind: "unix", type: prefix === "seqpacket" ? prefix : "stream", address, file };
  if (prefix) throw new Error(`'${text}': what is open already is written fd:${address.fd}`);
  return { kind: "inherited", number: address.fd };
}

function listenUnix(type: "stream" | "seqpacket", address: UnixAddress, options: SocketFileOptions): OpenedListener {
  using listener = UnixListener.listen(address, { type, ...options });
  const file = address.kind === "path" ? fileOf(address.filename) : undefined;
  return { fd: listener.release().setBlocking(), file };
}

function fileOf(path: string): SocketFile {
  const { dev, ino } = Deno.lstatSync(path);
  return new SocketFile(path, { dev, ino: ino ?? -1 });
}

/**
 * Finds the socket file of a listener that somebody else has opened in our stead.
 *
 * @param target Where it would have been opened.
 * @param fd The listener, which stays the caller's.
 * @returns Its file, the caller's, if it listens at that path, which is absolute.
 */
export function fileOfInherited(target: HoldTarget, fd: Fd): SocketFile | undefined {
  if (target.kind !== "unix" || target.address.kind !== "path") return undefined;
  const path = target.address.filename;
  try {
    return path.startsWith("/") && nameOf(fd.number, false).equals(target.address) ? fileOf(path) : undefined;
  } catch (error) {
    // It is no Unix socket, or its file is gone.
    if (error instanceof SystemError || error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/**
 * Begins to listen, or takes what is open already.
 *
 * @param where `tcp:HOST:PORT`, `tcp:[IPV6]:PORT`, `unix:ADDR` or `ADDR` for a
 * stream socket and `seqpacket:ADDR` for one of packets, each perhaps with
 * `,mode=OCTAL`, `,owner=USER` and `,group=GROUP` for its file; or `fd:N`.
 * @returns The listener, or whatever the descriptor is, the caller's.
 * @throws {SystemError} As listen(2); EBADF for a descriptor that is not open.
 * @throws {Error} If that is no place to listen, or a host name is not known.
 *
 * @example
 * ```ts
 * import { FdHolder, openListener } from "ipcx";
 * import { assertEquals } from "@std/assert";
 *
 * using holder = new FdHolder();
 * const { fd, file } = await openListener("tcp:127.0.0.1:0");
 * holder.hold("web", fd, { file });
 * assertEquals(holder.held[0].kind, "socket");
 * ```
 */
export async function openListener(where: string): Promise<OpenedListener> {
  return await openTarget(parseHoldTarget(where));
}

/**
 * The same for a place that was read before.
 *
 * @param target The place.
 * @returns As {@linkcode openListener}.
 */
export async function openTarget(target: HoldTarget): Promise<OpenedListener> {
  switch (target.kind) {
    case "tcp":
      return { fd: (await listenTcp(target.host, target.port)).setBlocking() };
    case "unix":
      return listenUnix(target.type, target.address, target.file);
    case "inherited":
      return { fd: Fd.inherit(target.number) };
  }
}
