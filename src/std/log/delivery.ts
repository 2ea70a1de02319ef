import type { BaseHandler } from "./base_handler.ts";
import type { LogRecord } from "./record.ts";

type Handlers = readonly BaseHandler[];

let throughLogtape: (record: LogRecord, handlers: Handlers) => boolean = () => false;
let loading: Promise<void> | undefined;

/**
 * Hands a record to the handlers of its logger, before it returns.
 *
 * LogTape takes longer to load than Deno to start, so it is loaded behind the
 * first record; until it is there, and where it cannot be used, records go to
 * the handlers directly. They cannot tell the difference.
 *
 * @param record The record.
 * @param handlers The handlers.
 * @throws What a handler throws; the handlers behind it get nothing.
 *
 * @example
 * ```ts
 * import { ConsoleHandler } from "./console_handler.ts";
 * import { deliver } from "./delivery.ts";
 * import { LogRecord } from "./record.ts";
 *
 * deliver(
 *   new LogRecord({ msg: "up", args: [], level: 20, loggerName: "broker" }),
 *   [new ConsoleHandler("INFO")],
 * );
 * ```
 */
export function deliver(record: LogRecord, handlers: Handlers): void {
  loadLogtape();
  if (throughLogtape(record, handlers)) return;
  for (const handler of handlers) handler.handle(record);
}

/**
 * Loads LogTape; the records behind it flow through it.
 *
 * @returns A promise fulfilled once it is there, or cannot be loaded: in
 * another mount namespace its files may be out of reach.
 *
 * @example
 * ```ts
 * import { loadLogtape } from "./delivery.ts";
 *
 * await loadLogtape();
 * ```
 */
export function loadLogtape(): Promise<void> {
  return loading ??= import("./logtape.ts").then(
    ({ deliverThroughLogtape }) => {
      throughLogtape = deliverThroughLogtape;
    },
    () => {},
  );
}
