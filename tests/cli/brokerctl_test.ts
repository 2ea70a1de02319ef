import { assert, assertEquals, assertMatch } from "@std/assert";
import { PairRefusedError, requestPair } from "../../src/broker/request_pair.ts";
import { UnixListener } from "../../src/core/listener.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { claim, OwnDirectory, ownName } from "../claim.ts";
import { ipcx, type Process, type Result, startBroker, until } from "./program.ts";

/** A broker to ask, in a process of its own. */
class Asked implements AsyncDisposable {
  readonly #directory = new OwnDirectory();
  readonly address: string = this.#directory.file("s");
  broker!: Process;

  static async start(...args: string[]): Promise<Asked> {
    const asked = new Asked();
    asked.broker = await startBroker(["-s", asked.address, ...args]);
    return asked;
  }

  ctl(...words: string[]): Promise<Result> {
    return ipcx(["brokerctl", "-s", this.address, ...words]);
  }

  async json<T = Record<string, unknown>>(...words: string[]): Promise<T> {
    return JSON.parse((await this.ctl("--json", ...words)).out);
  }

  /** A client that has sent its request, which the broker has read. */
  async waiting(key: string): Promise<{ gone: Promise<boolean>; leave(): void }> {
    const leave = new AbortController();
    const gone = requestPair({ address: this.address, key, mode: "server", signal: leave.signal }).then(
      () => false,
      (error) => error instanceof PairRefusedError,
    );
    const clients = (): Promise<{ key?: string }[]> => this.json("clients");
    await until(async () => (await clients()).some((client) => client.key === key), "nobody waits");
    return { gone, leave: () => leave.abort() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.broker[Symbol.asyncDispose]();
    this.#directory[Symbol.dispose]();
  }
}

claim("status is a table of what the broker is doing", async () => {
  await using asked = await Asked.start("--max-clients", "50", "--access", "deny key=no");
  await Promise.all([
    requestPair({ address: asked.address, key: "k" }),
    requestPair({ address: asked.address, key: "k" }),
  ])
    .then((ends) => ends.forEach((end) => end.close()));
  await requestPair({ address: asked.address, key: "no" }).catch(() => {});
  const { status, out, err } = await asked.ctl("status");
  assertEquals({ status, err }, { status: 0, err: "" });
  const rows = Object.fromEntries(out.trimEnd().split("\n").map((line) => line.split(/ {2,}/)));
  const { uptime, ...rest } = rows;
  assertMatch(uptime, /^\d+\.\d s$/);
  assertEquals(rest, {
    pid: `${asked.broker.child.pid}`,
    sockets: asked.address,
    state: "serving",
    clients: "0 of 50, 0 waiting",
    accepted: "3",
    paired: "1",
    gone: "0",
    refused: "1 access",
    "protocol errors": "none",
    "log level": "info",
  });
});

claim("status --json has the same as numbers", async () => {
  await using asked = await Asked.start();
  const status = await asked.json("status");
  assertEquals(status.pid, asked.broker.child.pid);
  assertEquals(status.sockets, [asked.address]);
  assertEquals([status.clients, status.waiting, status.paired], [0, 0, 0]);
});

claim("clients lists who is connected, with escaped keys; without any only the headings", async () => {
  // Who says nothing is to be listed, however long the program that lists takes to start.
  await using asked = await Asked.start("--request-timeout", "0");
  const none = await asked.ctl("clients");
  assertEquals(none.out, "ID  PID  UID  STATE  MODE  FOR  KEY\n");
  using silent = await UnixSocket.connect(asked.address);
  const client = await asked.waiting("two words");
  const { out } = await asked.ctl("clients");
  const [head, first, second, ...rest] = out.split("\n");
  assertMatch(head, /^ID +PID +UID +STATE +MODE +FOR +KEY$/);
  assertMatch(first, new RegExp(`^ *1 +${Deno.pid} +${Deno.uid()} +reading +- +\\d+\\.\\d s +-$`));
  assertMatch(second, new RegExp(`^ *2 +${Deno.pid} +${Deno.uid()} +waiting +server +\\d+\\.\\d s +two words$`));
  assertEquals(rest, [""]);
  silent.close();
  client.leave();
  await client.gone;
});

claim("kick disconnects the client of this number and nobody else", async () => {
  await using asked = await Asked.start();
  const [first, second] = [await asked.waiting("a"), await asked.waiting("b")];
  const { status, out } = await asked.ctl("kick", "1");
  assertEquals({ status, out }, { status: 0, out: "disconnected client 1\n" });
  assertEquals(await first.gone, true);
  assertEquals((await asked.json<unknown[]>("clients")).length, 1);
  assertEquals(await asked.json("kick", "2"), { disconnected: 2 });
  assertEquals(await second.gone, true);
});

claim("kicking a client that is not there is an error with status 1", async () => {
  await using asked = await Asked.start();
  const { status, out, err } = await asked.ctl("kick", "77");
  assertEquals({ status, out, err }, { status: 1, out: "", err: "ipcx brokerctl: there is no client 77\n" });
});

claim("drain lets those who wait be paired, takes nobody new, and ends the broker with the last", async () => {
  await using asked = await Asked.start();
  const early = requestPair({ address: asked.address, key: "k", mode: "server" });
  // Should the test fail before it is awaited, that failure is the one to be seen.
  early.catch(() => {});
  await until(async () => (await asked.json("status")).waiting === 1, "nobody waits");
  assertEquals((await asked.ctl("drain")).out, "draining, 1 client left\n");
  assertMatch((await asked.ctl("status")).out, /^state +draining$/m);
  const refused = await requestPair({ address: asked.address, key: "new" }).catch((error) => error);
  assert(refused instanceof PairRefusedError);
  (await requestPair({ address: asked.address, key: "k", mode: "client" })).close();
  (await early).close();
  assertEquals((await asked.broker.ended()).status, 0);
});

claim("drain ends a broker without clients at once", async () => {
  await using asked = await Asked.start();
  assertEquals(await asked.json("drain"), { draining: true, clients: 0 });
  assertEquals((await asked.broker.ended()).status, 0);
});

claim("shutdown ends the broker with status 0, whoever waits", async () => {
  await using asked = await Asked.start();
  const client = await asked.waiting("k");
  const { status, out } = await asked.ctl("shutdown");
  assertEquals({ status, out }, { status: 0, out: "stopping\n" });
  assertEquals((await asked.broker.ended()).status, 0);
  assertEquals(await client.gone, true);
});

claim("metrics are what Prometheus reads, with --json too", async () => {
  await using asked = await Asked.start();
  for (const options of [[], ["--json"]]) {
    const { status, out } = await asked.ctl("metrics", ...options);
    assertEquals(status, 0);
    assertMatch(out, /^# HELP \w+ /m);
    assertMatch(out, /^# TYPE \w+ (counter|gauge|histogram)$/m);
  }
});

claim("log-level shows the level and sets it", async () => {
  await using asked = await Asked.start();
  assertEquals((await asked.ctl("log-level")).out, "info\n");
  assertEquals((await asked.ctl("log-level", "debug")).out, "debug\n");
  assertEquals(await asked.json("log-level"), { level: "debug" });
  const client = await asked.waiting("k");
  client.leave();
  await asked.broker.says('"level":"debug"');
  await client.gone;
});

claim("a level that there is not is an error that names those there are", async () => {
  await using asked = await Asked.start();
  const { status, err } = await asked.ctl("log-level", "loud");
  assertEquals({ status, err }, {
    status: 1,
    err: "ipcx brokerctl: level is one of debug, info, warn, error, critical\n",
  });
  assertEquals((await asked.ctl("log-level")).out, "info\n");
});

claim("without a broker the message says where it was looked for and what to check", async () => {
  using directory = new OwnDirectory();
  const { status, err } = await ipcx(["brokerctl", "-s", directory.file("s"), "status"]);
  assertEquals(status, 1);
  assertEquals(
    err,
    `ipcx brokerctl: connect ${directory.file("s.ctl")}: No such file or directory (ENOENT); ` +
      "there is no such socket: is the server running?\n",
  );
});

claim("somebody who is no broker's control socket is an error that says so", async () => {
  using directory = new OwnDirectory();
  const address = directory.file("other");
  for (const answer of ["", "SSH-2.0-x\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"]) {
    using listener = UnixListener.listen(address);
    const asking = ipcx(["brokerctl", "-c", address, "status"]);
    using socket = await listener.accept();
    await socket.receive();
    await socket.send(answer);
    socket.close();
    const { status, err } = await asking;
    assertEquals(status, 1);
    assert(err.startsWith(`ipcx brokerctl: what answers at ${address} is no broker's control socket (`), err);
  }
});

claim("a control socket at an abstract name that lets one go without an answer says who is let in", async () => {
  const address = ownName();
  using listener = UnixListener.listen(address);
  const asking = ipcx(["brokerctl", "-c", address, "status"]);
  using socket = await listener.accept();
  socket.close();
  const { status, err } = await asking;
  assertEquals(status, 1);
  assert(err.includes(`${address} closed the connection`), err);
  assert(err.includes("only root and the broker's user are let in"), err);
});

claim("words that it does not know have status 2, and none are asked of the broker", async () => {
  const cases: [string[], string][] = [
    [[], "what is to be done?"],
    [["stauts"], "there is no 'stauts': did you mean 'status'?"],
    [["stauts", "now"], "there is no 'stauts': did you mean 'status'?"],
    [["constructor"], "there is no 'constructor'"],
    [["status", "now"], "unexpected 'now'"],
    [["kick"], "kick takes the number of one client"],
    [["kick", "1", "2"], "kick takes the number of one client"],
    [["kick", "all"], "kick: 'all' is no whole number"],
    [["log-level", "info", "now"], "unexpected 'now'"],
  ];
  for (const [words, message] of cases) {
    const { status, err } = await ipcx(["brokerctl", "-s", "/nonexistent/s", ...words]);
    assertEquals({ status, err: err.split("\n")[0] }, { status: 2, err: `ipcx brokerctl: ${message}` });
  }
});
