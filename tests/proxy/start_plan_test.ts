import { assert, assertEquals, assertThrows } from "@std/assert";
import { ArgumentError } from "../../src/proxy/arguments.ts";
import type { ProxyConfig } from "../../src/proxy/config.ts";
import { PayloadError } from "../../src/proxy/payload.ts";
import { parseProxyConfig } from "../../src/proxy/read_config.ts";
import type { FrontRequest } from "../../src/proxy/request.ts";
import { planStart, prepareRoute, replyPath, type StartPlan } from "../../src/proxy/start_plan.ts";
import { claim, NEEDS_ROOT } from "../claim.ts";

function configOf(route: Record<string, unknown>, more: Record<string, unknown> = {}): ProxyConfig {
  const paths = { "/{x}": { post: route } };
  return parseProxyConfig(JSON.stringify({ socketpath: "/run/test.sock", ...more, paths }), { file: "/test.yaml" });
}

const REQUEST: FrontRequest = {
  id: "the-id",
  method: "POST",
  path: "/caf\xc3\xa9",
  query: "",
  parameters: { x: "café" },
  headers: {},
  body: new TextEncoder().encode("body"),
};

function planOf(inject: Record<string, unknown>, more: Record<string, unknown> = {}, request = REQUEST): StartPlan {
  const config = configOf({ inject: { cmd: ["true"], ...inject }, ...more });
  return planStart(config.routes[0], prepareRoute(config, config.routes[0]), request);
}

claim("a process leads its session, has no variables but those said, and dies with the gateway", () => {
  using plan = planOf({ cmd: ["echo", "a", "{{path.x}}"], env: ["A={{path.x}}"] });
  const { command, args, env, newSession, clearEnv, deathSignal, stdin, fds } = plan.options;
  assertEquals([command, args], ["echo", ["a", "café"]]);
  assertEquals([newSession, clearEnv, deathSignal, stdin, fds], [true, true, "SIGKILL", undefined, undefined]);
  const { A, REQUEST_ID, URIPATH, REPLY_SOCKET, REPLY_URL } = env!;
  assertEquals([A, REQUEST_ID, URIPATH], ["café", "the-id", "/café"]);
  assertEquals([REPLY_SOCKET, REPLY_URL], ["/run/test.sock", "http://localhost/urhttp/the-id"]);
});

claim("where the answer is expected follows outtake", () => {
  const config = configOf({ inject: { cmd: ["true"] }, outtake: "usocket://one/{req_id}/two" });
  assertEquals(replyPath(config.routes[0], "7"), "/one/7/two");
  assertEquals(replyPath(configOf({ inject: { cmd: ["true"] } }).routes[0], "7"), "/urhttp/7");
});

claim("each channel has its place in the plan", () => {
  using cmdline = planOf({ cmd: ["echo", "a"], channel: "cmdline" });
  assertEquals(cmdline.options.args, ["a", "body"]);
  using there = planOf({ cmd: ["echo", "{{jsonpayload}}", "a"], channel: "cmdline" });
  assertEquals(there.options.args, ["body", "a"]);
  using env = planOf({ channel: "env" });
  assertEquals(env.options.env!.PAYLOAD, "body");
  using file = planOf({ channel: "file" });
  assertEquals([file.options.env!.PAYLOAD_FILE, Object.keys(file.options.fds!)], ["/dev/fd/3", ["3"]]);
  using stdin = planOf({ channel: "stdin" });
  assert(typeof stdin.options.stdin === "object");
});

claim("what cannot be planned is refused, and leaves nothing open", () => {
  const nul = { ...REQUEST, body: new Uint8Array([0]) };
  assertThrows(() => planOf({ channel: "env" }, {}, nul), ArgumentError, "NUL");
  assertThrows(() => planOf({ cmd: ["echo", "{{jsonpayload}}"], channel: "file" }, {}, nul), ArgumentError, "NUL");
  assertThrows(() => planOf({ channel: "file", encoding: "json" }), PayloadError, "no JSON");
});

claim("limits and the user of a route are those of its process", () => {
  const more = { answer: "stdout", limits: { rlimits: { nofile: 64 } } };
  using plan = planOf({ user: "nobody", wd: "/usr" }, more);
  assertEquals([plan.options.uid, plan.options.wd], [65534, "/usr"]);
  assert(typeof plan.options.gid === "number");
  assertEquals(Object.keys(plan.options.rlimits!), ["nofile"]);
}, { skip: NEEDS_ROOT });
