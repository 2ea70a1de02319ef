// These claims are about the module in src/std alone, whatever "@std/log" is.
import { getConfig } from "@logtape/logtape";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { BaseHandler, getLogger, setup } from "../../src/std/log.ts";

class Lines extends BaseHandler {
  readonly lines: string[] = [];
  override log(line: string) {
    this.lines.push(line);
  }
}

/** Sets up one logger, and waits until LogTape is there. */
async function setUpWithLogtape(handlers: Record<string, BaseHandler>): Promise<void> {
  setup({ handlers, loggers: { "broker/peer": { handlers: Object.keys(handlers) } } });
  await import("@logtape/logtape");
  while (getConfig() === null) await new Promise((resolve) => setTimeout(resolve));
}

Deno.test("importing the module does not load LogTape", async () => {
  const program = `
    const { getLogger } = await import(${JSON.stringify(import.meta.resolve("../../src/std/log.ts"))});
    getLogger("broker").info("nobody listens");
    console.log(Symbol.for("logtape.rootLogger") in globalThis);
  `;
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["eval", program] }).output();
  assertEquals(new TextDecoder().decode(stdout).trim(), "false");
});

Deno.test("records logged before LogTape is there arrive at once, as those behind it", async () => {
  const handler = new Lines("DEBUG");
  setup({ handlers: { handler }, loggers: { broker: { handlers: ["handler"] } } });
  getLogger("broker").info("before");
  assertEquals(handler.lines, ["INFO before"]);
  await setUpWithLogtape({ handler });
  getLogger("broker/peer").info("after {placeholder}");
  assertEquals(handler.lines, ["INFO before", "INFO after {placeholder}"]);
});

Deno.test("a logger is a LogTape category with a sink", async () => {
  await setUpWithLogtape({ a: new Lines("DEBUG"), b: new Lines("DEBUG") });
  const { loggers, sinks } = getConfig()!;
  const own = loggers.find(({ category }) => JSON.stringify(category) === '["@std/log","broker/peer"]');
  assertEquals(own?.sinks, ["broker/peer"]);
  assert("broker/peer" in sinks);
});

Deno.test("what a handler throws is reported, and the next handler is served", async () => {
  const broken = new Lines("DEBUG", {
    formatter() {
      throw new RangeError("disk full");
    },
  });
  const next = new Lines("DEBUG");
  await setUpWithLogtape({ broken, next });
  const reports: unknown[] = [];
  const { error } = console;
  console.error = (...report) => reports.push(...report);
  try {
    getLogger("broker/peer").info("a");
  } finally {
    console.error = error;
  }
  assertEquals(next.lines, ["INFO a"]);
  assertMatch(Deno.inspect(reports), /disk full/);
});
