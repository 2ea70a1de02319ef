/**
 * A version of an HTTP server, told by its first argument how to go about it; what happens it tells on standard error.
 *
 * @module
 */
import { Handover, type HandoverError, listenTcp, retireServer, serveListener } from "ipcx";
import { createServer } from "node:http";

/** How a version behaves. */
export interface Behaviour {
  /** Where the versions meet. */
  address: string;
  /** What it answers. */
  version: string;
  /** What it does instead of getting ready. */
  fails?: "exits" | "hangs" | "throws" | "is killed" | "closes" | "is late";
  /** How long it waits for the next one. */
  readyTimeout?: number;
}

const { address, version, fails, readyTimeout }: Behaviour = JSON.parse(Deno.args[0]);
const tell = (text: string): void => console.error(`${version}: ${text}`);

const handover = await Handover.begin(address, {
  readyTimeout,
  onFailure: ({ reason }) => tell(`serves on: ${reason}`),
});
const listener = await handover.listen("http", () => listenTcp("127.0.0.1", 0));
if (fails === "exits") Deno.exit(3);
if (fails === "throws") throw new Error("not today");
if (fails === "is killed") Deno.kill(Deno.pid, "SIGKILL");
if (fails === "hangs") {
  tell("hangs");
  await new Promise((resolve) => setTimeout(resolve, 1_000_000));
}
if (fails === "closes") {
  handover.close();
  listener.close();
  tell("has closed");
  Deno.exit(0);
}

// A client that is held up may take long until it uses its connection again.
const server = createServer({ keepAliveTimeout: 600_000 }, async (_request, response) => {
  // Some answers are under way whenever one version follows another.
  if (Math.random() < 0.3) await new Promise((resolve) => setTimeout(resolve, 5 * Math.random()));
  response.end(version);
});
await serveListener(server, listener);
if (fails === "is late") {
  tell("is late");
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(() => {}, 1_000_000);
  Deno.addSignalListener("SIGUSR1", resolve);
  await promise;
  clearTimeout(timer);
}
try {
  await handover.ready();
} catch (error) {
  tell(`is not ready: ${(error as HandoverError).reason}`);
  await retireServer(server);
  Deno.exit(4);
}
Deno.addSignalListener("SIGTERM", () => handover.close());
tell("serves");
if (await handover.replaced) tell("is replaced");
await retireServer(server);
tell("ends");
