/**
 * Meets whoever names the same key at the default broker, and serves "upper":
 * `meet.ts KEY`. Ends when nobody can ask any more.
 *
 * @module
 */

import { Beam, BeamEndpoint } from "ipcx";

const endpoint = new BeamEndpoint(await Beam.viaBroker(Deno.args[0], { mode: "server" }));
endpoint.accept("upper", async (connection) => {
  for await (const { text } of connection) await connection.send(text.toUpperCase());
});
await endpoint.closed;
console.log("closed");
