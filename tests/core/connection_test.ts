import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  acceptConnection,
  Connection,
  DATA_OR_END,
  isHangup,
  NOTHING_YET,
  ONLY_HANGUP,
  strayDescriptors,
  watchListener,
} from "../../src/core/connection.ts";
import { SystemError } from "../../src/core/errors.ts";
import type { Fd } from "../../src/core/fd.ts";
import { UnixListener } from "../../src/core/listener.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { claim, ownName } from "../claim.ts";
import { countOpen } from "./open_descriptors.ts";

const SELF = { pid: Deno.pid, uid: Deno.uid()!, gid: Deno.gid()! };
const MESSAGE = new TextEncoder().encode("0123456789");

async function accepted(): Promise<{ client: UnixSocket; connection: Connection }> {
  using listener = UnixListener.listen(ownName());
  const client = await UnixSocket.connect(listener.address);
  return { client, connection: acceptConnection(listener)! };
}

/** Waits for the first events of a connection that `wanted` accepts. */
function eventsOf(connection: Connection, events: number, wanted: (events: number) => boolean): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  // A watch of a connection does not keep the process alive.
  const alive = setTimeout(() => reject(new Error("no event in 30 s")), 30_000);
  connection.watch(events, {
    onReady(events) {
      if (!wanted(events)) return;
      connection.watch(ONLY_HANGUP, this);
      clearTimeout(alive);
      resolve(events);
    },
  });
  return promise;
}

/** Some descriptor to send, which is none of a connection's own. */
function someFd(): Fd {
  const [left, right] = UnixSocket.pair();
  right.close();
  return left.release();
}

/** Sends until there is no room. */
function fill(connection: Connection): void {
  using fd = someFd();
  while (connection.sendDescriptor(new Uint8Array(65536), fd) === 0);
}

claim("a connection that waits is accepted with its peer's credentials", async () => {
  using listener = UnixListener.listen(ownName());
  assertEquals(acceptConnection(listener), undefined);
  using _client = await UnixSocket.connect(listener.address);
  const connection = acceptConnection(listener)!;
  assertEquals({ pid: connection.pid, uid: connection.uid, gid: connection.gid }, SELF);
  assert(Array.isArray(connection.groups));
  connection.close();
  connection.close();
});

claim("a listener is watched until its watch is closed", async () => {
  using listener = UnixListener.listen(ownName());
  const { promise, resolve } = Promise.withResolvers<Connection>();
  using _watch = watchListener(listener, { onReady: () => resolve(acceptConnection(listener)!) });
  using _client = await UnixSocket.connect(listener.address);
  (await promise).close();
});

claim("bytes are received as they come, then nothing, then the end", async () => {
  const { client, connection } = await accepted();
  const buffer = new Uint8Array(4);
  assertEquals(connection.receive(buffer), NOTHING_YET);
  await client.send("abcdef");
  assertEquals([connection.receive(buffer), new TextDecoder().decode(buffer)], [4, "abcd"]);
  assertEquals([connection.receive(buffer), new TextDecoder().decode(buffer)], [2, "efcd"]);
  assertEquals(connection.receive(buffer), NOTHING_YET);
  client.close();
  assertEquals(connection.receive(buffer), 0);
  connection.close();
});

claim("descriptors that come along are closed and counted", async () => {
  const { client, connection } = await accepted();
  const before = countOpen();
  await client.send("x", { fds: [client.fd, client.fd, client.fd] });
  assertEquals(connection.receive(new Uint8Array(10)), 1);
  assertEquals([strayDescriptors(), countOpen()], [3, before]);
  await client.send("y");
  connection.receive(new Uint8Array(10));
  assertEquals(strayDescriptors(), 0);
  client.close();
  connection.close();
});

claim("a reset connection is an error that names the peer", async () => {
  const { client, connection } = await accepted();
  using fd = someFd();
  assertEquals(connection.sendDescriptor(MESSAGE, fd), 0);
  client.close();
  const error = assertThrows(() => connection.receive(new Uint8Array(1)), SystemError);
  assertEquals([error.code, error.pid], ["ECONNRESET", Deno.pid]);
  connection.close();
});

claim("data, a peer that stopped sending, and one that has gone are told apart", async () => {
  const { client, connection } = await accepted();
  const data = eventsOf(connection, DATA_OR_END, (events) => events !== 0);
  await client.send("x");
  assert(!isHangup(await data));
  connection.close();
  client.close();

  const other = await accepted();
  const ended = eventsOf(other.connection, DATA_OR_END, (events) => events !== 0);
  other.client.shutdown("write");
  assert(!isHangup(await ended));
  other.connection.close();
  other.client.close();

  const third = await accepted();
  const gone = eventsOf(third.connection, ONLY_HANGUP, isHangup);
  third.client.close();
  assert(isHangup(await gone));
  third.connection.close();
});

claim("a pair is handed out, to each as much of the message as it expects", async () => {
  const one = await accepted(), other = await accepted();
  const before = countOpen();
  assertEquals(Connection.handOutPair(one.connection, 10, other.connection, 4, MESSAGE), { outcome: "done", errno: 0 });
  assertEquals(countOpen(), before);
  using first = (await one.client.receive())!;
  using second = (await other.client.receive())!;
  assertEquals([first.text, second.text, first.fds.length, second.fds.length], ["0123456789", "0123", 1, 1]);
  using near = UnixSocket.fromFd(first.takeFds()[0]);
  using far = UnixSocket.fromFd(second.takeFds()[0]);
  await near.send("to the other");
  assertEquals((await far.receive())!.text, "to the other");
  for (const { client, connection } of [one, other]) {
    client.close();
    connection.close();
  }
});

claim("nothing is sent to the first if the second has gone", async () => {
  const one = await accepted(), other = await accepted();
  other.client.close();
  const handed = Connection.handOutPair(one.connection, 10, other.connection, 10, MESSAGE);
  assertEquals([handed.outcome, handed.kept], ["second gone", undefined]);
  assertEquals(one.client.tryReceive(), undefined);
  for (const { client, connection } of [one, other]) {
    client.close();
    connection.close();
  }
});

claim("nothing is sent to the second if the first has gone, or has no room", async () => {
  for (const why of ["gone", "no room"]) {
    const one = await accepted(), other = await accepted();
    if (why === "gone") one.client.close();
    else fill(one.connection);
    const handed = Connection.handOutPair(one.connection, 10, other.connection, 10, MESSAGE);
    assertEquals([handed.outcome, handed.errno, handed.kept], ["first failed", why === "gone" ? 32 : 11, undefined]);
    assertEquals(other.client.tryReceive(), undefined);
    for (const { client, connection } of [one, other]) {
      client.close();
      connection.close();
    }
  }
});

claim("an end that the second had no room for is kept, and can be sent later", async () => {
  const one = await accepted(), other = await accepted();
  fill(other.connection);
  const handed = Connection.handOutPair(one.connection, 10, other.connection, 10, MESSAGE);
  assertEquals([handed.outcome, handed.errno], ["second failed", 11]);
  using kept = handed.kept!;
  for (let full = true; full;) {
    using message = other.client.tryReceive();
    full = message !== undefined;
  }
  assertEquals(other.connection.sendDescriptor(MESSAGE, kept), 0);
  using first = (await one.client.receive())!;
  using second = (await other.client.receive())!;
  using near = UnixSocket.fromFd(first.takeFds()[0]);
  using far = UnixSocket.fromFd(second.takeFds()[0]);
  await near.send("late");
  assertEquals((await far.receive())!.text, "late");
  for (const { client, connection } of [one, other]) {
    client.close();
    connection.close();
  }
});
