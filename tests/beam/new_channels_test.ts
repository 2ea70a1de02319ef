import { Beam, type Message, SystemError, UnixSocket } from "ipcx";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { claim } from "../claim.ts";
import { countOpen, isCloseOnExec, isNonblocking } from "../core/open_descriptors.ts";
import { ForeignPeer, hex } from "./foreign_peer.ts";
import { WIRES } from "./wires.ts";

/** The end that came with a message. */
function endOf(message: Message): UnixSocket {
  using rest = message;
  return UnixSocket.fromFd(rest.takeFd()!);
}

claim("sendPipe() opens a channel that speaks as its beam does", async () => {
  for (const options of WIRES) {
    const [client, server] = Beam.pair({ ...options, maxBytes: 1000, memoryThreshold: 7, readAhead: false });
    using _client = client;
    using _server = server;
    using near = await client.sendPipe("a question");
    assertEquals([near.type, near.settings], [client.type, client.settings]);
    using message = (await server.receive())!;
    assertEquals(message.text, "a question");
    using far = Beam.fromFd(message.takeFd()!, options);
    assertEquals(far.type, near.type);
    await far.send("the answer", far.fd);
    using answer = (await near.receive())!;
    assertEquals([answer.text, answer.fds.length], ["the answer", 1]);
    client.close();
    server.close();
    await near.send("outlives them");
    assertEquals((await far.receive())!.text, "outlives them");
  }
});

claim("a channel within a channel within a channel", async () => {
  for (const options of WIRES) {
    const [left, right] = Beam.pair(options);
    const opened = [left, right];
    for (let depth = 0; depth < 10; depth++) {
      opened.push(await opened[opened.length - 2].sendPipe(`depth ${depth}`));
      using message = (await opened[opened.length - 2].receive())!;
      assertEquals(message.text, `depth ${depth}`);
      opened.push(Beam.fromFd(message.takeFd()!, options));
    }
    for (const beam of opened) beam.close();
  }
});

claim("the far end waits as any socket does, the near one never; both are close-on-exec", async () => {
  for (const options of WIRES) {
    const [client, server] = Beam.pair(options);
    using _client = client;
    using _server = server;
    using near = await client.sendPipe("x");
    using connection = await client.sendConnection("y");
    for (const end of [near.fd, connection.fd]) assert(isNonblocking(end.number) && isCloseOnExec(end.number));
    for (let left = 2; left > 0; left--) {
      using message = (await server.receive())!;
      const { number } = message.fds[0];
      assert(!isNonblocking(number) && isCloseOnExec(number));
    }
  }
});

claim("sendConnection() opens a stream of bytes, whatever its beam is made of", async () => {
  for (const options of WIRES) {
    const [client, server] = Beam.pair(options);
    using _client = client;
    using _server = server;
    using near = await client.sendConnection("bytes");
    using far = endOf((await server.receive())!);
    assertEquals([near.type, far.type], ["stream", "stream"]);
    await near.send("to and");
    assertEquals((await far.receive())!.text, "to and");
    await far.send("fro");
    assertEquals((await near.receive())!.text, "fro");
    near.close();
    assertEquals(await far.receive(), null);
  }
});

claim("a peer that knows nothing of ipcx speaks over what it was sent", async () => {
  const [peer, beam] = await ForeignPeer.beam();
  await using _peer = peer;
  using _beam = beam;
  using near = await beam.sendPipe("a channel");
  await peer.tell("answer_on_received", "over the new one");
  assertEquals((await near.receive())!.text, "over the new one");
  assertEquals(await near.receive(), null);
  await peer.tell("sendmsg", hex("over the old one"));
  assertEquals((await beam.receive())!.text, "over the old one");
});

claim("if the message cannot be sent no end of a channel is left", async () => {
  const plain = Beam.pair();
  const before = countOpen();
  await assertRejects(() => plain[0].sendPipe(""), RangeError);
  await assertRejects(() => plain[0].sendConnection("x".repeat(5000)), Error, "5000");
  assertEquals(countOpen(), before);
  plain[1].close();
  for (const send of [() => plain[0].sendPipe("x"), () => plain[0].sendConnection("x")]) {
    assertEquals((await assertRejects<SystemError>(send, SystemError)).code, "EPIPE");
  }
  assertEquals(countOpen(), before - 1);
  plain[0].close();
  await assertRejects(() => plain[0].sendPipe("x"), Error, "the beam was closed");
});
