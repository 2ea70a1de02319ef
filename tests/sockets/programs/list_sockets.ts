/**
 * Lists sockets as its argument says, in JSON, and prints what is found or what fails.
 *
 * @module
 */

import { listSockets } from "../../../src/sockets/list_sockets.ts";

try {
  const found = listSockets(JSON.parse(Deno.args[0]));
  console.log(JSON.stringify(found.map((entry) => ({ ...entry, address: `${entry.address}` }))));
} catch (error) {
  const { code, address, message } = error as { code: string; address: string; message: string };
  console.log(JSON.stringify({ code, address, message }));
}
