import { assertEquals } from "@std/assert";
import { parseProxyConfig } from "../../src/proxy/read_config.ts";
import type { HeaderList } from "../../src/proxy/request.ts";
import { type AnswerSink, StdoutAnswer } from "../../src/proxy/stdout_answer.ts";
import { claim } from "../claim.ts";
import { until } from "../cli/program.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Notes what it is told, as text. */
class Noted implements AnswerSink {
  readonly log: string[] = [];
  constructor(readonly canStream: boolean) {}
  begin(status: number, headers: HeaderList): void {
    this.log.push(`${status} ${headers.map((field) => field.join(": "))}`);
  }
  write(piece: Uint8Array): void {
    this.log.push(piece.length > 100 ? `${piece.length} bytes` : decoder.decode(piece));
  }
  failed(reason: "too large" | Error): void {
    this.log.push(typeof reason === "string" ? reason : reason.message);
  }
}

function answerTo(sink: AnswerSink, more: Record<string, unknown> = {}): StdoutAnswer {
  const route = { answer: "stdout", inject: { cmd: ["true"] }, ...more };
  const text = JSON.stringify({ paths: { "/": { get: route } } });
  return new StdoutAnswer(parseProxyConfig(text, { file: "/test.yaml" }).routes[0], sink);
}

const TEXT = "content-type: text/plain; charset=utf-8";

claim("a short answer is given as a whole, however many pieces it came in", () => {
  const sink = new Noted(true);
  const answer = answerTo(sink);
  const bytes = encoder.encode("a");
  answer.push(bytes);
  bytes[0] = 0;
  answer.push(encoder.encode("b"));
  const whole = answer.finish()!;
  assertEquals([whole.status, decoder.decode(whole.body), sink.log], [200, "ab", []]);
  assertEquals(answer.finish(), undefined);
  answer.push(encoder.encode("late"));
  assertEquals(sink.log, []);
});

claim("an answer flows when it has taken a moment, or is large", async () => {
  const slow = new Noted(true);
  const first = answerTo(slow);
  first.push(encoder.encode("a"));
  await until(() => first.isFlowing, "it does not flow");
  first.push(encoder.encode("b"));
  assertEquals(slow.log, [`200 ${TEXT}`, "a", "b"]);
  assertEquals(first.finish(), undefined);
  first.stop();

  const large = new Noted(true);
  const second = answerTo(large);
  second.push(new Uint8Array(65_535));
  assertEquals(large.log, []);
  second.push(new Uint8Array(1));
  assertEquals(large.log, [`200 ${TEXT}`, "65536 bytes"]);
  second.stop();
});

claim("where nothing can flow all of it is kept, up to the limit", () => {
  const sink = new Noted(false);
  const answer = answerTo(sink, { limits: { output: 200_000 } });
  for (let i = 0; i < 2; i++) answer.push(new Uint8Array(100_000));
  assertEquals([answer.isFlowing, sink.log], [false, []]);
  assertEquals(answer.finish()!.body.length, 200_000);
  const other = answerTo(sink, { limits: { output: 10 } });
  other.push(new Uint8Array(11));
  other.push(new Uint8Array(11));
  assertEquals([other.finish(), sink.log], [undefined, ["too large"]]);
});

claim("the limit holds for what flows, too: what is beyond is not given", () => {
  const sink = new Noted(true);
  const answer = answerTo(sink, { limits: { output: 70_000 } });
  answer.push(new Uint8Array(70_000));
  answer.push(new Uint8Array(1));
  assertEquals(sink.log, [`200 ${TEXT}`, "70000 bytes", "too large"]);
});

claim("a head is waited for before anything flows", async () => {
  const sink = new Noted(true);
  const answer = answerTo(sink, { output: "cgi" });
  answer.push(encoder.encode("Status: 20"));
  await new Promise((resolve) => setTimeout(resolve, 20));
  answer.push(encoder.encode("1\nX: y\n"));
  await new Promise((resolve) => setTimeout(resolve, 20));
  assertEquals(sink.log, []);
  answer.push(encoder.encode("\n"));
  await until(() => answer.isFlowing, "it does not flow");
  assertEquals(sink.log, ["201 X: y"]);
  answer.push(encoder.encode("body"));
  assertEquals(sink.log, ["201 X: y", "body"]);
  answer.stop();
});

claim("a head that is none is told once", () => {
  const sink = new Noted(true);
  const answer = answerTo(sink, { output: "cgi" });
  answer.push(encoder.encode("none\n\n"));
  assertEquals([answer.finish(), answer.finish()], [undefined, undefined]);
  answer.push(encoder.encode("more"));
  assertEquals(sink.log, ["a line of the head is no 'Name: value'"]);
});
