/**
 * How services go on although something of theirs has failed.
 *
 * @module
 */

import { getLogger } from "@std/log";

/**
 * Sees to it that a fault of ours that one client brings about does not end the
 * service for all.
 *
 * @param logger The logger that is told.
 */
export function surviveFaults(logger: string): void {
  const log = (event: ErrorEvent | PromiseRejectionEvent): void => {
    event.preventDefault();
    const fault = event instanceof ErrorEvent ? event.error ?? event.message : event.reason;
    getLogger(logger).error("fault", { error: fault?.stack ?? `${fault}` });
  };
  globalThis.addEventListener("error", log);
  globalThis.addEventListener("unhandledrejection", log);
}
