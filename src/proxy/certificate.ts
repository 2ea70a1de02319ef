/**
 * The certificate of a server and its key.
 *
 * @module
 */

import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import type { ListenTarget } from "./config.ts";

/** A certificate chain and its key, PEM. */
export interface Certificate {
  /** The chain, the server's own first. */
  readonly cert: string;
  /** The key. */
  readonly key: string;
}

function parse<T>(path: string, what: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw new Error(`${path}: that is no ${what} (${(error as Error).message})`);
  }
}

/**
 * Reads a certificate. That it cannot be used would otherwise be known only to
 * the clients: the runtime takes anything.
 *
 * @param files Its files.
 * @returns The certificate.
 * @throws {Error} If a file cannot be read, holds something else, or the key is that of another certificate.
 */
export function readCertificate({ cert, key }: NonNullable<ListenTarget["tls"]>): Certificate {
  const pem = { cert: Deno.readTextFileSync(cert), key: Deno.readTextFileSync(key) };
  const certificate = parse(cert, "certificate", () => new X509Certificate(pem.cert));
  const own: KeyObject = parse(key, "private key", () => createPrivateKey(pem.key));
  if (!certificate.checkPrivateKey(own)) {
    throw new Error(`the key in ${key} is not that of the certificate in ${cert}`);
  }
  return pem;
}
