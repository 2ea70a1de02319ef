import {
  type Config,
  configureSync,
  getConfig,
  getLogger,
  type LogLevel as LogtapeLevel,
  type LogRecord as LogtapeRecord,
  type Sink,
} from "@logtape/logtape";
import type { BaseHandler } from "./base_handler.ts";
import { LogLevels } from "./levels.ts";
import type { LogRecord } from "./record.ts";

type Handlers = readonly BaseHandler[];

/** A record on its way, with the first error a handler threw. */
interface Delivery {
  readonly record: LogRecord;
  failure?: { readonly error: unknown };
}

const root = "@std/log";

const logtapeLevels = new Map<number, LogtapeLevel>([
  [LogLevels.NOTSET, "trace"],
  [LogLevels.DEBUG, "debug"],
  [LogLevels.INFO, "info"],
  [LogLevels.WARN, "warning"],
  [LogLevels.ERROR, "error"],
  [LogLevels.CRITICAL, "fatal"],
]);

const sinks = new WeakMap<BaseHandler, Sink>();
const handlersByLogger = new Map<string, Handlers>();
let installed: Config<string, string> | null = null;

/**
 * Hands a record to handlers through LogTape: the logger is a category, each
 * handler a sink.
 *
 * @param record The record.
 * @param handlers The handlers of its logger.
 * @returns `false`, and nothing was done, if the program uses LogTape itself:
 * its configuration is process-wide and not ours to replace.
 * @throws What a handler throws; the handlers behind it get nothing.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { ConsoleHandler } from "./console_handler.ts";
 * import { deliverThroughLogtape } from "./logtape.ts";
 * import { LogRecord } from "./record.ts";
 *
 * const record = new LogRecord({
 *   msg: "{not} a template",
 *   args: [],
 *   level: 20,
 *   loggerName: "broker",
 * });
 * const handler = new ConsoleHandler("ERROR");
 * assertEquals(deliverThroughLogtape(record, [handler]), true);
 * ```
 */
export function deliverThroughLogtape(
  record: LogRecord,
  handlers: Handlers,
): boolean {
  const config = getConfig();
  if (config !== null && config !== installed) return false;
  if (config === null) handlersByLogger.clear();
  // `Logger.handlers` is a plain array anyone may change at any time.
  if (!sameHandlers(handlersByLogger.get(record.loggerName), handlers)) {
    handlersByLogger.set(record.loggerName, [...handlers]);
    install();
  }
  const delivery: Delivery = { record };
  // As emitted, the message is data: logging it as a template would make
  // placeholders of braces in it.
  const category = [root, record.loggerName];
  const logtapeRecord: LogtapeRecord = {
    category,
    level: logtapeLevels.get(record.level) ?? "info",
    message: [record.msg],
    rawMessage: record.msg,
    timestamp: record.datetime.getTime(),
    properties: { msg: record.msg, args: record.args, delivery },
  };
  getLogger(category).emit(logtapeRecord);
  if (delivery.failure) throw delivery.failure.error;
  return true;
}

function install(): void {
  const ids = new Map<BaseHandler, string>();
  const idOf = (handler: BaseHandler): string => {
    const id = ids.get(handler) ?? `handler ${ids.size}`;
    ids.set(handler, id);
    return id;
  };
  const loggers = [...handlersByLogger].map(([name, handlers]) => ({
    category: [root, name],
    sinks: handlers.map(idOf),
    parentSinks: "override" as const,
  }));
  const entries = [...ids].map(([it, id]) => [id, sinkOf(it)] as const);
  installed = {
    reset: true,
    sinks: Object.fromEntries(entries),
    // Without this, LogTape announces itself on the console.
    loggers: [...loggers, { category: ["logtape", "meta"], sinks: [] }],
  };
  configureSync(installed);
}

function sinkOf(handler: BaseHandler): Sink {
  const known = sinks.get(handler);
  if (known) return known;
  // LogTape swallows what a sink throws, @std/log does not.
  const sink: Sink = ({ properties }) => {
    const delivery = properties.delivery as Delivery;
    if (delivery.failure) return;
    try {
      handler.handle(delivery.record);
    } catch (error) {
      delivery.failure = { error };
    }
  };
  sinks.set(handler, sink);
  return sink;
}

function sameHandlers(a: Handlers | undefined, b: Handlers): boolean {
  return a !== undefined && a.length === b.length &&
    a.every((handler, i) => handler === b[i]);
}
