/**
 * What each command does where there is nothing else.
 *
 * @module
 */

import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import manifest from "../../deno.json" with { type: "json" };
import { COMMANDS } from "../../src/cli/table.ts";
import { ownName } from "../claim.ts";
import { Process, type Result, runProgram } from "../cli/program.ts";
import { portableIpcx } from "./binary.ts";
import type { EmptyRoot } from "./empty_root.ts";

/** What a process has printed that did its job. */
export function told({ status, signal, out, err }: Result): string {
  assertEquals({ status, signal, err }, { status: 0, signal: null, err: "" });
  return out;
}

async function sayHello(root: EmptyRoot): Promise<void> {
  assertEquals(told(await root.run(["spawn", "--", "/tool", "say", "hello", "there"])), "hello there\n");
  assertEquals(told(await root.run(["spawn", "--", "/ipcx", "--version"])), `ipcx ${manifest.version}\n`);
  assertEquals((await root.run(["spawn", "--", "/absent"])).status, 127);
  assertEquals(await root.run(["spawn", "--", "/tool", "absent"]), {
    status: 2,
    signal: null,
    out: "",
    err: "tool: what is 'absent'?\n",
  });
}

/** A program of this host, with its libraries, in that root; and one of that root in other namespaces. */
async function spawnAcross(root: EmptyRoot): Promise<void> {
  const outside = await runProgram([
    await portableIpcx(),
    ...["spawn", `--mnt=${root.pid}`, "--local", "--", "ls", "/"],
  ]);
  assertEquals(told(outside), "ipcx\nproc\ntmp\ntool\n");
  await using other = new Process(["unshare", "--net", "--uts", "cat"], { input: "open" });
  for (const kind of ["net", "uts"]) {
    const link = `/proc/self/ns/${kind}`;
    const theirs = await namespaceOf(other, kind);
    const all = ["spawn", `--net=${other.child.pid}`, `--uts=${other.child.pid}`, "--", "/tool", "follow", link];
    assertEquals(told(await root.run(all)), theirs);
  }
}

