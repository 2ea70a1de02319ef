/**
 * What answers one request, whatever runs for it.
 *
 * @module
 */

/** A request that runs. */
export interface Exchange {
  /** Begins. */
  start(): void;
  /** Its client has gone: it ends what runs for it, if its route says so. */
  clientGone(): void;
  /** Nobody wants its answer any more, whatever its route says. */
  cancel(): void;
  /** The gateway stops: no answer is waited for any more. */
  shutDown(): void;
}
