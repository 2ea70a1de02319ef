import { BaseHandler, type LogRecord, setup } from "@std/log";
import { assertEquals } from "@std/assert";
import { LineSplitter, MAX_LINE_BYTES } from "../../src/core/lines.ts";
import { ProcessManager } from "../../src/spawn/mod.ts";
import { claim } from "../claim.ts";
import { until, within } from "../cli/program.ts";
import { lives, OwnManager, script } from "./managed.ts";

const encoder = new TextEncoder();

/** What comes out if these pieces go in; a cut line ends with a mark. */
function split(...pieces: (string | Uint8Array)[]): string[] {
  const lines: string[] = [];
  const splitter = new LineSplitter((text, truncated) => lines.push(truncated ? `${text}…` : text));
  for (const piece of pieces) splitter.push(typeof piece === "string" ? encoder.encode(piece) : piece);
  splitter.end();
  return lines;
}

claim("lines are put together however they come, and the last one needs no end", () => {
  assertEquals(split("a\nb"), ["a", "b"]);
  assertEquals(split("a", "b", "\n", "\nc\n"), ["ab", "", "c"]);
  assertEquals(split("one\r\ntwo\rthree\r\n\r\n"), ["one", "two\rthree", ""]);
  assertEquals(split(), []);
  const text = "käse → 🧀\nb";
  const bytes = encoder.encode(text);
  assertEquals(split(...Array.from(bytes, (byte) => Uint8Array.of(byte))), text.split("\n"));
});

claim("bytes that are no UTF-8 are replaced, and a byte order mark stays", () => {
  assertEquals(split(Uint8Array.of(0x61, 0xff, 0x62, 0x0a, 0xc3)), ["a\ufffdb", "\ufffd"]);
  assertEquals(split("\ufeffa\n"), ["\ufeffa"]);
});

claim("a line of 16 384 bytes is whole; of a longer one that many are told, at once", () => {
  const most = "x".repeat(MAX_LINE_BYTES);
  assertEquals(MAX_LINE_BYTES, 16_384);
  assertEquals(split(`${most}\nb\n`), [most, "b"]);
  assertEquals(split(`${most}y\nb\n`), [`${most}…`, "b"]);
  assertEquals(split(most, "y", most, most, "\nb"), [`${most}…`, "b"]);
  assertEquals(split(most), [most]);
  const lines: string[] = [];
  new LineSplitter((text) => lines.push(text)).push(encoder.encode(`${most}y`));
  assertEquals(lines, [most]);
});

claim("what a process prints is told with its name, its pid and where it was printed", async () => {
  await using own = new OwnManager();
  const process = own.manager.start(script("echo out; echo err >&2; printf last", { identifier: "talker" }));
  await process.status;
  const { pid } = process;
  const line = { identifier: "talker", pid, truncated: false };
  const byStream = (stream: string) => own.lines.filter((one) => one.stream === stream);
  assertEquals(byStream("stdout"), [
    { ...line, stream: "stdout", text: "out" },
    { ...line, stream: "stdout", text: "last" },
  ]);
  assertEquals(byStream("stderr"), [{ ...line, stream: "stderr", text: "err" }]);
});

claim("all of what a process has printed is told before its end is", async () => {
  await using own = new OwnManager();
  const process = own.manager.start(script("seq 200000; exec printf over"));
  await process.status;
  assertEquals(own.lines.length, 200_001);
  assertEquals([own.texts[0], own.texts[199_999], own.texts[200_000]], ["1", "200000", "over"]);
});

claim("who has fled from its process group and holds the pipe does not hold up the end", async () => {
  await using own = new OwnManager();
  const process = own.manager.start(script("setsid sh -c 'echo $$; exec sleep 1000' & wait $!; exit 5"));
  await until(() => own.texts.length > 0, "nobody has fled");
  const fled = Number(own.texts[0]);
  try {
    process.kill("SIGKILL");
    assertEquals((await process.status)!.signal, "SIGKILL");
    assertEquals(lives(fled), true);
  } finally {
    Deno.kill(fled, "SIGKILL");
  }
});

