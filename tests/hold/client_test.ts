import { assert, assertEquals, assertRejects } from "@std/assert";
import { type Fd, HolderClient, HoldError, SystemError, UnixListener, UnixSocket } from "ipcx";
import { openPipe } from "../../src/core/pipe.ts";
import { OPEN } from "../../src/core/linux.ts";
import { openPath } from "../../src/core/reach.ts";
import { claim, OwnDirectory, ownName } from "../claim.ts";
import { targetOf } from "../core/open_descriptors.ts";
import { EmbeddedHolder, Watched } from "./embedded_holder.ts";

const isSame = (one: Fd, other: Fd): boolean => targetOf(one.number) === targetOf(other.number);

async function refusal(attempt: () => Promise<unknown>): Promise<[string, string]> {
  const { reason, message } = await assertRejects(attempt, HoldError);
  return [reason, message];
}

claim("what was stored is retrieved as often as it is wanted, and stays held", async () => {
  using holder = new EmbeddedHolder();
  using one = new Watched(), other = new Watched();
  await holder.client.store({ one: one.given.fd, other: other.given.fd });
  for (let time = 0; time < 3; time++) {
    const fds = await holder.client.retrieve(["other", "one", "other"]);
    assertEquals(fds.map((fd) => isSame(fd, one.given.fd)), [false, true, false]);
    assert(isSame(fds[0], other.given.fd));
    for (const fd of fds) fd.close();
  }
  assertEquals(holder.names, ["one", "other"]);
  assertEquals([one.isHeld, other.isHeld], [true, true]);
});

claim("what was taken is the client's alone", async () => {
  using holder = new EmbeddedHolder();
  using watched = new Watched();
  await holder.client.store({ it: watched.given.fd });
  const [fd] = await holder.client.take(["it"]);
  assertEquals(holder.names, []);
  assert(watched.isHeld);
  fd.close();
  await watched.isClosed();
});

claim("what was dropped is closed", async () => {
  using holder = new EmbeddedHolder();
  using one = new Watched(), other = new Watched();
  await holder.client.store({ one: one.given.fd, other: other.given.fd });
  await holder.client.drop(["one"]);
  await one.isClosed();
  assertEquals([holder.names, other.isHeld], [["other"], true]);
});

claim("all of a request is done, or nothing", async () => {
  using holder = new EmbeddedHolder();
  using one = new Watched(), other = new Watched();
  const { client } = holder;
  await client.store({ one: one.given.fd });
  const absent = ["absent", "nothing is held under 'none'"] as [string, string];
  const names = ["one", "none"];
  for (const call of [() => client.retrieve(names), () => client.take(names), () => client.drop(names)]) {
    assertEquals(await refusal(call), absent);
  }
  assertEquals(
    await refusal(() => client.store({ other: other.given.fd, one: other.given.fd })),
    ["taken", "something is held under 'one' already"],
  );
  await other.isClosed();
  assertEquals([holder.names, one.isHeld], [["one"], true]);
});

claim("a name is taken over only if that is asked for", async () => {
  using holder = new EmbeddedHolder();
  using first = new Watched(), second = new Watched();
  await holder.client.store({ it: first.given.fd });
  assertEquals((await refusal(() => holder.client.store({ it: second.given.fd })))[0], "taken");
  await holder.client.store({ it: second.given.fd }, { replace: true });
  await first.isClosed();
  assertEquals([holder.names, second.isHeld], [["it"], true]);
});

claim("descriptors of every kind are held, and told apart in the list", async () => {
  using directory = new OwnDirectory();
  using holder = new EmbeddedHolder();
  const path = directory.file("log");
  Deno.writeTextFileSync(path, "");
  const tcp = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  using file = openPath(path, OPEN.WRITE | OPEN.APPEND);
  using unix = UnixListener.listen(directory.file("s"));
  using abstract = UnixListener.listen(ownName(), { type: "seqpacket" });
  const [left, right] = UnixSocket.pair("dgram");
  const { reader, writer } = openPipe();
  const before = Date.now();
  await holder.client.store({ file, unix: unix.fd, abstract: abstract.fd, half: left.fd, pipe: reader });
  const list = await holder.client.list();
  assertEquals(
    list.map(({ since: _, ...rest }) => rest),
    [
      {
        name: "abstract",
        kind: "socket",
        family: "unix",
        type: "seqpacket",
        listens: true,
        access: "both",
        address: `${abstract.listensAt}`,
        uid: Deno.uid()!,
      },
      { name: "file", kind: "file", path, access: "write", uid: Deno.uid()! },
      { name: "half", kind: "socket", family: "unix", type: "dgram", access: "both", uid: Deno.uid()! },
      { name: "pipe", kind: "pipe", access: "read", uid: Deno.uid()! },
      {
        name: "unix",
        kind: "socket",
        family: "unix",
        type: "stream",
        listens: true,
        access: "both",
        address: directory.file("s"),
        uid: Deno.uid()!,
      },
    ],
  );
  for (const { since } of list) assert(Date.parse(since) >= before && Date.parse(since) <= Date.now(), since);
  for (const one of [left, right, reader, writer, tcp]) one.close();
});

claim("no descriptors and no names are no reason to ask", async () => {
  const client = new HolderClient(ownName());
  await client.store({});
  assertEquals([await client.retrieve([]), await client.take([])], [[], []]);
  await client.drop([]);
});

