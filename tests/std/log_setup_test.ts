import { assertEquals, assertInstanceOf, assertStrictEquals } from "@std/assert";
import { ConsoleHandler, getLogger, setup } from "@std/log";
import { logAtEachLevel, Recorder } from "./recorder.ts";

Deno.test("a slash in a name makes no family", () => {
  const handler = new Recorder("DEBUG");
  setup({
    handlers: { handler },
    loggers: { broker: { level: "DEBUG", handlers: ["handler"] } },
  });
  getLogger("broker/peer").info("nobody listens");
  assertEquals(handler.lines, []);
});

Deno.test("a logger that was never set up does nothing", () => {
  const logger = getLogger("nobody knows me");
  assertEquals(logger.levelName, "NOTSET");
  assertEquals(logger.handlers, []);
  logAtEachLevel(logger);
  assertStrictEquals(getLogger("nobody knows me"), logger);
});

Deno.test("setup gives loggers the handlers they name", () => {
  const [a, b] = [new Recorder("DEBUG"), new Recorder("ERROR")];
  setup({
    handlers: { a, b },
    loggers: {
      broker: { level: "DEBUG", handlers: ["a", "b"] },
      proxy: { handlers: ["b", "missing"] },
    },
  });
  assertEquals(getLogger("broker").handlers, [a, b]);
  assertEquals(getLogger("proxy").handlers, [b]);
  assertEquals(getLogger("proxy").levelName, "INFO");
  logAtEachLevel(getLogger("broker"));
  assertEquals([a.lines.length, b.lines.length], [5, 2]);
  setup({});
});

Deno.test("setup again closes the old handlers, then opens the new", () => {
  const [a, b] = [new Recorder("DEBUG"), new Recorder("DEBUG")];
  setup({
    handlers: { a },
    loggers: { broker: { level: "DEBUG", handlers: ["a"] } },
  });
  setup({
    handlers: { b },
    loggers: { broker: { level: "DEBUG", handlers: ["b"] } },
  });
  getLogger("broker").info("x");
  assertEquals(a.calls, ["setup", "destroy"]);
  assertEquals(b.calls, ["setup"]);
  assertEquals([a.lines, b.lines], [[], ["INFO x"]]);
  setup({});
  assertEquals(b.calls, ["setup", "destroy"]);
});

Deno.test("the default logger writes to the console unless set up otherwise", () => {
  setup({});
  const logger = getLogger();
  assertStrictEquals(getLogger("default"), logger);
  assertEquals(logger.levelName, "INFO");
  assertInstanceOf(logger.handlers[0], ConsoleHandler);
  const handler = new Recorder("WARN");
  setup({ handlers: { default: handler } });
  logAtEachLevel(getLogger());
  assertEquals(handler.lines, ["WARN w", "ERROR e", "CRITICAL c"]);
  setup({});
});
