import { assert, assertEquals } from "@std/assert";
import { UnixSocket } from "ipcx";
import { claim, NEEDS_ROOT, OwnDirectory } from "../claim.ts";
import { asUser, Daemon } from "./daemon.ts";
import { eventually } from "./eventually.ts";
import { assertPairedWith, RawClient } from "./raw_client.ts";

async function json(daemon: Daemon, method: string, path: string, body?: unknown): Promise<[number, unknown]> {
  const { status, text } = await daemon.ask(method, path, body);
  return [status, JSON.parse(text)];
}

/** Asks with a method and a path, and returns the answer as it comes, its headers included. */
async function wholeAnswer(daemon: Daemon, asked: string): Promise<string> {
  using socket = await UnixSocket.connect(daemon.control);
  await socket.send(`${asked} HTTP/1.1\r\nhost: broker\r\n\r\n`);
  let answer = "";
  for await (const message of socket) answer += message.text;
  return answer;
}

claim("the status tells what the broker does", async () => {
  await using daemon = await Daemon.start({ args: ["--max-clients", "7"] });
  using _waiting = await RawClient.ask(daemon.address, "k");
  await daemon.waits(1);
  const { uptime, pid, sockets, clients, waiting, draining, accepted, paired, gone, limits, logLevel } = await daemon
    .status();
  assert(uptime > 0);
  assertEquals({ pid, sockets, logLevel }, { pid: daemon.pid, sockets: [daemon.address], logLevel: "info" });
  assertEquals({ clients, waiting, draining }, { clients: 1, waiting: 1, draining: false });
  assertEquals({ accepted, paired, gone }, { accepted: 1, paired: 0, gone: 0 });
  assertEquals(limits.maxClients, 7);
});

claim("the clients are listed with who they are and what they wait for, and can be sent away", async () => {
  await using daemon = await Daemon.start({ args: ["--request-timeout", "0"] });
  using _reading = await RawClient.connect(daemon.address);
  using waiting = await RawClient.ask(daemon.address, Uint8Array.of(0x6b, 0x20, 0x00, 0xff), "server");
  await daemon.waits(1);
  const [status, clients] = await json(daemon, "GET", "/clients") as [number, Record<string, unknown>[]];
  assertEquals(status, 200);
  const who = { pid: Deno.pid, uid: Deno.uid(), gid: Deno.gid(), socket: daemon.address };
  assertEquals(clients.map(({ seconds: _, ...client }) => client), [
    { id: 1, ...who, state: "reading" },
    { id: 2, ...who, state: "waiting", mode: "server", key: String.raw`k \x00\xff` },
  ]);
  assertEquals(await json(daemon, "DELETE", "/clients/2"), [200, { disconnected: 2 }]);
  await waiting.refusal();
  assertEquals(await json(daemon, "DELETE", "/clients/2"), [404, { error: "there is no client 2" }]);
});

claim("what there is not, and what is not to be done with it, is said", async () => {
  await using daemon = await Daemon.start();
  assertEquals(await json(daemon, "GET", "/"), [404, { error: "there is no /" }]);
  assertEquals(await json(daemon, "GET", "/clients/x"), [404, { error: "there is no /clients/x" }]);
  assertEquals(await json(daemon, "GET", "/status/"), [404, { error: "there is no /status/" }]);
  assertEquals(await json(daemon, "GET", "//"), [404, { error: "there is no //" }]);
  const wrong: [string, string, string][] = [
    ["POST", "/status", "GET"],
    ["DELETE", "/clients", "GET"],
    ["GET", "/clients/1", "DELETE"],
    ["GET", "/drain", "POST"],
    ["GET", "/shutdown", "POST"],
    ["POST", "/metrics", "GET"],
    ["DELETE", "/log-level", "GET, PUT"],
  ];
  for (const [method, path, allowed] of wrong) {
    assertEquals(await json(daemon, method, path), [405, { error: `${method} is not allowed here, only ${allowed}` }]);
  }
  assertEquals((await daemon.status()).draining, false);
});

claim("what would be allowed is said as HTTP says it", async () => {
  await using daemon = await Daemon.start();
  for (const [asked, allowed] of [["POST /status", "GET"], ["GET /drain", "POST"], ["DELETE /log-level", "GET, PUT"]]) {
    const answer = await wholeAnswer(daemon, asked);
    assert(answer.startsWith("HTTP/1.1 405 "), answer);
    assertEquals(/^allow: (.*)\r$/im.exec(answer)?.[1], allowed, answer);
  }
  for (const asked of ["GET /status", "GET /nothing"]) {
    const answer = await wholeAnswer(daemon, asked);
    assert(!/^allow:/im.test(answer), answer);
  }
});

claim("the query of a request does not matter", async () => {
  await using daemon = await Daemon.start();
  assertEquals((await daemon.ask("GET", "/status?pretty=1")).status, 200);
});

claim("the log level is told and changed", async () => {
  await using daemon = await Daemon.start();
  assertEquals(await json(daemon, "GET", "/log-level"), [200, { level: "info" }]);
  assertEquals(await json(daemon, "PUT", "/log-level", { level: "debug" }), [200, { level: "debug" }]);
  using one = await RawClient.ask(daemon.address, "k");
  using other = await RawClient.ask(daemon.address, "k");
  await assertPairedWith(one, other);
  await daemon.logs("paired");
  assertEquals(await json(daemon, "PUT", "/log-level", { level: "ERROR" }), [200, { level: "error" }]);
  assertEquals((await daemon.status()).logLevel, "error");
});

