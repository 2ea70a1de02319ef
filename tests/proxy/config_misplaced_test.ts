import { assertEquals } from "@std/assert";
import { claim } from "../claim.ts";
import { faultsOf, injectText, routeText } from "./configuring.ts";

/** What is wrong, without the place. */
function told(text: string): string[] {
  return faultsOf(text).map((fault) => fault.replace(/^\d+:\d+: /, ""));
}

const inRoute = (keys: string): string => routeText(`answer: stdout\ninject: {cmd: cat}\n${keys}`);
const inInject = (keys: string): string => injectText(`cmd: cat\n${keys}`);
const belongs = (key: string, where: string): string => `there is no '${key}' here: it belongs ${where}`;

claim("a key that stands at the wrong place is told where it belongs", () => {
  const rows: [string, string][] = [
    [inRoute("timeout: 5s"), belongs("timeout", "below inject")],
    [inRoute("channel: stdin"), belongs("channel", "below inject")],
    [inRoute("unsafe-shell: true"), belongs("unsafe-shell", "below inject")],
    [inRoute("queue_timeout: 5s"), belongs("queue_timeout", "below limits")],
    [inRoute("body: 5MiB"), belongs("body", "below limits")],
    [inRoute("socketpath: ./s"), belongs("socketpath", "at the top of the file")],
    [inRoute("limits: {connections: 1}"), belongs("connections", "below limits at the top of the file")],
    [inRoute("limits: {timeout: 1}"), belongs("timeout", "below inject")],
    [inInject("answer: stdout"), belongs("answer", "below a verb, such as get")],
    [inInject("log-stdout: true"), belongs("log-stdout", "below a verb, such as get")],
    [inInject("rlimits: {}"), belongs("rlimits", "below limits")],
    [inInject("concurrency: 3"), belongs("concurrency", "below limits")],
    [`timeout: 5s\n${inRoute("")}`, belongs("timeout", "below inject")],
    [`body: 5MiB\n${inRoute("")}`, belongs("body", "below limits")],
  ];
  assertEquals(rows.map(([text]) => told(text)), rows.map(([, fault]) => [fault]));
});

claim("so are what stands below a path instead of below its verb, and paths that stand beside `paths`", () => {
  assertEquals(told("socketpath: ./s\npaths:\n  /a:\n    get:\n    inject:\n      cmd: cat\n"), [
    "get: inject is needed: the program that answers",
    "there is no verb 'inject': it belongs below a verb, such as get",
  ]);
  assertEquals(told("socketpath: ./s\npaths:\n  /a: {cmd: cat}\n"), [
    "there is no verb 'cmd': it belongs below inject",
  ]);
  assertEquals(told("socketpath: ./s\npaths:\n/a: {get: {inject: {cmd: cat}}}\n"), [
    "paths: there is no route",
    "there is no '/a' here: it belongs below paths, further to the right",
  ]);
});
