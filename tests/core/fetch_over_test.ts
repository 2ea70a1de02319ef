import { assertEquals, assertRejects } from "@std/assert";
import { createServer, type RequestListener } from "node:http";
import process from "node:process";
import { serveConnection } from "../../src/core/adoption.ts";
import { fetchOver } from "../../src/core/fetch_over.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { claim } from "../claim.ts";
import { within } from "../cli/program.ts";

/** A connection whose other end answers like this. */
function connectionTo(answer: RequestListener): UnixSocket {
  const [ours, theirs] = UnixSocket.pair();
  serveConnection(createServer(answer), theirs);
  return ours;
}

claim("the server gets a path, not a whole address, and the headers that were given", async () => {
  const seen: unknown[] = [];
  const connection = connectionTo(({ method, url, headers }, answer) => {
    seen.push(method, url, headers.host, headers["x-one"], headers.connection);
    answer.end("done");
  });
  const answer = await fetchOver(connection, "/a b/../c?d=e#f", { headers: { "x-one": "1" } });
  assertEquals(await answer.text(), "done");
  assertEquals(seen, ["GET", "/c?d=e", "localhost", "1", "close"]);
});

claim("a host of one's own can be named", async () => {
  const connection = connectionTo(({ headers }, answer) => answer.end(headers.host));
  assertEquals(await (await fetchOver(connection, "/", { headers: { host: "other" } })).text(), "other");
});

claim("a body of known length is sent with it, a stream in chunks, none without either", async () => {
  const bodies: [BodyInit | undefined, string][] = [
    ["text", "4 undefined"],
    [new Uint8Array(3), "3 undefined"],
    [new Blob(["stream"]).stream(), "undefined chunked"],
    [undefined, "undefined undefined"],
  ];
  for (const [body, expected] of bodies) {
    const connection = connectionTo(({ headers }, answer) =>
      answer.end(`${headers["content-length"]} ${headers["transfer-encoding"]}`)
    );
    const answer = await fetchOver(connection, "/", { method: body === undefined ? "GET" : "POST", body });
    assertEquals(await answer.text(), expected);
  }
});

claim("answers without a body, and answers to HEAD, close the connection at once", async () => {
  for (const status of [204, 304]) {
    const answer = await fetchOver(connectionTo((_, to) => void to.writeHead(status).end()), "/");
    assertEquals([answer.status, answer.body], [status, null]);
  }
  const connection = connectionTo((_, to) => void to.writeHead(200, { "content-length": 7 }).end());
  const head = await fetchOver(connection, "/", { method: "HEAD" });
  assertEquals([head.headers.get("content-length"), await head.text()], ["7", ""]);
});

claim("a large answer arrives whole, however slowly it is read", async () => {
  const large = "x".repeat(3_000_000);
  const answer = await fetchOver(connectionTo((_, to) => void to.end(large)), "/");
  let length = 0;
  for await (const chunk of answer.body!) {
    length += chunk.length;
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  assertEquals(length, large.length);
});

claim("what is no request closes the connection it was to be sent on", async () => {
  for (const [path, init] of [["there", {}], ["/", { method: "a b" }], ["/", { body: "for GET" }]] as const) {
    const [ours, theirs] = UnixSocket.pair();
    await assertRejects(() => fetchOver(ours, path, init), TypeError);
    assertEquals(await theirs.receive(), null);
    theirs.close();
  }
  const [ours, theirs] = UnixSocket.pair("seqpacket");
  await assertRejects(() => fetchOver(ours, "/"), TypeError, "only streams can");
  assertEquals(await theirs.receive(), null);
  theirs.close();
});

claim("a signal that was aborted before is heeded before anything is sent", async () => {
  const [ours, theirs] = UnixSocket.pair();
  await assertRejects(() => fetchOver(ours, "/", { signal: AbortSignal.abort(new Error("no")) }), Error, "no");
  assertEquals(await theirs.receive(), null);
  theirs.close();
});

claim("a peer that hangs up, or speaks something else, is an error", async () => {
  for (const said of ["", "SSH-2.0-else\r\n\r\n"]) {
    const [ours, theirs] = UnixSocket.pair();
    const asking = fetchOver(ours, "/");
    await theirs.receive();
    await theirs.send(said || "\r\n");
    theirs.close();
    await assertRejects(() => asking, Error);
  }
});

claim("an answer that cannot be a Response, or is none, is an error of this request only", async () => {
  for (
    const head of ["600 Odd", "999 Odd", "099 Odd", "200 a\x01b", "101 Switching\r\nconnection: upgrade\r\nupgrade: x"]
  ) {
    const [ours, theirs] = UnixSocket.pair();
    const asking = fetchOver(ours, "/");
    await theirs.receive();
    await theirs.send(`HTTP/1.1 ${head}\r\ncontent-length: 2\r\n\r\nhi`);
    await assertRejects(() => within(asking, `it waits for ever: ${head}`), Error, "");
    // The connection is closed, so the server hears of it.
    assertEquals(await within(theirs.receive().catch(() => null), `it keeps the connection: ${head}`), null);
    theirs.close();
  }
});

claim("a stream that has nothing to send yet does not keep the request back, and is cancelled with it", async () => {
  for (const end of ["answer", "abort"]) {
    const { promise: cancelled, resolve } = Promise.withResolvers<void>();
    const body = new ReadableStream<Uint8Array>({ pull: () => new Promise(() => {}), cancel: () => resolve() });
    const aborter = new AbortController();
    const connection = connectionTo((_request, answer) => {
      if (end === "answer") answer.writeHead(413).end("no");
      else aborter.abort(new Error("enough"));
    });
    const asking = fetchOver(connection, "/", { method: "POST", body, signal: aborter.signal });
    if (end === "answer") assertEquals(await (await within(asking, "the server hears of nothing")).text(), "no");
    else await assertRejects(() => within(asking, "the server hears of nothing"), Error, "enough");
    await within(cancelled, "the stream is not told");
  }
});

claim("a large stream is sent as fast as it is taken, without a listener for each chunk", async () => {
  const warnings: string[] = [];
  const listen = (warning: Error): void => void warnings.push(warning.message);
  process.on("warning", listen);
  try {
    let left = 200;
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => left-- > 0 ? controller.enqueue(new Uint8Array(65_536)) : controller.close(),
    });
    const connection = connectionTo(async (request, answer) => {
      let length = 0;
      for await (const chunk of request) length += chunk.length;
      answer.end(`${length}`);
    });
    const answer = await fetchOver(connection, "/", { method: "POST", body });
    assertEquals(await answer.text(), `${200 * 65_536}`);
    assertEquals(warnings, []);
  } finally {
    process.removeListener("warning", listen);
  }
});
