import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  AccessRules,
  announce,
  type Announcement,
  type AnnounceOptions,
  Broker,
  listenEphemeral,
  lookUp,
  PairRefusedError,
  requestPair,
  UnixListener,
} from "ipcx";
import { claim, ownName } from "../claim.ts";
import { EmbeddedBroker } from "./embedded_broker.ts";
import { eventually } from "./eventually.ts";
import { PythonBroker } from "./python_peer.ts";

/** An announcement that has ended when its block does. */
function announced(options: AnnounceOptions): Announcement & AsyncDisposable {
  const announcement = announce(options);
  return Object.assign(announcement, {
    async [Symbol.asyncDispose]() {
      announcement.close();
      await announcement.ended;
    },
  });
}

claim("a port that nobody has chosen is announced, looked up and connected to", async () => {
  using meeting = new EmbeddedBroker();
  const { address } = meeting;
  using listener = listenEphemeral();
  await using announcement = announced({ address, key: "db", value: { host: listener.address, port: listener.port } });
  const { value, announcer } = await lookUp<{ host: string; port: number }>({ address, key: "db" });
  assertEquals(announcer, { pid: Deno.pid, uid: Deno.uid()!, gid: Deno.gid()! });
  (await Deno.connect({ hostname: value.host, port: value.port })).close();
  assertEquals(announcement.answered, 1);
});

claim("a hundred that look it up at the same time are all told", async () => {
  using meeting = new EmbeddedBroker();
  const { address } = meeting;
  await using announcement = announced({ address, key: "db", value: 4711 });
  const found = await Promise.all(Array.from({ length: 100 }, () => lookUp<number>({ address, key: "db" })));
  assertEquals(new Set(found.map(({ value }) => value)), new Set([4711]));
  assertEquals(announcement.answered, 100);
});

claim("who looks it up before it is announced waits for that", async () => {
  using meeting = new EmbeddedBroker();
  const { address } = meeting;
  const looking = [1, 2, 3].map(() => lookUp({ address, key: "db" }));
  await meeting.waits(3);
  await using _announcement = announced({ address, key: "db", value: "here" });
  assertEquals((await Promise.all(looking)).map(({ value }) => value), ["here", "here", "here"]);
});

claim("any value that JSON can say is told, and a new one from when it is set", async () => {
  using meeting = new EmbeddedBroker();
  const { address } = meeting;
  await using announcement = announced({ address, key: "k", value: null });
  const values = [null, true, -1.5, "Zeile\n1 \u2028 \u0000", [], { a: { b: [1, null] } }, "x".repeat(65_533)];
  for (const value of values) {
    announcement.value = value;
    assertEquals(announcement.value, value);
    assertEquals((await lookUp({ address, key: "k" })).value, value);
  }
});

claim("a value that is too large, or none, is refused before anybody is told", async () => {
  using meeting = new EmbeddedBroker();
  const { address } = meeting;
  const large = "x".repeat(65_534);
  const message = "the value has 65537 bytes as a line of JSON; 65536 is the most";
  assertThrows(() => announce({ address, key: "k", value: large }), RangeError, message);
  for (const value of [undefined, () => {}]) {
    assertThrows(() => announce({ address, key: "k", value }), TypeError, "cannot be written as JSON");
  }
  await using announcement = announced({ address, key: "k", value: "kept" });
  assertThrows(() => announcement.value = large, RangeError, message);
  assertEquals(announcement.value, "kept");
  assertEquals((await lookUp({ address, key: "k" })).value, "kept");
});

claim("a key or a number of requests out of its range is refused", () => {
  for (const key of ["", "x".repeat(1025), new Uint8Array(0)]) {
    assertThrows(() => announce({ address: "@nobody", key, value: 1 }), RangeError, "a key has 1 to 1024 bytes");
  }
  for (const waiting of [0, 65, 1.5, NaN]) {
    const message = `waiting is a whole number from 1 to 64, not ${waiting}`;
    assertThrows(() => announce({ address: "@nobody", key: "k", value: 1, waiting }), RangeError, message);
  }
});

claim("as many requests wait at the broker as was said, again after each answer", async () => {
  for (const waiting of [undefined, 1, 64]) {
    using meeting = new EmbeddedBroker();
    const { address } = meeting;
    await using _announcement = announced({ address, key: "k", value: 1, waiting });
    await meeting.waits(waiting ?? 4);
    for (let time = 0; time < 5; time++) await lookUp({ address, key: "k" });
    await meeting.waits(waiting ?? 4);
  }
});

claim("several announce under one key, each to some", async () => {
  using meeting = new EmbeddedBroker();
  const { address } = meeting;
  await using one = announced({ address, key: "k", value: "one", waiting: 1 });
  await meeting.waits(1);
  await using two = announced({ address, key: "k", value: "two", waiting: 1 });
  await meeting.waits(2);
  const values = [await lookUp({ address, key: "k" }), await lookUp({ address, key: "k" })].map(({ value }) => value);
  assertEquals(values, ["one", "two"]);
  assertEquals([one.answered, two.answered], [1, 1]);
});

