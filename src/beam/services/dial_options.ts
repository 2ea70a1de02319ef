/**
 * How names are dialled, and what their connections are used as.
 *
 * @module
 */

import type { ConnectionKind } from "./service_connection.ts";

/** What a connection is to be used as. */
export interface ServiceConnectionOptions<Kind extends ConnectionKind> {
  /** `"beam"`, the default, for messages, or `"bytes"` for the bare socket; both ends have to agree. */
  as?: Kind;
}

/** How to dial. */
export interface DialOptions<Kind extends ConnectionKind = "beam"> extends ServiceConnectionOptions<Kind> {
  /** Ends the wait with its reason. */
  signal?: AbortSignal;
  /** How long to wait for a connection, in milliseconds; by default for ever. */
  timeout?: number;
  /**
   * How often to ask if the beam breaks or the peer goes without an answer, 1 or
   * more; by default 3 if the endpoint can make a new beam, and 1 otherwise.
   */
  attempts?: number;
}

/** How to use a connection, again if need be. */
export interface WithConnectionOptions<Kind extends ConnectionKind = "beam"> extends DialOptions<Kind> {
  /** How many connections to try at the most, 1 or more, by default 5. */
  attempts?: number;
}
