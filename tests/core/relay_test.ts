import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { ClosedError } from "../../src/core/errors.ts";
import { relay } from "../../src/core/relay.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { claim } from "../claim.ts";
import { assertContents, contents, receiveContents } from "./contents.ts";
import { tcpPair } from "./tcp_pair.ts";

const MIB = 2 ** 20;
const REASON = new Error("enough");

/** Gives a test a client and a server, and both sides of what is relayed between them. */
async function withRelay(
  test: (client: UnixSocket, server: UnixSocket, left: UnixSocket, right: UnixSocket) => Promise<void>,
): Promise<void> {
  const [client, left] = UnixSocket.pair();
  const [right, server] = UnixSocket.pair();
  try {
    await test(client, server, left, right);
  } finally {
    for (const socket of [client, left, right, server]) socket.close();
  }
}

claim("64 MiB go in both directions at the same time, byte for byte", async () => {
  await withRelay(async (client, server, left, right) => {
    const block = contents(0, MIB);
    const both = relay(left, right);
    const send = async (socket: UnixSocket): Promise<void> => {
      for (let at = 0; at < 64; at++) await socket.send(block);
      socket.shutdown("write");
    };
    const receive = async (socket: UnixSocket): Promise<void> => {
      for (let at = 0; at < 64; at++) await receiveContents(socket, 0, MIB);
      assertEquals(await socket.receive(), null);
    };
    await Promise.all([send(client), send(server), receive(client), receive(server)]);
    assertEquals(await both, { toRight: 64 * MIB, toLeft: 64 * MIB });
  });
});

claim("an answer may follow the end of the question", async () => {
  await withRelay(async (client, server, left, right) => {
    const both = relay(left, right);
    await client.send("question");
    client.shutdown("write");
    assertEquals((await server.receive())!.text, "question");
    assertEquals(await server.receive(), null);
    await server.send("answer");
    server.close();
    assertEquals((await client.receive())!.text, "answer");
    assertEquals(await client.receive(), null);
    assertEquals(await both, { toRight: 8, toLeft: 6 });
  });
});

claim("all of an answer arrives, although the server has gone and the client says nothing", async () => {
  await withRelay(async (client, server, left, right) => {
    const both = relay(left, right);
    const sending = server.send(contents(0, MIB)).then(() => server.close());
    await receiveContents(client, 0, 1000);
    await receiveContents(client, 1000, MIB - 1000);
    assertEquals(await client.receive(), null);
    await sending;
    assertEquals(await both, { toRight: 0, toLeft: MIB });
  });
});

claim("a client that goes on sending to a server that takes no more is told so", async () => {
  await withRelay(async (client, server, left, right) => {
    const both = relay(left, right);
    server.shutdown("read");
    await client.send("never read");
    const error = await assertRejects(async () => {
      for (;;) await client.send(contents(0, MIB));
    });
    assertEquals((error as { code?: string }).code, "EPIPE");
    await server.send("still there");
    assertEquals((await client.receive())!.text, "still there");
    server.close();
    assertEquals(await both, { toRight: 0, toLeft: 11 });
  });
});

claim("a connection that breaks down is an end like another", async () => {
  await withRelay(async (client, server, left, right) => {
    await server.send("x");
    const both = relay(left, right);
    await client.send("12345");
    assertEquals((await server.receive())!.text, "12345");
    // With something unread the connection is reset, not ended.
    await client.ready("readable");
    client.close();
    assertEquals(await server.receive(), null);
    server.close();
    assertEquals(await both, { toRight: 5, toLeft: 1 });
  });
});

claim("TCP and Unix sockets are relayed to each other", async () => {
  using pair = await tcpPair();
  const [right, server] = UnixSocket.pair();
  const both = relay(pair.own, right);
  const sending = (async () => {
    for (let at = 0; at < MIB;) at += await pair.peer.write(contents(at, MIB - at));
    pair.peer.closeWrite();
  })();
  await receiveContents(server, 0, MIB);
  assertEquals(await server.receive(), null);
  await sending;
  const answering = server.send(contents(7, MIB)).then(() => server.close());
  assertContents(await pair.read(2 * MIB), 7);
  await answering;
  assertEquals(await both, { toRight: MIB, toLeft: MIB });
  right.close();
});

claim("a signal ends both directions, and so does closing a side", async () => {
  await withRelay(async (client, _server, left, right) => {
    const aborted = AbortSignal.abort(REASON);
    assertStrictEquals(await assertRejects(() => relay(left, right, { signal: aborted })), REASON);
    const controller = new AbortController();
    const both = relay(left, right, { signal: controller.signal });
    await client.send("x");
    controller.abort(REASON);
    assertStrictEquals(await assertRejects(() => both), REASON);
    const closed = relay(left, right);
    right.close();
    await assertRejects(() => closed, ClosedError, "closed");
  });
});

claim("what cannot be relayed ends both directions", async () => {
  const [left, right] = UnixSocket.pair();
  const [packets, others] = UnixSocket.pair("seqpacket");
  await assertRejects(() => relay(left, packets), TypeError, "packets and datagrams are not spliced");
  for (const socket of [left, right, packets, others]) socket.close();
});
