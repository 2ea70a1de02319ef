/**
 * Waits for a full receiver of datagrams while no descriptor is left; prints what came last.
 *
 * @module
 */

import { UnixAddress } from "../../../src/core/address.ts";
import type { SystemError } from "../../../src/core/errors.ts";
import { startReactor } from "../../../src/core/reactor.ts";
import { UnixSocket } from "../../../src/core/socket.ts";
import { openRuntimesOwn } from "../open_descriptors.ts";

const receiver = UnixSocket.bound(Deno.args[0]);
const sender = UnixSocket.bound(UnixAddress.unnamed);
const to = receiver.address;
let queued = 0;
while (sender.trySend(new Uint8Array(1), { to }) !== undefined) queued++;
startReactor();
openRuntimesOwn();
const copies = [];
let code: string | undefined;
try {
  for (;;) copies.push(sender.fd.duplicate());
} catch (error) {
  code = (error as SystemError).code;
}
const waiting = sender.send("late", { to });
await new Promise((resolve) => setImmediate(resolve));
while (queued-- > 0) await receiver.receive();
await waiting;
const last = (await receiver.receive())!.text;
for (const copy of copies) copy.close();
console.log(JSON.stringify({ code, last }));
