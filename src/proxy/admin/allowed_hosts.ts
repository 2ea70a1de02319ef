/**
 * Against DNS rebinding: a page from elsewhere whose name suddenly leads here still sends that name as Host.
 *
 * @module
 */

const LOOPBACK: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];

/** The host of a Host field, in small letters and without its port; `undefined` if it is none. */
function hostOf(field: string): string | undefined {
  return /^(\[[0-9a-f:.]+\]|[^:[\]/?#@\s]+)(?::\d*)?$/.exec(field.toLowerCase())?.[1];
}

/** An address as it stands in a Host field. */
function asHost(address: string): string {
  const plain = address.toLowerCase().replace(/^::ffff:(?=\d+\.)/, "").replace(/^\[(.*)\]$/, "$1");
  return plain.includes(":") ? `[${plain}]` : plain;
}

/**
 * Tells whether a request came to a name of ours.
 *
 * @param field Its Host field. Browsers always send one, so without it there is nothing to fear.
 * @param own Further names or addresses that are ours, such as what the client connected to.
 * @returns Whether to answer it.
 */
export function isOwnHost(field: string | undefined, own: readonly (string | undefined)[]): boolean {
  if (field === undefined) return true;
  const host = hostOf(field);
  if (host === undefined) return false;
  return LOOPBACK.includes(host) || own.some((one) => one !== undefined && one !== "" && asHost(one) === host);
}
