/** Tries to send credentials that are not its own. */
import type { SystemError } from "../../../src/core/errors.ts";
import { UnixSocket } from "../../../src/core/socket.ts";

const own = { pid: Deno.pid, uid: Deno.uid()!, gid: Deno.gid()! };
const [left, right] = UnixSocket.pair("seqpacket");
right.setOption("passCredentials", true);
const told: Record<string, string> = {};
for (
  const [name, credentials] of Object.entries({
    pid: { ...own, pid: 1 },
    uid: { ...own, uid: 0 },
    gid: { ...own, gid: 0 },
    own,
  })
) {
  try {
    await left.send(name, { credentials });
    told[name] = "sent";
  } catch (error) {
    told[name] = (error as SystemError).code;
  }
}
let queued = 0;
while (right.tryReceive()) queued++;
console.log(JSON.stringify({ ...told, queued: String(queued) }));
left.close();
right.close();
