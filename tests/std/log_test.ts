import { assert, assertEquals, assertLess, assertStrictEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { ConsoleHandler, getLevelByName, getLevelName, type LevelName, Logger, LogLevels } from "@std/log";
import fc from "fast-check";
import { byGravity, logAtEachLevel, Recorder } from "./recorder.ts";

Deno.test("levels have a name and a number, and no others exist", () => {
  for (const name of ["NOTSET", ...byGravity] as LevelName[]) {
    assertEquals(getLevelName(getLevelByName(name)), name);
    assertEquals(getLevelByName(name), LogLevels[name]);
  }
  assertThrows(() => getLevelByName("LOUD" as LevelName), Error, "LOUD");
  assertThrows(() => getLevelName(7 as 10), Error, "7");
});

Deno.test("a record passes if neither logger nor handler wants a higher level", () => {
  for (const [i, loggerLevel] of byGravity.entries()) {
    for (const [j, handlerLevel] of byGravity.entries()) {
      const handler = new Recorder(handlerLevel);
      const handlers = [handler];
      logAtEachLevel(new Logger("broker", loggerLevel, { handlers }));
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
  new Logger("broker/peer", "DEBUG", { handlers: [handler] })
    .warn("peer gone", { pid: 7 }, "twice");
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
  const logger = new Logger("broker", "DEBUG", { handlers: [handler] });
  const text = fc.oneof(
    fc.string(),
    fc.constantFrom("{x}", "{*}", "{{x}}", "{", "{ msg }", "{error.message}"),
  );
  fc.assert(fc.property(text, (msg) => {
    assertStrictEquals(logger.info(msg, { x: 1 }), msg);
    assertStrictEquals(handler.lines.pop(), msg);
  }));
});

Deno.test("a message that is no string is made into one", () => {
  const handler = new Recorder("DEBUG", { formatter: ({ msg }) => msg });
  const logger = new Logger("broker", "DEBUG", { handlers: [handler] });
  for (const value of [7, 7n, true, null, undefined, Symbol("s")]) {
    logger.info(value);
    assertEquals(handler.lines.pop(), String(value));
  }
  logger.info({ pid: 7, name: "x", deep: { list: ["y", null] } });
  assertEquals(
    handler.lines.pop(),
    '{"pid":7,"name":"x","deep":{"list":{"0":"y","1":null}}}',
  );
  logger.error(new TypeError("bad address"));
  assertStringIncludes(handler.lines.pop()!, "TypeError: bad address\n    at ");
});

Deno.test("logging returns the message; a lazy one is made only if logged", () => {
  const logger = new Logger("broker", "INFO", { handlers: [] });
  const message = { pid: 7 };
  assertStrictEquals(logger.info(message), message);
  assertStrictEquals(logger.debug(message), message);
  assertEquals(logger.info(() => "made"), "made");
  assertEquals(
    logger.debug(() => {
      throw new Error("made for nobody");
    }),
    undefined,
  );
});

Deno.test("the level of a logger and of a handler can be changed", () => {
  const handler = new Recorder("DEBUG");
  const logger = new Logger("broker", "ERROR", { handlers: [handler] });
  logger.level = LogLevels.DEBUG;
  assertEquals(logger.levelName, "DEBUG");
  logger.debug("a");
  logger.levelName = "WARN";
  assertEquals(logger.level, LogLevels.WARN);
  logger.info("b");
  handler.levelName = "ERROR";
  assertEquals(handler.level, LogLevels.ERROR);
  logger.warn("c");
  handler.level = LogLevels.INFO;
  assertEquals(handler.levelName, "INFO");
  logger.warn("d");
  assertEquals(handler.lines, ["DEBUG a", "WARN d"]);
  assertThrows(() => logger.level = 7 as 10, TypeError, "7");
});

Deno.test("the handlers of a logger can be changed at any time", () => {
  const [first, second] = [new Recorder("DEBUG"), new Recorder("DEBUG")];
  const logger = new Logger("broker", "DEBUG", { handlers: [first] });
  logger.info("a");
  logger.handlers.push(second);
  logger.info("b");
  logger.handlers = [second];
  logger.info("c");
  assertEquals(first.lines, ["INFO a", "INFO b"]);
  assertEquals(second.lines, ["INFO b", "INFO c"]);
});

Deno.test("loggers of one name do not share handlers", () => {
  const [first, second] = [new Recorder("DEBUG"), new Recorder("DEBUG")];
  const a = new Logger("broker", "DEBUG", { handlers: [first] });
  const b = new Logger("broker", "DEBUG", { handlers: [second] });
  a.info("a");
  b.info("b");
  a.info("c");
  assertEquals(first.lines, ["INFO a", "INFO c"]);
  assertEquals(second.lines, ["INFO b"]);
});

Deno.test("a handler may log", () => {
  const inner = new Recorder("DEBUG");
  const outer = new (class extends Recorder {
    override log(line: string) {
      new Logger("audit", "DEBUG", { handlers: [inner] }).info(line);
      super.log(line);
    }
  })("DEBUG");
  const last = new Recorder("DEBUG");
  new Logger("broker", "DEBUG", { handlers: [outer, last] }).info("a");
  assertEquals(inner.lines, ["INFO INFO a"]);
  assertEquals(last.lines, ["INFO a"]);
});

Deno.test("what a handler throws reaches the caller", () => {
  const broken = new (class extends Recorder {
    override log() {
      throw new RangeError("disk full");
    }
  })("DEBUG");
  const last = new Recorder("DEBUG");
  const logger = new Logger("broker", "DEBUG", { handlers: [broken, last] });
  assertThrows(() => logger.info("a"), RangeError, "disk full");
  assertEquals(last.lines, []);
});

Deno.test("the console handler colors by level unless told not to", () => {
  class Captured extends ConsoleHandler {
    readonly lines: string[] = [];
    override log(line: string) {
      this.lines.push(line);
    }
  }
  const plain = new Captured("DEBUG", { useColors: false });
  const colored = new Captured("DEBUG");
  const handlers = [plain, colored];
  logAtEachLevel(new Logger("broker", "DEBUG", { handlers }));
  assertEquals(plain.lines[1], "INFO i");
  if (Deno.noColor) return;
  assertEquals(colored.lines, [
    "DEBUG d",
    "\x1b[34mINFO i\x1b[39m",
    "\x1b[33mWARN w\x1b[39m",
    "\x1b[31mERROR e\x1b[39m",
    "\x1b[1m\x1b[31mCRITICAL c\x1b[39m\x1b[22m",
  ]);
});

Deno.test("a handler is destroyed at the end of its using block", () => {
  const calls: string[] = [];
  {
    using handler = new Recorder("DEBUG");
    handler.setup();
    Object.defineProperty(handler, "calls", { value: calls });
  }
  assertEquals(calls, ["destroy"]);
});

Deno.test("a level that is not logged costs next to nothing", () => {
  const handlers = [new Recorder("DEBUG")];
  const logger = new Logger("broker", "INFO", { handlers });
  const calls = 100_000;
  const start = performance.now();
  for (let i = 0; i < calls; i++) logger.debug("frame", i);
  // Two seconds of the hot path's 50 000 calls; a hundredth would be 20 ms.
  assertLess(performance.now() - start, 200);
});
