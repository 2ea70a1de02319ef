import { connect, type Socket } from "node:net";
import { assertEquals } from "@std/assert";
import { claim } from "../claim.ts";
import { until } from "../cli/program.ts";
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
