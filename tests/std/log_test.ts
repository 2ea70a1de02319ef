import { assert, assertEquals, assertLess, assertStrictEquals, assertThrows } from "@std/assert";
import { getLogger, type LevelName, LogLevels, setup } from "@std/log";
import fc from "fast-check";
import { byGravity, logAtEachLevel, loggerTo, Recorder } from "./recorder.ts";

Deno.test("a record passes if neither logger nor handler wants a higher level", () => {
  for (const [i, loggerLevel] of byGravity.entries()) {
    for (const [j, handlerLevel] of byGravity.entries()) {
      const handler = new Recorder(handlerLevel);
      logAtEachLevel(loggerTo(handler, loggerLevel));
      assertEquals(
        handler.lines.map((line) => line.split(" ")[0]),
        byGravity.slice(Math.max(i, j)),
      );
    }
  }
});

Deno.test("a record carries message, arguments, level, name and time", () => {
  const handler = new Recorder("DEBUG");
  const before = Date.now();
  const logger = loggerTo(handler, "DEBUG", "broker/peer");
  assertEquals(logger.warn("peer gone", { pid: 7 }, "twice"), "peer gone");
  const [record] = handler.records;
  assertEquals(record.msg, "peer gone");
  assertEquals(record.args, [{ pid: 7 }, "twice"]);
  assertEquals(record.level, LogLevels.WARN);
  assertEquals(record.levelName, "WARN");
  assertEquals(record.loggerName, "broker/peer");
  assert(record.datetime.getTime() >= before);
});

Deno.test("any message reaches the formatter as it is, braces and all", () => {
  const handler = new Recorder("DEBUG", { formatter: ({ msg }) => msg });
  const logger = loggerTo(handler);
  const text = fc.oneof(
    fc.string(),
    fc.constantFrom("{x}", "{*}", "{{x}}", "{", "{ msg }", "{error.message}"),
  );
  fc.assert(fc.property(text, (msg) => {
    logger.info(msg, { x: 1 });
    assertStrictEquals(handler.lines.pop(), msg);
  }));
});

Deno.test("the level of a logger and of a handler can be changed", () => {
  const handler = new Recorder("DEBUG");
  const logger = loggerTo(handler, "ERROR");
  logger.level = LogLevels.DEBUG;
  assertEquals(logger.levelName, "DEBUG");
  logger.debug("a");
  logger.levelName = "WARN";
  assertEquals(logger.level, LogLevels.WARN);
  logger.info("b");
  handler.level = LogLevels.ERROR;
  logger.warn("c");
  handler.level = LogLevels.INFO;
  logger.warn("d");
  assertEquals(handler.lines, ["DEBUG a", "WARN d"]);
});

Deno.test("there are no other levels", () => {
  const loud = "LOUD" as LevelName;
  assertThrows(() => new Recorder(loud), Error, "LOUD");
  assertThrows(() => setup({ loggers: { broker: { level: loud } } }), Error, "LOUD");
  assertThrows(() => getLogger("broker").levelName = loud, Error, "LOUD");
});

Deno.test("setup gives loggers the handlers they name", () => {
  const [a, b] = [new Recorder("DEBUG"), new Recorder("ERROR")];
  setup({
    handlers: { a, b },
    loggers: { broker: { level: "DEBUG", handlers: ["a", "b"] }, proxy: { handlers: ["b"] } },
  });
  assertEquals(getLogger("proxy").levelName, "INFO");
  logAtEachLevel(getLogger("broker"));
  assertEquals([a.lines.length, b.lines.length], [5, 2]);
  logAtEachLevel(getLogger("proxy"));
  assertEquals([a.lines.length, b.lines.length], [5, 4]);
});

Deno.test("setup again replaces the handlers", () => {
  const [a, b] = [new Recorder("DEBUG"), new Recorder("DEBUG")];
  loggerTo(a);
  loggerTo(b).info("x");
  assertEquals([a.lines, b.lines], [[], ["INFO x"]]);
});

Deno.test("a slash in a name makes no family", () => {
  const handler = new Recorder("DEBUG");
  loggerTo(handler);
  getLogger("broker/peer").info("nobody listens");
  assertEquals(handler.lines, []);
});

Deno.test("a logger that was never set up does nothing", () => {
  const logger = getLogger("nobody knows me");
  assertEquals(logger.levelName, "NOTSET");
  logAtEachLevel(logger);
  assertStrictEquals(getLogger("nobody knows me"), logger);
});

Deno.test("a logger got before it was set up stays silent", () => {
  const handler = new Recorder("DEBUG");
  const logger = getLogger("early");
  loggerTo(handler, "DEBUG", "early");
  logAtEachLevel(logger);
  assertEquals(handler.lines, []);
});

Deno.test("a handler may log", () => {
  const inner = new Recorder("DEBUG");
  const outer = new (class extends Recorder {
    override log(line: string) {
      getLogger("audit").info(line);
      super.log(line);
    }
  })("DEBUG");
  setup({
    handlers: { inner, outer },
    loggers: {
      broker: { level: "DEBUG", handlers: ["outer"] },
      audit: { level: "DEBUG", handlers: ["inner"] },
    },
  });
  getLogger("broker").info("a");
  assertEquals(inner.lines, ["INFO INFO a"]);
  assertEquals(outer.lines, ["INFO a"]);
});

Deno.test("a level that is not logged costs next to nothing", () => {
  const logger = loggerTo(new Recorder("DEBUG"), "INFO");
  const calls = 100_000;
  // The quickest of five: what others do on the machine meanwhile does not count.
  const times = Array.from({ length: 5 }, () => {
    const start = performance.now();
    for (let i = 0; i < calls; i++) logger.debug("frame", i);
    return performance.now() - start;
  });
  // Two seconds of the hot path's 50 000 calls; a hundredth would be 20 ms.
  assertLess(Math.min(...times), 200);
});
