import { assertEquals } from "@std/assert";
import { createServer, type RequestListener, type Server } from "node:http";
import { type Fd, internetNameOf, listenTcp, retireServer, serveListener } from "ipcx";
import { claim } from "../claim.ts";
import { until } from "../cli/program.ts";
import { Clients } from "./clients.ts";

async function serve(listener: Fd, answer: RequestListener, keepAliveTimeout?: number): Promise<Server> {
  const server = createServer({ keepAliveTimeout }, answer);
  await serveListener(server, listener);
  return server;
}

async function open(port: number): Promise<Deno.TcpConn> {
  return await Deno.connect({ hostname: "127.0.0.1", port });
}

async function ask(connection: Deno.TcpConn): Promise<string> {
  await connection.write(new TextEncoder().encode("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  return await read(connection);
}

/** What comes in one piece; "" at the end. */
async function read(connection: Deno.TcpConn): Promise<string> {
  const buffer = new Uint8Array(4096);
  return new TextDecoder().decode(buffer.subarray(0, await connection.read(buffer) ?? 0));
}

const told = (answer: string): string | undefined => /^connection: (.*)$/im.exec(answer)?.[1].trim();

claim("servers follow each other again and again, and no client sees anything of it", async () => {
  using listener = await listenTcp("127.0.0.1", 0);
  const answer: RequestListener = async (_request, response) => {
    if (Math.random() < 0.3) await new Promise((resolve) => setTimeout(resolve, 3 * Math.random()));
    response.end("answer");
  };
  let server = await serve(listener.duplicate(), answer, 600_000);
  await using clients = new Clients(internetNameOf(listener).port);
  const ending: Promise<boolean>[] = [];
  for (let round = 1; round <= 20; round++) {
    const before = clients.count("answer");
    await until(() => clients.count("answer") >= before + 30, "nobody answers");
    const next = await serve(listener.duplicate(), answer, 600_000);
    ending.push(retireServer(server));
    server = next;
  }
  await clients[Symbol.asyncDispose]();
  ending.push(retireServer(server));
  assertEquals(new Set(await Promise.all(ending)), new Set([true]));
  assertEquals([...clients.counts.keys()], ["answer"]);
});

claim("an open connection gets one more answer, which says that it is the last", async () => {
  const listener = await listenTcp("127.0.0.1", 0);
  const { port } = internetNameOf(listener);
  const server = await serve(listener, (_request, response) => void response.end("x"));
  using connection = await open(port);
  assertEquals(told(await ask(connection)), "keep-alive");
  const ended = retireServer(server);
  await until(async () => await open(port).then((more) => more.close(), () => true) === true, "it listens on");
  assertEquals(told(await ask(connection)), "close");
  assertEquals(await read(connection), "");
  assertEquals(await ended, true);
});

claim("an idle connection ends after the server's keepAliveTimeout", async () => {
  const listener = await listenTcp("127.0.0.1", 0);
  const { port } = internetNameOf(listener);
  const server = await serve(listener, (_request, response) => void response.end("x"), 50);
  using connection = await open(port);
  await ask(connection);
  assertEquals(await retireServer(server), true);
  assertEquals(await read(connection), "");
});

claim("who takes too long is cut off, at the time-out or at the signal", async () => {
  const controller = new AbortController();
  const aborted = AbortSignal.abort();
  for (const options of [{ timeout: 20 }, { signal: controller.signal }, { signal: aborted }]) {
    const listener = await listenTcp("127.0.0.1", 0);
    const { port } = internetNameOf(listener);
    const asked = Promise.withResolvers<void>();
    const server = await serve(listener, () => asked.resolve());
    using connection = await open(port);
    const answer = ask(connection).catch(() => "reset");
    await asked.promise;
    const ended = retireServer(server, options);
    if (options.signal === controller.signal) controller.abort();
    assertEquals(await ended, false);
    assertEquals(["", "reset"].includes(await answer), true);
  }
});

claim("a server that does not listen has nobody to wait for", async () => {
  assertEquals(await retireServer(createServer()), true);
});