claim("a log level that is none is refused", async () => {
  await using daemon = await Daemon.start();
  const levels = { error: "level is one of debug, info, warn, error, critical" };
  for (const body of [{ level: "loud" }, { level: "notset" }, { level: "10" }, { level: 10 }, {}, [], 1, "debug"]) {
    assertEquals(await json(daemon, "PUT", "/log-level", body), [400, levels], JSON.stringify(body));
  }
  const form = { error: 'the body is JSON like {"level":"debug"}' };
  assertEquals(await json(daemon, "PUT", "/log-level", null), [400, form]);
  assertEquals(await json(daemon, "PUT", "/log-level"), [400, form]);
  assertEquals(await json(daemon, "GET", "/log-level"), [200, { level: "info" }]);
});

claim("a body that is too long is refused, and the daemon goes on", async () => {
  await using daemon = await Daemon.start();
  const refusal: [number, unknown] = [413, { error: "a body has at most 65536 characters" }];
  assertEquals(await json(daemon, "PUT", "/log-level", { level: "x".repeat(65_536) }), refusal);
  assertEquals(await json(daemon, "PUT", "/log-level", { level: "x".repeat(1_000_000) }), refusal);
  assertEquals((await daemon.ask("GET", "/status")).status, 200);
});

claim("what is no HTTP is answered with 400, or with nothing, and the daemon goes on", async () => {
  await using daemon = await Daemon.start();
  for (
    const text of ["\0\x01\x02 what?\r\n\r\n", "GET\r\n\r\n", "PUT /log-level HTTP/1.1\r\ncontent-length: x\r\n\r\n"]
  ) {
    using socket = await UnixSocket.connect(daemon.control);
    await socket.send(text);
    socket.shutdown("write");
    let answer = "";
    for await (const message of socket) answer += message.text;
    assert(answer === "" || answer.startsWith("HTTP/1.1 400 "), answer);
  }
  assertEquals((await daemon.ask("GET", "/status")).status, 200);
});

claim("a peer that leaves in the middle of its request disturbs nobody", async () => {
  await using daemon = await Daemon.start();
  const fds = await daemon.settledFds();
  for (const text of ["", "GET /sta", "PUT /log-level HTTP/1.1\r\nhost: b\r\ncontent-length: 50\r\n\r\n{"]) {
    using socket = await UnixSocket.connect(daemon.control);
    if (text !== "") await socket.send(text);
  }
  assertEquals((await daemon.ask("GET", "/status")).status, 200);
  assertEquals(await daemon.settledFds(), fds);
});

claim("an answer is the last on its connection, and says so", async () => {
  await using daemon = await Daemon.start();
  const answer = await wholeAnswer(daemon, "GET /log-level");
  assert(answer.startsWith("HTTP/1.1 200 OK\r\n"), answer);
  assert(/^connection: close\r$/im.test(answer), answer);
  assert(answer.includes('{"level":"info"}\n'), answer);
});

claim("an abstract control socket lets nobody in but root and the daemon's own user", async () => {
  await using daemon = await Daemon.start();
  const program = new URL("programs/ask_control.ts", import.meta.url).pathname;
  const [name, ...args] = [...asUser(65534), Deno.execPath(), "run", "--quiet", "-A", program, daemon.control];
  const { code, stdout } = await new Deno.Command(name, { args, stderr: "inherit" }).output();
  assertEquals([code, new TextDecoder().decode(stdout)], [0, "no answer\n"]);
  await daemon.logs("control connection refused");
  assertEquals(daemon.log.find(({ message }) => message === "control connection refused")?.uid, 65534);
  assertEquals((await daemon.ask("GET", "/status")).status, 200);
}, { skip: NEEDS_ROOT });

claim("those whom a control socket refuses cannot flood the log", async () => {
  await using daemon = await Daemon.start();
  const script = `
import socket, sys
for _ in range(50):
    with socket.socket(socket.AF_UNIX) as client:
        client.connect("\\0" + sys.argv[1])
        client.recv(1)
`;
  const [name, ...args] = [...asUser(65534), "python3", "-c", script, daemon.control.slice(1)];
  assertEquals((await new Deno.Command(name, { args, stderr: "inherit" }).output()).code, 0);
  daemon.kill("SIGHUP");
  await daemon.logs("reloaded");
  assertEquals(daemon.log.filter(({ message }) => message === "control connection refused").length, 20);
  assertEquals((await daemon.ask("GET", "/status")).status, 200);
}, { skip: NEEDS_ROOT });

claim("a control socket with a path is for its owner alone", async () => {
  using directory = new OwnDirectory();
  await using daemon = await Daemon.start({ address: directory.file("broker.sock") });
  assertEquals((await Deno.stat(daemon.control)).mode! & 0o777, 0o600);
  assertEquals((await daemon.ask("GET", "/status")).status, 200);
});

claim("metrics are served as Prometheus reads them", async () => {
  await using daemon = await Daemon.start();
  using one = await RawClient.ask(daemon.address, "k");
  using other = await RawClient.ask(daemon.address, "k");
  await assertPairedWith(one, other);
  await eventually("both are gone", async () => (await daemon.status()).clients === 0);
  const { status, text } = await daemon.ask("GET", "/metrics");
  assertEquals(status, 200);
  assert(text.includes("\nipcx_broker_paired_total 1\n"), text);
});
