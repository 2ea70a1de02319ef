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
}

/**
 * Starts a service, lets it run until SIGTERM, SIGINT or its own end, and keeps
 * the service manager informed: READY, RELOADING, WATCHDOG, STOPPING.
 *
 * @param service The service.
 * @returns A promise without a value, when it is time to stop.
 */
export async function runService(service: Service): Promise<void> {
  const stop = Promise.withResolvers<void>();
  let reloading = Promise.resolve();
  const reload = (): void => {
    reloading = reloading.then(async () => {
      notifyReloading();
      await service.reload?.();
      notify({ READY: 1 });
    });
    reloading.catch(stop.reject);
  };
  Deno.addSignalListener("SIGTERM", stop.resolve);
  Deno.addSignalListener("SIGINT", stop.resolve);
  Deno.addSignalListener("SIGHUP", reload);
  try {
    await service.start?.();
    using _watchdog = startWatchdog();
    notify({ READY: 1, MAINPID: Deno.pid, ...(service.status === undefined ? {} : { STATUS: service.status }) });
    await Promise.race([stop.promise, ...(service.finished ? [service.finished] : [])]);
    notify({ STOPPING: 1 });
  } finally {
    Deno.removeSignalListener("SIGTERM", stop.resolve);
    Deno.removeSignalListener("SIGINT", stop.resolve);
    Deno.removeSignalListener("SIGHUP", reload);
  }
}