claim("more than a packet carries is retrieved in several, and refused where all is to be done at once", async () => {
  using holder = new EmbeddedHolder();
  const names = Array.from({ length: 600 }, (_, at) => `descriptor-${`${at}`.padStart(3, "0")}`);
  const files = names.map((_, at) => openPath(at % 2 === 0 ? "/dev/null" : "/dev/zero", OPEN.READ));
  for (let at = 0; at < 600; at += 200) {
    const part = names.slice(at, at + 200).map((name, index) => [name, files[at + index]]);
    await holder.client.store(Object.fromEntries(part));
  }
  const order = names.toReversed();
  const fds = await holder.client.retrieve(order);
  assertEquals(
    fds.map(({ number }) => targetOf(number)),
    order.map((_, at) => at % 2 === 0 ? "/dev/zero" : "/dev/null"),
  );
  for (const fd of [...fds, ...files]) fd.close();
  const { client } = holder;
  const all = Object.fromEntries(names.map((name, at) => [name, files[at]]));
  for (const call of [() => client.store(all), () => client.take(names), () => client.drop(names)]) {
    const { message } = await assertRejects(call, RangeError);
    assertEquals(message, "600 names at once; 253 is the most");
  }
  assertEquals((await client.list()).map(({ name }) => name), names);
});

claim("253 of the longest names fit into a packet, both ways", async () => {
  using holder = new EmbeddedHolder();
  using file = openPath("/dev/null", OPEN.READ);
  const names = Array.from({ length: 253 }, (_, at) => `${at}`.padStart(255, '"'));
  await holder.client.store(Object.fromEntries(names.map((name) => [name, file])));
  const fds = await holder.client.take(names);
  assertEquals(fds.length, 253);
  for (const fd of fds) fd.close();
});

claim("a list of any length comes in its order", async () => {
  using directory = new OwnDirectory();
  using holder = new EmbeddedHolder();
  const long = `${directory.path}/${`${"d".repeat(250)}/`.repeat(8)}`;
  Deno.mkdirSync(long, { recursive: true });
  using place = openPath(long);
  const names = Array.from({ length: 200 }, (_, at) => `${at % 7}-${at}`);
  await holder.client.store(Object.fromEntries(names.map((name) => [name, place])));
  const list = await holder.client.list();
  assertEquals(list.map(({ name }) => name), names.toSorted());
  assert(JSON.stringify(list).length > 400_000, "several packets were needed");
});

claim("the status tells what was done", async () => {
  using holder = new EmbeddedHolder({ limits: { maxHeld: 7, maxClients: 40, requestTimeout: 1234 } });
  using watched = new Watched();
  await holder.client.store({ a: watched.given.fd, b: watched.given.fd });
  for (const fd of await holder.client.retrieve(["a", "b"])) fd.close();
  await holder.client.drop(["a"]);
  await refusal(() => holder.client.retrieve(["a"]));
  const { uptime, clients, ...status } = await holder.client.status();
  assert(uptime > 0 && uptime < 600);
  assert(clients >= 1, "the one who asks, and those whose end has not been noticed");
  assertEquals(status, {
    pid: Deno.pid,
    sockets: [holder.address],
    held: 1,
    stored: 2,
    retrieved: 2,
    dropped: 1,
    expired: 0,
    refused: { absent: 1 },
    limits: { maxHeld: 7, maxHeldPerUid: 6, maxClients: 40, maxClientsPerUid: 10, requestTimeout: 1234 },
  });
});

claim("a wrong name, time or number of names is an error before anybody is asked", async () => {
  using holder = new EmbeddedHolder();
  using watched = new Watched();
  const { client } = holder;
  const { fd } = watched.given;
  await assertRejects(() => client.store({ "a:b": fd }), RangeError, "'a:b' is no name");
  await assertRejects(() => client.store({ a: fd }, { expire: -1 }), RangeError, "expire is a whole number");
  await assertRejects(() => client.retrieve(["", "a"]), RangeError, "'' is no name");
  await assertRejects(() => client.take(["\n"]), RangeError, "'\\x0a' is no name");
  await assertRejects(() => client.drop(["é"]), RangeError, "is no name");
  assertEquals(holder.holder.status.refused, {});
});

claim("that nobody is there, or somebody else, is an error that says so", async () => {
  using directory = new OwnDirectory();
  const address = directory.file("s");
  const lonely = new HolderClient(address);
  assertEquals((await assertRejects(() => lonely.list(), SystemError)).code, "ENOENT");
  using stream = UnixListener.listen(address);
  assertEquals((await assertRejects(() => lonely.list(), SystemError)).code, "EPROTOTYPE");
  stream.close();
  using listener = UnixListener.listen(address, { type: "seqpacket" });
  const answers: [string, number, string][] = [
    ["what?", 0, `what answers at ${address} is no holder: a packet of 5 bytes that is no JSON in UTF-8`],
    ["{}", 1, `what answers at ${address} is no holder: a packet was refused: ok is true or false`],
    ['{"ok":true}', 1, `what answers at ${address} is no holder: it sent 1 descriptors for 0 names`],
    ["", -1, `the holder at ${address} closed the connection without a reply`],
  ];
  for (const [answer, count, message] of answers) {
    using watched = new Watched();
    const call = refusal(() => lonely.drop(["a"]));
    using connection = await listener.accept();
    using _request = await connection.receive();
    if (count >= 0) await connection.send(answer, { fds: Array(count).fill(watched.given.fd) });
    connection.close();
    assertEquals(await call, ["invalid", message]);
    await watched.isClosed();
  }
});

claim("a holder that does not answer is waited for as long as is said, or until a signal", async () => {
  const address = ownName();
  using _listener = UnixListener.listen(address, { type: "seqpacket" });
  const { name } = await assertRejects(() => new HolderClient(address, { timeout: 20 }).list(), DOMException);
  assertEquals(name, "TimeoutError");
  const stop = new AbortController();
  const call = new HolderClient(address, { timeout: 0 }).list({ signal: stop.signal });
  stop.abort(new Error("enough"));
  await assertRejects(() => call, Error, "enough");
});
