/**
 * How services go on although something of theirs has failed, and how they end.
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

/**
 * Stops what a service runs. Whoever says once more that it is to end does not
 * want to wait; nothing is left behind either.
 *
 * @param stop Stops it, at once when the signal is aborted.
 */
export async function stopInOrder(stop: (hurry: AbortSignal) => Promise<void>): Promise<void> {
  const hurry = new AbortController();
  const tell = (): void => hurry.abort();
  const ignore = (): void => {};
  const heeded = [["SIGTERM", tell], ["SIGINT", tell], ["SIGHUP", ignore]] as const;
  for (const [signal, heed] of heeded) Deno.addSignalListener(signal, heed);
  try {
    await stop(hurry.signal);
  } finally {
    for (const [signal, heed] of heeded) Deno.removeSignalListener(signal, heed);
  }
}