claim("a closed announcement leaves nothing at the broker, however it is closed", async () => {
  using meeting = new EmbeddedBroker();
  const { address } = meeting;
  const controller = new AbortController();
  const closings: ((announcement: Announcement) => void)[] = [
    (announcement) => announcement.close(),
    (announcement) => announcement[Symbol.dispose](),
    () => controller.abort(),
  ];
  for (const close of closings) {
    const announcement = announce({ address, key: "k", value: 1, signal: controller.signal });
    await meeting.waits(4);
    close(announcement);
    announcement.close();
    await announcement.ended;
    await meeting.holds(0);
  }
  await announce({ address, key: "k", value: 1, signal: controller.signal }).ended;
});

claim("askers that go away, say something or take nothing are in nobody's way", async () => {
  using meeting = new EmbeddedBroker();
  const { address } = meeting;
  await using _announcement = announced({ address, key: "k", value: "x".repeat(60_000), waiting: 1 });
  const ask = () => requestPair({ address, key: "k", mode: "client" });
  for (let time = 0; time < 20; time++) (await ask()).close();
  using talkative = await ask();
  await talkative.send("tell me all").catch(() => {});
  using lazy = await ask();
  assertEquals((await lookUp<string>({ address, key: "k" })).value.length, 60_000);
  // The answer is there whenever it is taken.
  let length = 0;
  for await (const message of lazy) length += message.data.length;
  assertEquals(length, 60_003);
});

claim("when the broker is started anew, the announcement is there again", async () => {
  const address = ownName();
  const start = (): Broker => {
    const broker = new Broker();
    broker.listen(UnixListener.listen(address));
    return broker;
  };
  const failures: Error[] = [];
  const onFailure = (error: Error): void => void failures.push(error);
  // There is no broker at all at first.
  await using _announcement = announced({ address, key: "k", value: "back", onFailure });
  await eventually("it has failed", () => failures.length > 0);
  assertEquals(failures.map((error) => "code" in error && error.code), ["ECONNREFUSED"]);
  for (let time = 0; time < 3; time++) {
    using broker = start();
    assertEquals((await lookUp({ address, key: "k" })).value, "back");
    await eventually("all wait again", () => broker.status.waiting === 4);
  }
  // Once at the beginning, and once for each of the brokers that ended.
  await eventually("the end of the last is told", () => failures.length === 4);
  assert(failures.slice(1).every((error) => error instanceof PairRefusedError), `${failures}`);
});

claim("an announcement that the broker refuses is made as soon as it does not any more", async () => {
  using meeting = new EmbeddedBroker({ access: AccessRules.parse(["deny key=k"]) });
  const { address, broker } = meeting;
  const failures: Error[] = [];
  await using _announcement = announced({
    address,
    key: "k",
    value: 1,
    onFailure: (error) => void failures.push(error),
  });
  await eventually("it is refused several times", () => (broker.status.refused["access"] ?? 0) >= 8);
  assertEquals(failures.length, 1);
  assert(failures[0] instanceof PairRefusedError);
  broker.access = AccessRules.none;
  assertEquals((await lookUp({ address, key: "k" })).value, 1);
});

claim("a handler of failures that throws is seen, and stops nothing", async () => {
  const address = ownName();
  const seen = Promise.withResolvers<string>();
  const onError = (event: ErrorEvent): void => {
    event.preventDefault();
    seen.resolve(event.error.message);
  };
  globalThis.addEventListener("error", onError);
  await using _announcement = announced({
    address,
    key: "k",
    value: 1,
    onFailure() {
      throw new Error("the log is full");
    },
  });
  assertEquals(await seen.promise, "the log is full");
  globalThis.removeEventListener("error", onError);
  using broker = new Broker();
  broker.listen(UnixListener.listen(address));
  assertEquals((await lookUp({ address, key: "k" })).value, 1);
});

claim("any broker that speaks the protocol will do", async () => {
  const address = ownName();
  await using _broker = await PythonBroker.start(address);
  await using _announcement = announced({ address, key: "k", value: { port: 1 } });
  const found = await Promise.all(Array.from({ length: 10 }, () => lookUp({ address, key: "k" })));
  assertEquals(found.map(({ value }) => value), Array.from({ length: 10 }, () => ({ port: 1 })));
  await assertRejects(() => lookUp({ address, key: "other", timeout: 20 }), DOMException);
});

claim("who floods an announcer instead of reading keeps it from nothing else", async () => {
  using meeting = new EmbeddedBroker();
  const { address } = meeting;
  await using _announcement = announced({ address, key: "k", value: "here" });
  const program = new URL("programs/flood_announcer.py", import.meta.url).pathname;
  const flood = new Deno.Command("python3", { args: [program, `${address}`, "k"] });
  for (let time = 0; time < 5; time++) {
    const { stdout, stderr } = await flood.output();
    assertEquals(new TextDecoder().decode(stderr), "");
    const count = Number(new TextDecoder().decode(stdout));
    assert(count < 2 ** 20, `${count} bytes were read in one go`);
  }
  assertEquals((await lookUp({ address, key: "k" })).value, "here");
});
