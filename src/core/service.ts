/**
 * The life of a service: ready, reloading, stopping (signal(7), sd_notify(3)).
 *
 * @module
 */

import { notify, notifyReloading, startWatchdog } from "./notify.ts";

/** What a service does when it is told to. */
export interface Service {
  /** Begins to serve. Signals are heeded already, so that none in between leaves anything behind. */
  start?(): void | Promise<void>;
  /** What to tell the service manager when it serves. */
  readonly status?: string;
  /** Reads its configuration again, on SIGHUP; a failure is to leave the old one in force. */
  reload?(): void | Promise<void>;
  /** Ends by itself, such as when it has been drained. */
  finished?: Promise<void>;
  /**
   * Ends what runs; signals are heeded still.
   *
   * @param hurry Aborted when somebody says once more that it is to end, and does not want to wait.
   */
  stop?(hurry: AbortSignal): void | Promise<void>;
}

/**
 * Starts a service, lets it run until SIGTERM, SIGINT or its own end, and keeps
 * the service manager informed: READY, RELOADING, WATCHDOG, STOPPING.
 *
 * @param service The service.
 * @returns A promise without a value, when it has stopped. If it could not start, it is stopped as well.
 */
export async function runService(service: Service): Promise<void> {
  const stop = Promise.withResolvers<void>();
  const hurry = new AbortController();
  let reloading = Promise.resolve();
  let isStopping = false;
  const end = (): void => {
    if (isStopping) hurry.abort();
    stop.resolve();
  };
  const reload = (): void => {
    if (isStopping) return;
    reloading = reloading.then(async () => {
      notifyReloading();
      await service.reload?.();
      notify({ READY: 1 });
    });
    reloading.catch(stop.reject);
  };
  Deno.addSignalListener("SIGTERM", end);
  Deno.addSignalListener("SIGINT", end);
  Deno.addSignalListener("SIGHUP", reload);
  try {
    await service.start?.();
    using _watchdog = startWatchdog();
    notify({ READY: 1, MAINPID: Deno.pid, ...(service.status === undefined ? {} : { STATUS: service.status }) });
    await Promise.race([stop.promise, ...(service.finished ? [service.finished] : [])]);
    notify({ STOPPING: 1 });
  } finally {
    isStopping = true;
    try {
      await service.stop?.(hurry.signal);
    } finally {
      // Not before: who signals meanwhile would kill it in the middle.
      Deno.removeSignalListener("SIGTERM", end);
      Deno.removeSignalListener("SIGINT", end);
      Deno.removeSignalListener("SIGHUP", reload);
    }
  }
}
