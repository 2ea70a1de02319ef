import { assert, assertEquals, assertThrows } from "@std/assert";
import { createServer as createHttpServer, request } from "node:http";
import { connect, createServer, type Socket } from "node:net";
import { adoptSocket, adoptStreams, serveConnection, serveListener } from "../../src/core/adoption.ts";
import { ClosedError } from "../../src/core/errors.ts";
import { UnixListener } from "../../src/core/listener.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { claim, OwnDirectory, ownName } from "../claim.ts";
import { result } from "./programs/run.ts";

async function textOf(stream: AsyncIterable<Uint8Array>): Promise<string> {
  let text = "";
  for await (const chunk of stream) text += new TextDecoder().decode(chunk);
  return text;
}

function closed(socket: { once(event: "close", listener: () => void): unknown }): Promise<void> {
  return new Promise((resolve) => socket.once("close", resolve));
}

/** Asks an HTTP server over a Unix socket. */
function ask(options: { socketPath?: string; createConnection?: () => Socket }): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const asking = request(
    { path: "/hello", method: "POST", headers: { connection: "close" }, ...options },
    (response) => {
      textOf(response).then((text) => resolve(`${response.statusCode} ${text}`), reject);
    },
  );
  asking.on("error", reject);
  asking.end("body");
  return promise;
}

function echoServer() {
  return createHttpServer(async (request, response) => {
    response.end(`${request.method} ${request.url} ${await textOf(request)}`);
  });
}

claim("an adopted socket is read and written by node:net, and closed by it", async () => {
  const [left, right] = UnixSocket.pair();
  const socket = adoptSocket(left);
  assert(!left.fd.isOpen);
  assertThrows(() => left.tryReceive(), ClosedError);
  left.close();
  socket.write("from node");
  assertEquals((await right.receive())!.text, "from node");
  await right.send("to node");
  right.shutdown("write");
  let text = "";
  socket.on("data", (chunk: Uint8Array) => text += new TextDecoder().decode(chunk));
  await new Promise((resolve) => socket.once("end", resolve));
  assertEquals(text, "to node");
  const gone = closed(socket);
  socket.end("after your end");
  assertEquals((await right.receive())!.text, "after your end");
  assertEquals(await right.receive(), null);
  await gone;
  right.close();
});

claim("only streams can be adopted, and others stay as they are", () => {
  for (const type of ["seqpacket", "dgram"] as const) {
    const [left, right] = UnixSocket.pair(type);
    const message = `a ${type} socket cannot be adopted: only streams can`;
    assertThrows(() => adoptSocket(left), TypeError, message);
    assertThrows(() => adoptStreams(left), TypeError, message);
    assertThrows(() => serveConnection(createHttpServer(), left), TypeError, message);
    assert(left.fd.isOpen);
    left.close();
    right.close();
  }
});

claim("Web Streams carry both directions, each with its own end", async () => {
  const [left, right] = UnixSocket.pair();
  const one = adoptStreams(left), other = adoptStreams(right);
  const bytes = new Uint8Array(1024 * 1024).map((_, at) => at);
  const answering = (async () => {
    const received = await new Response(other.readable).bytes();
    const writer = other.writable.getWriter();
    await writer.write(new TextEncoder().encode(`${received.length} bytes`));
    await writer.close();
    return received;
  })();
  const writer = one.writable.getWriter();
  await writer.write(bytes);
  await writer.close();
  assertEquals(await new Response(one.readable).text(), `${bytes.length} bytes`);
  assertEquals((await answering).every((byte, at) => byte === bytes[at]), true);
});

claim("a stream that is given up closes the connection", async () => {
  const [left, right] = UnixSocket.pair();
  const { readable, writable } = adoptStreams(left);
  await readable.cancel();
  await writable.abort().catch(() => {});
  assertEquals(await right.receive(), null);
  right.close();
});

claim("a descriptor that blocks is adopted without blocking the event loop", async () => {
  const told = await result<object>("adopt_blocking.ts", [], {
    through: ["python3", `${import.meta.dirname}/programs/hand_over.py`, "5"],
  });
  assertEquals(told, { first: "from the launcher", timersRan: true });
});

claim("HTTP is answered on a connection that came with a message", async () => {
  const [near, far] = UnixSocket.pair("seqpacket");
  const [client, connection] = UnixSocket.pair();
  await near.send("serve this", { fds: [connection.fd] });
  connection.close();

  const server = echoServer();
  using message = (await far.receive())!;
  serveConnection(server, UnixSocket.fromFd(message.takeFds()[0]));
  assertEquals(await ask({ createConnection: () => adoptSocket(client) }), "200 POST /hello body");
  near.close();
  far.close();
});

claim("HTTP is answered on an adopted listener, at a path and at an abstract name", async () => {
  using directory = new OwnDirectory();
  for (const address of [directory.file("http"), ownName()]) {
    const server = echoServer();
    const listener = UnixListener.listen(address);
    await serveListener(server, listener);
    assert(!listener.fd.isOpen);
    const socketPath = address.startsWith("@") ? `\0${address.slice(1)}` : address;
    for (let at = 0; at < 3; at++) assertEquals(await ask({ socketPath }), "200 POST /hello body");
    const gone = closed(server);
    server.closeAllConnections();
    server.close();
    await gone;
    if (!address.startsWith("@")) assert(Deno.lstatSync(address).isSocket);
  }
});

claim("a node:net server takes over a listener with those who wait already", async () => {
  const listener = UnixListener.listen(ownName());
  const name = `\0${`${listener.listensAt}`.slice(1)}`;
  using early = await UnixSocket.connect(listener.listensAt);
  await early.send("early");
  early.shutdown("write");
  const server = createServer({ allowHalfOpen: true }, (socket) => void socket.pipe(socket));
  await serveListener(server, listener);
  assertEquals((await early.receive())!.text, "early");
  const late = connect(name);
  late.end("late");
  assertEquals(await textOf(late), "late");
  const gone = closed(server);
  server.close();
  await gone;
});
