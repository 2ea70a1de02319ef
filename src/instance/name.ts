/**
 * What can be the name of a lock.
 *
 * @module
 */

import { AddressError, escapeBytes, UnixAddress } from "../core/address.ts";

const INSTEAD =
  "a file outlives whoever made it, and can be removed or replaced while it is held; flock(1) locks files";

function suggestion(text: string): string {
  if (text.startsWith("fd:")) return "@name";
  const last = text.split("/").findLast((part) => part !== "" && !/^\.+$/.test(part)) ?? "name";
  return `@${escapeBytes(new TextEncoder().encode(last))}`;
}

function refusal(text: string): AddressError {
  if (text === "") return new AddressError("a lock needs a name, such as @name");
  return new AddressError(
    `'${text}' is no lock: only an abstract name can be one, such as ${suggestion(text)}; ${INSTEAD}`,
  );
}

/**
 * Takes the name of a lock in either of its forms.
 *
 * @param name An abstract address, or its text: `@name`, with `\xHH` for any byte.
 * @returns The address.
 * @throws {AddressError} For a path, an empty name, or one that is too long.
 */
export function lockAddress(name: UnixAddress | string): UnixAddress {
  if (typeof name === "string" && !name.startsWith("@")) throw refusal(name);
  const address = typeof name === "string" ? UnixAddress.parse(name) : name;
  if (address.kind !== "abstract") throw refusal(`${address}`);
  // Whoever binds to nothing in particular has not agreed with anybody on it.
  if (address.bytes.length === 0) throw new AddressError("'@' is no lock: behind the @ comes its name, 1 to 107 bytes");
  return address;
}
