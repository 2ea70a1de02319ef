/**
 * What a holder tells of a descriptor that it holds.
 *
 * @module
 */

import { nameOf } from "../core/endpoint.ts";
import { SystemError } from "../core/errors.ts";
import type { Fd } from "../core/fd.ts";
import { describeFd, type FdDescription } from "../core/fd_description.ts";
import { internetNameOf } from "../core/internet.ts";
import type { Held } from "./inventory.ts";

/** A held descriptor, as those who may list it see it. */
export interface HeldDescriptor extends FdDescription {
  /** Its name. */
  name: string;
  /** Of a socket that has one: its own address, `/path`, `@name`, `127.0.0.1:80` or `[::1]:80`. */
  address?: string;
  /** The user for whom it is held. */
  uid: number;
  /** Since when it is held, in ISO 8601. */
  since: string;
  /** When it will be let go, in ISO 8601; absent if that is never. */
  expires?: string;
}

function internetAddress(fd: Fd): string {
  const { address, port } = internetNameOf(fd);
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

/** Sockets of other families have addresses that nobody here can write. */
function addressOf(fd: Fd, { kind, family }: FdDescription): string | undefined {
  if (kind !== "socket") return undefined;
  try {
    if (family === "inet" || family === "inet6") return internetAddress(fd);
    const name = family === "unix" ? nameOf(fd.number, false) : undefined;
    return name && name.kind !== "unnamed" ? `${name}` : undefined;
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    return undefined;
  }
}

/**
 * Describes what is held.
 *
 * @param held What.
 * @returns What can be told of it.
 */
export function describeHeld({ name, fd, uid, since, expires }: Held): HeldDescriptor {
  const description = describeFd(fd);
  const address = addressOf(fd, description);
  return {
    name,
    ...description,
    ...(address === undefined ? {} : { address }),
    uid,
    since: new Date(since).toISOString(),
    ...(expires === undefined ? {} : { expires: new Date(expires).toISOString() }),
  };
}