claim("who has fled and goes on printing, little or much, does not hold up the end either", async () => {
  for (const chatter of ["while :; do echo more; sleep 0.02; done", "exec yes"]) {
    await using own = new OwnManager();
    const process = own.manager.start(script(`setsid sh -c 'echo $$; ${chatter}' & wait $!`, { identifier: "one" }));
    await until(() => own.texts.length > 1, "nobody has fled");
    const fled = Number(own.texts[0]);
    try {
      assertEquals((await within(process.stop(), "its end is not told"))!.signal, "SIGTERM");
      assertEquals(own.manager.get("one"), undefined);
      const told = own.lines.length;
      await own.manager.start(script("seq 10000")).status;
      assertEquals(own.lines.length, told + 10_000);
      // Nobody reads from the pipe any more.
      await until(() => !lives(fled), "it goes on");
    } finally {
      if (lives(fled)) Deno.kill(fled, "SIGKILL");
    }
  }
});

claim("a last line without its end is told before the process's end is, whoever holds the pipe", async () => {
  const order: string[] = [];
  await using own = new OwnManager({ onLine: ({ text }) => order.push(text) });
  own.manager.addEventListener("ended", () => order.push("ended"));
  const fleeing = "setsid sh -c 'echo $$; exec sleep 1000' & read -r word; printf last";
  const process = own.manager.start(script(fleeing, { stdin: "piped" }));
  await until(() => order.length > 0, "nobody has fled");
  await process.stdin.close();
  await process.status;
  const fled = Number(order[0]);
  assertEquals(order, [`${fled}`, "last", "ended"]);
  Deno.kill(fled, "SIGKILL");
});

claim("a sink that throws is reported, and misses nothing after it", async () => {
  const reported: unknown[] = [];
  const listener = (event: ErrorEvent): void => {
    event.preventDefault();
    reported.push((event.error as Error).message);
  };
  globalThis.addEventListener("error", listener);
  const texts: string[] = [];
  try {
    await using manager = new ProcessManager({
      onLine({ text }) {
        if (text === "1") throw new Error("not this one");
        texts.push(text);
      },
    });
    await manager.start(script("seq 3")).status;
  } finally {
    globalThis.removeEventListener("error", listener);
  }
  assertEquals([texts, reported], [["2", "3"], ["not this one"]]);
});

claim('by default lines go to the logger "spawn", and no control character gets there', async () => {
  const records: LogRecord[] = [];
  class Collector extends BaseHandler {
    override handle(record: LogRecord): void {
      records.push(record);
    }
    override log(): void {}
  }
  setup({ handlers: { all: new Collector("DEBUG") }, loggers: { spawn: { level: "INFO", handlers: ["all"] } } });
  try {
    await using manager = new ProcessManager();
    const process = manager.start(script("printf '\\033[31mred\\tx\\n' >&2", { identifier: "painter" }));
    await process.status;
    const [{ msg, levelName, args }] = records;
    assertEquals([msg, levelName], ["painter: \\x1b[31mred\tx", "INFO"]);
    assertEquals(args, [{ process: "painter", pid: process.pid, stream: "stderr" }]);
    const long = manager.start(script(`head -c ${MAX_LINE_BYTES + 1} /dev/zero | tr '\\0' x`));
    await long.status;
    assertEquals(records[1].args, [{ process: long.identifier, pid: long.pid, stream: "stdout", truncated: true }]);
  } finally {
    setup({});
  }
});

claim("an output can be discarded, or be a descriptor, instead of going to the log", async () => {
  await using own = new OwnManager();
  const path = Deno.makeTempFileSync();
  try {
    const { openPath } = await import("../../src/core/reach.ts");
    using file = openPath(path, 8);
    await own.manager.start(script("echo out; echo err >&2", { stdout: file, stderr: "null" })).status;
    assertEquals([Deno.readTextFileSync(path), own.lines], ["out\n", []]);
  } finally {
    Deno.removeSync(path);
  }
});
