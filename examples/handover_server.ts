/**
 * An HTTP server that is replaced by its next version while clients come and go:
 * nobody is refused. Start it, and start it again under another name:
 *
 *     deno run -A examples/handover_server.ts @my-server 127.0.0.1:8080 one &
 *     deno run -A examples/handover_server.ts @my-server 127.0.0.1:8080 two &
 *
 * @module
 */

import { Handover, internetNameOf, listenTcp, retireServer, serveListener } from "ipcx";
import { createServer } from "node:http";

const [address = "@handover-server", at = "127.0.0.1:8080", version = "one"] = Deno.args;
const [, host, port] = /^(.+):(\d+)$/.exec(at) ?? [];
if (host === undefined) throw new TypeError(`where to listen is HOST:PORT, not '${at}'`);

/** What each version lets the next one know. */
interface State {
  upgrades: number;
}

const handover = await Handover.begin(address, {
  state: (): State => ({ upgrades: upgrades + 1 }),
  onFailure: (error) => console.log(`version ${version} serves on: ${error.message}`),
});
const { upgrades } = handover.state as State | undefined ?? { upgrades: 0 };

const listener = await handover.listen("http", () => listenTcp(host, Number(port)));
const name = internetNameOf(listener);
const server = createServer((_request, response) => void response.end(`version ${version}, upgrade ${upgrades}\n`));
await serveListener(server, listener);

// Told to end, it ends without a successor.
for (const signal of ["SIGTERM", "SIGINT"] as const) Deno.addSignalListener(signal, () => handover.close());
try {
  await handover.ready();
} catch (error) {
  // The old version serves on; whom this one has accepted already is to be answered.
  await retireServer(server);
  throw error;
}
console.log(`version ${version} serves at ${name.address}:${name.port}`);

const successor = await handover.replaced;
if (successor) console.log(`version ${version} is replaced by process ${successor.pid}`);
await retireServer(server);
console.log(`version ${version} ends`);