/** Waits until another process has a namespace of its own. */
async function namespaceOf(process: Process, kind: string): Promise<string> {
  for (;;) {
    const link = Deno.readLinkSync(`/proc/${process.child.pid}/ns/${kind}`);
    if (link !== Deno.readLinkSync(`/proc/self/ns/${kind}`)) return link;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

async function enterAsNsexec(root: EmptyRoot): Promise<void> {
  await using other = new Process(["unshare", "--net", "cat"], { input: "open" });
  const theirs = await namespaceOf(other, "net");
  assertNotEquals(theirs, Deno.readLinkSync("/proc/self/ns/net"));
  const net = `/proc/${other.child.pid}/ns/net`;
  assertEquals(told(await root.run(["nsexec", "-n", net, "--", "/tool", "follow", "/proc/self/ns/net"])), theirs);
}

/** Two clients of a broker say something to each other. */
async function pairAt(root: EmptyRoot, address: string): Promise<void> {
  await using one = root.start(["pair", "--socket", address, "key"], { input: "from one\n" });
  await using other = root.start(["pair", "--socket", address, "key"], { input: "from the other\n" });
  assertEquals(told(await one.ended()), "from the other\n");
  assertEquals(told(await other.ended()), "from one\n");
}

async function broker(root: EmptyRoot): Promise<void> {
  await using broker = await root.serve(["broker", "--socket", "/tmp/one.socket"]);
  await pairAt(root, "/tmp/one.socket");
  const command = ["pair", "--socket", "/tmp/one.socket", "key", "--", "/tool", "descriptors"];
  await using one = root.start(command);
  await using other = root.start(command);
  for (const process of [one, other]) assertMatch(told(await process.ended()), /^3 -1 socket:/m);
  assertEquals((await broker.stop()).status, 0);
  assertEquals(Array.from(Deno.readDirSync(root.path("/tmp"))), []);
}

async function oneSocket(root: EmptyRoot): Promise<void> {
  await using broker = await root.serve(["one-socket"], { env: { ONE_SOCKET_PATH: "/tmp/theirs" } });
  await pairAt(root, "/tmp/theirs");
  assertEquals((await broker.stop()).status, 0);
}

async function steer(root: EmptyRoot): Promise<void> {
  await using broker = await root.serve(["broker", "--socket", "/tmp/one.socket"]);
  const ask = (...args: string[]) => root.run(["brokerctl", "--socket", "/tmp/one.socket", ...args]);
  const status = JSON.parse(told(await ask("--json", "status")));
  assertEquals([status.pid, status.sockets], [broker.child.pid, ["/tmp/one.socket"]]);
  assertMatch(told(await ask("metrics")), /^# HELP /m);
  assertEquals((await ask("shutdown")).status, 0);
  assertEquals((await broker.ended()).status, 0);
}

async function beam(root: EmptyRoot): Promise<void> {
  Deno.writeTextFileSync(root.path("/tmp/letter"), "what is in the file\n");
  await using reader = root.start(["beam", "recv", "--listen", "/tmp/beam", "--to-stdout"]);
  told(await root.run(["beam", "send", "--wait", "/tmp/beam", "--data", "x", "--file", "/tmp/letter"]));
  assertEquals(told(await reader.ended()), "what is in the file\n");
  await using listener = await root.serve(["beam", "listen", "/tmp/echo", "--exec", "/tool", "copy"]);
  assertEquals(told(await root.run(["beam", "pipe", "/tmp/echo", "--data", "x"], { input: "echo\n" })), "echo\n");
  assertEquals((await listener.stop()).status, 0);
  await using once = await root.serve(["beam", "listen", "--once", "/tmp/say", "--exec", "/tool", "say", "heard"]);
  assertEquals(told(await root.run(["beam", "call", "/tmp/say", "--data", "x"])), "heard\n");
  assertEquals((await once.ended()).status, 0);
}

/** A packet with a descriptor, from one to the other. */
async function exchange(root: EmptyRoot): Promise<void> {
  const name = ownName();
  Deno.writeTextFileSync(root.path("/tmp/letter"), "a letter");
  const command = ["recv", "--listen", name, "--exec", "/tool", "descriptors"];
  await using receiver = root.start(command);
  told(await root.run(["send", "--wait", name, "--data", "hello", "--file", "/tmp/letter"]));
  assertMatch(told(await receiver.ended()), /^3 0 \/tmp\/letter$/m);
  await using packets = root.start(["recv", "--listen", name, "--json"]);
  told(await root.run(["send", "--wait", name, "--data", "hello"]));
  assertEquals(JSON.parse(told(await packets.ended())).data, "hello");
}

async function lock(root: EmptyRoot): Promise<void> {
  const name = ownName();
  await using keeper = root.start(["lock", name, "--", "/tool", "stay"], { input: "open" });
  await keeper.says("ready");
  const refused = await root.run(["lock", name, "--", "/tool", "say", "mine"]);
  assertEquals([refused.status, refused.out], [1, ""]);
  assert(refused.err.includes(`${keeper.child.pid}`), refused.err);
  assertEquals((await root.run(["lock", "--status", name])).status, 0);
  await keeper.closeInput();
  assertEquals((await keeper.ended()).status, 0);
  assertEquals(told(await root.run(["lock", name, "--", "/tool", "say", "mine"])), "mine\n");
}

async function hold(root: EmptyRoot): Promise<void> {
  const env = { IPCX_HOLD_SOCKET: "/tmp/hold" };
  Deno.writeTextFileSync(root.path("/tmp/letter"), "a letter");
  await using holder = await root.serve(["hold", "--listen", "web=unix:/tmp/web"], { env });
  const input = { env, input: "what is stored" };
  told(await root.run(["hold", "store", "input", "--fd", "0"], input));
  const list = JSON.parse(told(await root.run(["hold", "list", "--json"], { env }))) as { name: string }[];
  assertEquals(list.map(({ name }) => name).sort(), ["input", "web"]);
  await using server = root.start(["hold", "run", "web", "--", "/tool", "serve", "3", "served"], { env });
  assertEquals(told(await root.run(["send", "/tmp/web", "--reply", "--reply-as", "raw", "--data", "x"])), "served");
  assertEquals((await server.ended()).status, 0);
  assertEquals(
    told(await root.run(["hold", "run", "input", "--fd", "0", "--", "/tool", "copy"], { env })),
    input.input,
  );
  told(await root.run(["hold", "drop", "input"], { env }));
  assertEquals((await holder.stop()).status, 0);
}

async function limits(root: EmptyRoot): Promise<void> {
  const found = JSON.parse(told(await root.run(["limits", "--json"]))) as { name: string; value: unknown }[];
  assert(found.length > 30);
  assertEquals(found.filter(({ value }) => value === null), []);
}

async function sockets(root: EmptyRoot): Promise<void> {
  await using _broker = await root.serve(["broker", "--socket", "/tmp/one.socket"]);
  const found = told(await root.run(["sockets", "/tmp/one.socket"]));
  assertMatch(found, /\nstream +listening .*\/tmp\/one\.socket .* ipcx\[\d+\]/);
}

/** Checks against a document in YAML load all packages that there are in the program; metrics load one more. */
const DOCUMENT = `openapi: 3.1.0
info: { title: Words, version: "1" }
paths:
  /say/{word}:
    get:
      parameters: [{ name: word, in: path, required: true, schema: { type: string, maxLength: 5 } }]
      responses: { "200": { description: It is said } }
`;

async function proxy(root: EmptyRoot): Promise<void> {
  const get = { validatein: "enforce", answer: "stdout", inject: { cmd: ["/tool", "say", "hello", "{{path.word}}"] } };
  const config = {
    address: "/tmp/front",
    admin: { address: "/tmp/admin" },
    openapi: "/tmp/api.yaml",
    paths: { "/say/{word}": { get } },
  };
  Deno.writeTextFileSync(root.path("/tmp/proxy.yaml"), JSON.stringify(config));
  Deno.writeTextFileSync(root.path("/tmp/api.yaml"), DOCUMENT);
  await using gateway = await root.serve(["proxy", "--config", "/tmp/proxy.yaml"]);
  const ask = async (socket: string, path: string) =>
    told(await runProgram(["curl", "-s", "--unix-socket", root.path(socket), `http://localhost${path}`]));
  assertEquals(await ask("/tmp/front", "/say/you"), "hello you\n");
  assertMatch(await ask("/tmp/front", "/say/everybody"), /at most 5 characters/);
  assertMatch(await ask("/tmp/admin", "/metrics"), /^# TYPE /m);
  assertEquals((await gateway.stop()).status, 0);
}

async function completions(root: EmptyRoot): Promise<void> {
  for (const shell of ["bash", "zsh", "fish"]) {
    const script = told(await root.run(["completions", shell]));
    for (const { name } of COMMANDS) assert(script.includes(name), `${shell}: ${name}`);
  }
}

async function doctor(root: EmptyRoot): Promise<void> {
  const out = told(await root.run(["doctor", "--only", "program", "--only", "library"]));
  assert(out.includes("in one file"), out);
}

/** What is done by each command; all must be here. */
export const JOBS: Readonly<Record<string, (root: EmptyRoot) => Promise<void>>> = {
  spawn: async (root) => {
    await sayHello(root);
    await spawnAcross(root);
  },
  nsexec: enterAsNsexec,
  broker,
  "one-socket": oneSocket,
  brokerctl: steer,
  pair: async (root) => {
    const address = ownName();
    await using _broker = await root.serve(["broker", "--socket", address]);
    await pairAt(root, address);
  },
  beam,
  send: exchange,
  recv: exchange,
  lock,
  hold,
  limits,
  sockets,
  proxy,
  completions,
  doctor,
};

/** Those that start a program with nothing to read, or have to send something that is open. */
export const NEED_NULL = ["beam", "send", "recv", "limits", "proxy"];
