import { connect, type Socket } from "node:net";
import { assert, assertEquals } from "@std/assert";
import { claim, OwnDirectory } from "../claim.ts";
import { runProgram, until } from "../cli/program.ts";
import { serving } from "./gateway.ts";

const ROUTES = { "GET /hi": { answer: "stdout", stats: true, inject: { cmd: ["echo", "hi"] } } };

/** What is refused before it is a request. */
const NO_REQUESTS = ["nonsense\r\n\r\n", "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n"];

/** Sends a text, and resets the connection when something has come back. */
async function sendAndReset(url: string, text: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const socket: Socket = connect(Number(new URL(url).port), "127.0.0.1", () => socket.write(text));
  socket.once("data", () => socket.resetAndDestroy());
  socket.once("close", () => resolve());
  await promise;
}

claim("who speaks nonsense and resets the connection when it is told so disturbs nobody", async () => {
  await using gateway = await serving(ROUTES);
  for (const text of NO_REQUESTS) await sendAndReset(gateway.proxy.url, text);
  await until(() => gateway.proxy.status.connections === 0, "a connection is still there");
  assertEquals((await gateway.ask("/hi")).text, "hi\n");
});

claim("who speaks nonsense cannot keep its connection", async () => {
  await using gateway = await serving(ROUTES);
  for (const text of NO_REQUESTS) {
    using connection = await gateway.connect();
    await connection.send(text);
    await connection.rest();
    await until(() => gateway.proxy.status.connections === 0, `the connection is kept after ${text}`);
  }
});

const BYTES = 16_000_000;
const LARGE = {
  "GET /whole": {
    stats: true,
    answer: "stdout",
    inject: { cmd: ["head", "-c", `${BYTES}`, "/dev/zero"], timeout: 60_000 },
  },
  "GET /piecewise": { answer: "stdout", inject: { cmd: ["head", "-c", `${BYTES}`, "/dev/zero"], timeout: 60_000 } },
};

claim("who does not read its answer is disconnected, and who reads it slowly is not", async () => {
  await using gateway = await serving(LARGE, { limits: { request_timeout: "2s" } });
  for (const path of ["/whole", "/piecewise"]) {
    using idle = await gateway.connect();
    await idle.send(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
    using slow = await gateway.connect();
    await slow.send(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    let read = 0;
    const part = new Uint8Array(1_000_000);
    for (let size: number | null = 0; size !== null; size = await slow.conn.read(part)) {
      read += size;
      await new Promise((resolve) => setTimeout(resolve, read < 4_000_000 ? 100 : 0));
    }
    assert(read > BYTES, `${read} bytes were read`);
    await until(() => gateway.proxy.status.connections === 0, "who does not read stays connected");
  }
});

claim("who connects and says nothing is disconnected, where TLS is spoken as well", async () => {
  using folder = new OwnDirectory();
  const [key, cert] = [folder.file("own.key"), folder.file("own.pem")];
  await runProgram(
    ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=own", "-keyout", key, "-out", cert],
  );
  for (const tls of [{}, { tls: { key, cert } }]) {
    await using gateway = await serving(ROUTES, { limits: { request_timeout: "1s" }, ...tls });
    using connection = await gateway.connect();
    await until(() => gateway.proxy.status.connections === 1, "it is not connected");
    await connection.rest();
    await until(() => gateway.proxy.status.connections === 0, "it stays connected");
  }
});
