import { BaseHandler, getLogger, type LevelName, type Logger, type LogRecord, setup } from "@std/log";

/** A handler that remembers what it was given. */
export class Recorder extends BaseHandler {
  readonly lines: string[] = [];
  readonly records: LogRecord[] = [];
  override handle(record: LogRecord) {
    this.records.push(record);
    super.handle(record);
  }
  override log(line: string) {
    this.lines.push(line);
  }
}

/** The levels a record can have, the gravest last. */
export const byGravity: LevelName[] = ["DEBUG", "INFO", "WARN", "ERROR", "CRITICAL"];

/** Sets up one logger with one handler. */
export function loggerTo(handler: BaseHandler, level: LevelName = "DEBUG", name = "broker"): Logger {
  setup({ handlers: { handler }, loggers: { [name]: { level, handlers: ["handler"] } } });
  return getLogger(name);
}

/** Logs one record of each level. */
export function logAtEachLevel(logger: Logger) {
  logger.debug("d");
  logger.info("i");
  logger.warn("w");
  logger.error("e");
  logger.critical("c");
}
