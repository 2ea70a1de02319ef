// These claims are about the module in src/std alone, whatever "@std/log" is.
import { configureSync, getConfig, resetSync } from "@logtape/logtape";
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { BaseHandler, Logger } from "../../src/std/log.ts";
import { loadLogtape } from "../../src/std/log/delivery.ts";

class Lines extends BaseHandler {
  readonly lines: string[] = [];
  log(line: string) {
    this.lines.push(line);
  }
}

Deno.test("importing the module does not load LogTape", async () => {
  const module = import.meta.resolve("../../src/std/log.ts");
  const program = `
    const { getLogger } = await import(${JSON.stringify(module)});
    getLogger("broker").info("nobody listens");
    console.log(Symbol.for("logtape.rootLogger") in globalThis);
  `;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", program],
  }).output();
  assertEquals(new TextDecoder().decode(stdout).trim(), "false");
});

Deno.test("records logged before LogTape is there arrive at once", async () => {
  const handler = new Lines("DEBUG");
  const logger = new Logger("broker", "DEBUG", { handlers: [handler] });
  logger.info("before");
  assertEquals(handler.lines, ["INFO before"]);
  await loadLogtape();
  logger.info("after {placeholder}");
  assertEquals(handler.lines, ["INFO before", "INFO after {placeholder}"]);
});

Deno.test("a logger is a LogTape category and its handlers are sinks", async () => {
  await loadLogtape();
  const handlers = [new Lines("DEBUG"), new Lines("DEBUG")];
  new Logger("broker/peer", "DEBUG", { handlers }).info("x");
  const { loggers, sinks } = getConfig()!;
  const own = loggers.find(({ category }) => JSON.stringify(category) === '["@std/log","broker/peer"]');
  assertEquals(own?.sinks?.length, 2);
  for (const id of own!.sinks!) assert(id in sinks);
});

Deno.test("a program's own LogTape configuration is left alone", async () => {
  await loadLogtape();
  const handler = new Lines("DEBUG");
  const logger = new Logger("broker", "DEBUG", { handlers: [handler] });
  logger.info("a");
  const config = {
    reset: true,
    sinks: {},
    loggers: [{ category: ["logtape", "meta"], sinks: [] }],
  };
  configureSync(config);
  logger.info("b");
  assertStrictEquals(getConfig(), config as ReturnType<typeof getConfig>);
  resetSync();
  logger.info("c");
  assertEquals(handler.lines, ["INFO a", "INFO b", "INFO c"]);
});
