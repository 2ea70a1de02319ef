import { assert, assertEquals } from "@std/assert";
import { BaseHandler, type LogRecord, setup } from "@std/log";
import { ThrottledLog } from "../../src/core/throttled_log.ts";
import { claim } from "../claim.ts";

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

/** Lets a test decide what time it is, in milliseconds. */
class Clock implements Disposable {
  /** The time that everybody is told. */
  now = performance.now();

  /** Stops the real one. */
  constructor() {
    Object.defineProperty(performance, "now", { value: () => this.now, configurable: true });
  }

  /** Lets the real one go on. */
  [Symbol.dispose](): void {
    Reflect.deleteProperty(performance, "now");
  }
}

claim("of one kind twenty lines may come at once, and then one each ten seconds that tells what was left out", () => {
  using clock = new Clock();
  const { lines } = collect("throttled");
  const log = new ThrottledLog("throttled");
  for (let at = 0; at < 50; at++) log.warn("kind", "too much", { at });
  log.warn("another kind", "also said");
  assertEquals(lines.length, 21);
  assertEquals(lines[19], { level: "WARN", message: "too much", fields: { at: 19 } });
  assertEquals(lines[20], { level: "WARN", message: "also said", fields: {} });
  clock.now += 9_000;
  log.warn("kind", "too much", { at: 50 });
  assertEquals(lines.length, 21);
  clock.now += 1_001;
  log.warn("kind", "too much", { at: 51 });
  log.warn("kind", "too much", { at: 52 });
  clock.now += 10_001;
  log.warn("kind", "too much", { at: 53 });
  clock.now += 30_003;
  for (let at = 54; at < 60; at++) log.warn("kind", "too much", { at });
  assertEquals(lines.slice(21).map(({ fields }) => fields), [
    { at: 51, suppressed: 31 },
    { at: 53, suppressed: 1 },
    { at: 54 },
    { at: 55 },
    { at: 56 },
  ]);
});

claim("however long it was quiet, no more than twenty lines come at once", () => {
  using clock = new Clock();
  const { lines } = collect("throttled");
  const log = new ThrottledLog("throttled");
  log.warn("kind", "first");
  clock.now += 1e9;
  for (let at = 0; at < 50; at++) log.warn("kind", "too much");
  assertEquals(lines.length, 21);
});

claim("what is not about clients is never left out", () => {
  const { lines } = collect("throttled");
  const log = new ThrottledLog("throttled");
  for (let at = 0; at < 30; at++) log.error("failed", { at });
  for (let at = 0; at < 30; at++) log.debug("seen");
  assertEquals(lines.length, 60);
  assertEquals(lines[0], { level: "ERROR", message: "failed", fields: { at: 0 } });
});

claim("whether debug lines are wanted is known without making one", () => {
  collect("throttled", "INFO");
  assert(!new ThrottledLog("throttled").isDebug);
  collect("throttled", "DEBUG");
  assert(new ThrottledLog("throttled").isDebug);
});
