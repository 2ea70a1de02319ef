import { assertEquals, assertRejects } from "@std/assert";
import { UnixListener } from "../../src/core/listener.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import type { SocketEntry } from "../../src/sockets/entry.ts";
import { listSockets } from "../../src/sockets/list_sockets.ts";
import {
  changesBetween,
  type SocketChange,
  watchSockets,
  withKnownProcesses,
} from "../../src/sockets/watch_sockets.ts";
import { claim, OwnDirectory, ownName } from "../claim.ts";
import { within } from "../cli/program.ts";

/** A watch that is looked at step by step. */
class Watched implements AsyncDisposable {
  readonly #changes: AsyncGenerator<readonly SocketChange[]>;
  readonly #stop = new AbortController();

  constructor(options: Parameters<typeof watchSockets>[0]) {
    this.#changes = watchSockets({ interval: 2, signal: this.#stop.signal, ...options });
  }

  async next(): Promise<string[]> {
    const { value } = await within(this.#changes.next(), "no change");
    return (value as readonly SocketChange[]).map(({ event, socket }) => `${event} ${socket.state}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#changes.return(undefined);
  }
}

claim("what is there is told first, then what comes, changes and goes", async () => {
  const address = ownName();
  await using watched = new Watched({ name: `${address}*` });
  using first = UnixSocket.bound(`${address}-first`);
  assertEquals(await watched.next(), ["here unconnected"]);
  first.close();
  assertEquals(await watched.next(), ["went unconnected"]);
  const listener = UnixListener.listen(address);
  assertEquals(await watched.next(), ["came listening"]);
  listener.close();
  assertEquals(await watched.next(), ["went listening"]);
});

claim("a state, a peer and a file that change are told, queues are not", async () => {
  using directory = new OwnDirectory();
  const path = directory.file("s");
  using listener = UnixListener.listen(path, { backlog: 0 });
  await using watched = new Watched({ name: path });
  assertEquals(await watched.next(), ["here listening"]);
  using client = await UnixSocket.connect(path);
  assertEquals(await watched.next(), ["changed listening"], "it is full");
  using server = await listener.accept();
  const more = [...await watched.next()];
  while (more.length < 2) more.push(...await watched.next());
  assertEquals(more.sort(), ["came connected", "changed listening"]);
  await client.send("some bytes");
  client.shutdown("write");
  assertEquals(await watched.next(), ["changed half-closed"]);
  Deno.renameSync(path, `${path}2`);
  const gone = [...await watched.next()];
  while (gone.length < 2) gone.push(...await watched.next());
  assertEquals(gone.sort(), ["changed half-closed", "changed listening"]);
  Deno.renameSync(`${path}2`, path);
  server.close();
});

claim("nothing is told first if nothing is there, and only then", async () => {
  const address = ownName();
  await using watched = new Watched({ addresses: [address] });
  assertEquals(await watched.next(), []);
  using _listener = UnixListener.listen(address);
  assertEquals(await watched.next(), ["came listening"]);
});

claim("what does not fit the filter any more has gone", async () => {
  const address = ownName();
  using listener = UnixListener.listen(address);
  using client = await UnixSocket.connect(address);
  const inode = Deno.statSync(`/proc/self/fd/${client.fd.number}`).ino;
  assertEquals(listSockets({ states: ["pending"] }).some((one) => one.inode === inode), true);
  await using watched = new Watched({ states: ["pending"], pids: [Deno.pid] });
  assertEquals(await watched.next(), ["here pending"]);
  using _server = await listener.accept();
  assertEquals(await watched.next(), ["went pending"]);
});

claim("a signal ends the watch without an error, at once or while it waits", async () => {
  const stop = new AbortController();
  const changes = watchSockets({ signal: stop.signal, interval: 1_000_000_000 });
  await changes.next();
  const next = changes.next();
  stop.abort();
  assertEquals(await within(next, "it goes on"), { value: undefined, done: true });
  const ended = watchSockets({ signal: stop.signal });
  await ended.next();
  assertEquals((await ended.next()).done, true);
});

claim("intervals out of their range are refused", async () => {
  for (const interval of [0, -1, NaN, 2_147_483_648]) {
    await assertRejects(
      () => watchSockets({ interval }).next(),
      RangeError,
      "an interval is 1 to 2147483647 milliseconds",
    );
  }
});

claim("changes are told in the order of the lists, what went first", () => {
  const [entry] = listSockets({ pids: [Deno.pid] });
  const named = (...ids: string[]): Map<string, SocketEntry> => new Map(ids.map((id) => [id, { ...entry, id }]));
  const changed = named("c");
  changed.set("c", { ...entry, id: "c", isFull: !entry.isFull });
  const changes = changesBetween(named("a", "b", "c"), new Map([...named("d"), ...changed, ...named("e")]));
  assertEquals(changes.map(({ event, socket }) => `${event} ${socket.id}`), [
    "went a",
    "went b",
    "came d",
    "changed c",
    "came e",
  ]);
  assertEquals(changesBetween(named("a"), named("a")), []);
});

claim("who had a socket is known to the end, although it may outlive its process for a moment", () => {
  const [entry] = listSockets({ pids: [Deno.pid] });
  const { processes: held, ...bare } = entry;
  const known = (...sockets: SocketEntry[]) => new Map(sockets.map((socket) => [socket.id, socket]));
  const processesAfter = (before: SocketEntry[], after: SocketEntry) =>
    withKnownProcesses(known(...before), known(after)).get(entry.id)?.processes;
  assertEquals(processesAfter([entry], bare), held);
  assertEquals(processesAfter([entry], { ...entry, processes: [] }), held);
  const passedOn = [{ pid: 1, command: "init", fd: 3 }];
  assertEquals(processesAfter([entry], { ...entry, processes: passedOn }), passedOn);
  assertEquals([processesAfter([bare], bare), processesAfter([], bare)], [undefined, undefined]);
  assertEquals(withKnownProcesses(known(entry), new Map()).size, 0);
});
