import { BaseHandler, type LevelName, type Logger, type LogRecord } from "@std/log";

/** A handler that remembers what it was given and when it was in use. */
export class Recorder extends BaseHandler {
  readonly lines: string[] = [];
  readonly records: LogRecord[] = [];
  readonly calls: string[] = [];
  override handle(record: LogRecord) {
    this.records.push(record);
    super.handle(record);
  }
  log(line: string) {
    this.lines.push(line);
  }
  override setup() {
    this.calls.push("setup");
  }
  override destroy() {
    this.calls.push("destroy");
  }
}

/** The levels a record can have, the gravest last. */
export const byGravity: LevelName[] = ["DEBUG", "INFO", "WARN", "ERROR", "CRITICAL"];

/** Logs one record of each level. */
export function logAtEachLevel(logger: Logger) {
  logger.debug("d");
  logger.info("i");
  logger.warn("w");
  logger.error("e");
  logger.critical("c");
}
