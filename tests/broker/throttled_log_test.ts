import { assert, assertEquals } from "@std/assert";
import { BaseHandler, type LogRecord, setup } from "@std/log";
import { ThrottledLog } from "../../src/broker/throttled_log.ts";
import { claim } from "../claim.ts";
import { eventually } from "./eventually.ts";

interface Line {
  level: string;
  message: string;
  fields: Record<string, unknown>;
}

class Collector extends BaseHandler {
  readonly lines: Line[] = [];

  override handle(record: LogRecord): void {
    const fields = (record.args[0] ?? {}) as Record<string, unknown>;
    this.lines.push({ level: record.levelName, message: record.msg, fields });
  }

  override log(): void {}
}

function collect(name: string, level: "DEBUG" | "INFO" = "DEBUG"): Collector {
  const collector = new Collector("DEBUG");
  setup({ handlers: { collector }, loggers: { [name]: { level, handlers: ["collector"] } } });
  return collector;
}

/** Waits for the beginning of a second, so that a burst falls into one. */
async function beginningOfSecond(): Promise<void> {
  await eventually("a second begins", () => performance.now() % 1000 < 100);
}

claim("of one kind twenty lines are written in a second, and the next tells how many were left out", async () => {
  const { lines } = collect("throttled");
  const log = new ThrottledLog("throttled");
  await beginningOfSecond();
  const second = Math.floor(performance.now() / 1000);
  for (let at = 0; at < 50; at++) log.warn("kind", "too much", { at });
  log.warn("another kind", "also said");
  assertEquals(Math.floor(performance.now() / 1000), second);
  assertEquals(lines.length, 21);
  assertEquals(lines[19], { level: "WARN", message: "too much", fields: { at: 19 } });
  assertEquals(lines[20], { level: "WARN", message: "also said", fields: {} });
  await eventually("the next second", () => Math.floor(performance.now() / 1000) > second);
  log.warn("kind", "too much", { at: 50 });
  log.warn("kind", "too much", { at: 51 });
  assertEquals(lines.slice(21).map(({ fields }) => fields), [{ at: 50, suppressed: 30 }, { at: 51 }]);
});

claim("what is not about clients is never left out", () => {
  const { lines } = collect("throttled");
  const log = new ThrottledLog("throttled");
  for (let at = 0; at < 30; at++) log.error("failed", { at });
  for (let at = 0; at < 30; at++) log.info("happened");
  for (let at = 0; at < 30; at++) log.debug("seen");
  assertEquals(lines.length, 90);
  assertEquals(lines[0], { level: "ERROR", message: "failed", fields: { at: 0 } });
});

claim("whether debug lines are wanted is known without making one", () => {
  collect("throttled", "INFO");
  assert(!new ThrottledLog("throttled").isDebug);
  collect("throttled", "DEBUG");
  assert(new ThrottledLog("throttled").isDebug);
});
