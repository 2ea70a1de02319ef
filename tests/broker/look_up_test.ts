import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  announce,
  lookUp,
  LookUpError,
  type LookUpOptions,
  PairRefusedError,
  requestPair,
  type UnixSocket,
} from "ipcx";
import { openPipe } from "../../src/core/pipe.ts";
import { claim, NEEDS_ROOT, OwnDirectory, ownName } from "../claim.ts";
import { IPCX, Process, ROOT } from "../cli/program.ts";
import { asNobody } from "../core/programs/run.ts";
import { EmbeddedBroker } from "./embedded_broker.ts";

/** Lets a script stand for an announcer that is asked once. */
async function answeredBy<Value>(
  answer: (socket: UnixSocket) => unknown,
  options: Partial<LookUpOptions<Value>> = {},
) {
  using meeting = new EmbeddedBroker();
  const { address } = meeting;
  const answering = (async () => {
    using socket = await requestPair({ address, key: "k", mode: "server" });
    await answer(socket);
  })();
  try {
    return await lookUp({ address, key: "k", ...options });
  } finally {
    await answering;
  }
}

async function fault(attempt: () => Promise<unknown>): Promise<[string, string]> {
  const error = await assertRejects(attempt, LookUpError) as LookUpError;
  return [error.reason, error.message];
}

claim("what nobody announces is an error after the time-out", async () => {
  using meeting = new EmbeddedBroker();
  const { address } = meeting;
  const error = await assertRejects(() => lookUp({ address, key: "k\xff\0", timeout: 20 }), DOMException);
  assertEquals((error as DOMException).name, "TimeoutError");
  const name = "'k\\xc3\\xbf\\x00'";
  assertEquals((error as DOMException).message, `nobody has announced ${name} at ${address} within 20 ms`);
  await meeting.holds(0);
});

claim("a signal ends the wait with its reason", async () => {
  using meeting = new EmbeddedBroker();
  const { address } = meeting;
  const controller = new AbortController();
  const looking = lookUp({ address, key: "k", signal: controller.signal });
  await meeting.waits(1);
  controller.abort(new RangeError("enough"));
  await assertRejects(() => looking, RangeError, "enough");
});

claim("a broker that is not there, refuses or ends is an error at once", async () => {
  await assertRejects(() => lookUp({ address: ownName(), key: "k" }), Error, "ECONNREFUSED");
  await assertRejects(() => lookUp({ address: "@nobody", key: "" }), RangeError, "a key has 1 to 1024 bytes");
  const meeting = new EmbeddedBroker();
  const looking = lookUp({ address: meeting.address, key: "k" });
  await meeting.waits(1);
  meeting.broker.close();
  await assertRejects(() => looking, PairRefusedError);
});

claim("an answer in pieces is put together", async () => {
  const { value } = await answeredBy(async (socket) => {
    for (const byte of '{"port": 1}\n') {
      await socket.send(byte);
      // Lets the asker have its turn, so that it sees more than one piece.
      await new Promise((resolve) => setTimeout(resolve));
    }
  });
  assertEquals(value, { port: 1 });
});

claim("what is no JSON in UTF-8 is told as such", async () => {
  for (const text of ["hello\n", "{", "\n", "1 2\n", '"\ud800', new Uint8Array([0x22, 0xff, 0x22])]) {
    const bytes = typeof text === "string" ? new TextEncoder().encode(text.replace("\ud800", "")) : text;
    const told = await fault(() => answeredBy((socket) => socket.send(bytes)));
    assertEquals(told, ["no JSON", "what is announced as 'k' is no JSON in UTF-8"]);
  }
});

claim("an answer that is too long is not read to its end", async () => {
  const endless = answeredBy(async (socket) => {
    // Until the asker has had enough.
    const more = new Uint8Array(100_000).fill(0x20);
    try {
      for (;;) await socket.send(more);
    } catch {
      return;
    }
  });
  assertEquals(await fault(() => endless), ["too large", "what is announced as 'k' has more than 65536 bytes"]);
  const { value } = await answeredBy((socket) => socket.send(`${" ".repeat(65_534)}1\n`));
  assertEquals(value, 1);
});

claim("a value that is not what was agreed upon is refused", async () => {
  const check = (value: unknown): number => {
    if (typeof value !== "number") throw new TypeError("a port is a number");
    return value;
  };
  const { value } = await answeredBy((socket) => socket.send("17\n"), { check });
  assertEquals(value + 1, 18);
  assertEquals(await fault(() => answeredBy((socket) => socket.send('"17"\n'), { check })), [
    "refused",
    "what is announced as 'k' was refused: a port is a number",
  ]);
});

claim("descriptors that come with an answer are closed", async () => {
  const { reader, writer } = openPipe();
  await answeredBy((socket) => socket.send("1\n", { fds: [writer, writer] }));
  writer.close();
  using end = await Deno.open(`/proc/self/fd/${reader.number}`);
  assertEquals(await end.read(new Uint8Array(1)), null);
  reader.close();
});

claim("who does not say so is not known; the broker is not taken for the announcer", async () => {
  const own = { pid: Deno.pid, uid: Deno.uid()!, gid: Deno.gid()! };
  const said = await answeredBy((socket) => socket.send("1\n", { credentials: own }));
  assertEquals(said.announcer, own);
  // The asker has not asked for credentials yet when this is sent.
  using meeting = new EmbeddedBroker();
  const { address } = meeting;
  const server = requestPair({ address, key: "k", mode: "server" });
  await meeting.waits(1);
  const looking = lookUp({ address, key: "k" });
  using socket = await server;
  await socket.send("1\n");
  socket.close();
  const { announcer } = await looking;
  assert(announcer === undefined || announcer.pid === Deno.pid);
});

claim("an announcer that goes away without a word is not the last one that is asked", async () => {
  using meeting = new EmbeddedBroker();
  const { address } = meeting;
  const looking = lookUp({ address, key: "k" });
  for (let time = 0; time < 3; time++) (await requestPair({ address, key: "k", mode: "server" })).close();
  const announcement = announce({ address, key: "k", value: "at last" });
  assertEquals((await looking).value, "at last");
  announcement.close();
  await announcement.ended;
});

/** An announcer in a process of its own. */
async function startAnnouncer(address: string, value: unknown, how: object = {}): Promise<Process> {
  const program = `${ROOT}tests/broker/programs/announce.ts`;
  const started = new Process([...IPCX.slice(0, -1), "--no-lock", program, address, JSON.stringify(value)], how);
  await started.says("announces");
  return started;
}

claim("after an announcer was killed, another one's value is told", async () => {
  using meeting = new EmbeddedBroker();
  const { address } = meeting;
  await using one = await startAnnouncer(address, "one");
  await meeting.waits(4);
  const first = await lookUp({ address, key: "k" });
  assertEquals([first.value, first.announcer?.pid], ["one", one.child.pid]);
  one.kill("SIGKILL");
  await one.ended();
  await meeting.holds(0);
  await assertRejects(() => lookUp({ address, key: "k", timeout: 20 }), DOMException, "nobody has announced 'k'");
  await using two = await startAnnouncer(address, "two");
  const second = await lookUp({ address, key: "k" });
  assertEquals([second.value, second.announcer?.pid], ["two", two.child.pid]);
});

claim("another user's announcement is told as that user's", async () => {
  using directory = new OwnDirectory();
  Deno.chmodSync(directory.path, 0o777);
  using meeting = new EmbeddedBroker();
  const { address } = meeting;
  await using nobody = await startAnnouncer(address, 1, asNobody(directory.path));
  const { announcer } = await lookUp({ address, key: "k" });
  assertEquals(announcer, { pid: nobody.child.pid, uid: 65534, gid: 65534 });
}, { skip: NEEDS_ROOT });

claim("a shell looks up and announces with ipcx pair", async () => {
  using meeting = new EmbeddedBroker();
  const { address } = meeting;
  const announcement = announce({ address, key: "db", value: { host: "127.0.0.1", port: 4711 } });
  await using asker = new Process([...IPCX, "pair", "db", "--client", "--no-stdin", "-s", address]);
  assertEquals(await asker.ended(), { status: 0, signal: null, out: '{"host":"127.0.0.1","port":4711}\n', err: "" });
  // An asker that says something is told all the same.
  await using talker = new Process([...IPCX, "pair", "db", "--client", "-s", address], { input: "which port?\n" });
  assertEquals((await talker.ended()).out, '{"host":"127.0.0.1","port":4711}\n');
  announcement.close();
  await announcement.ended;

  await using announcer = new Process([...IPCX, "pair", "db", "--server", "-s", address], { input: '{"port":17}\n' });
  const { value } = await lookUp({ address, key: "db" });
  assertEquals(value, { port: 17 });
  assertEquals((await announcer.ended()).status, 0);
});
