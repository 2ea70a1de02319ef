/** Listens, and tells of whoever connects what can be told, then of its end. */
import type { SystemError } from "../../../src/core/errors.ts";
import { UnixListener } from "../../../src/core/listener.ts";
import { PeerProcess } from "../../../src/core/peer_process.ts";

function attempt(look: () => unknown): unknown {
  try {
    return look();
  } catch (error) {
    const { code, message } = error as SystemError;
    return code === undefined ? String(error) : `${code}: ${message}`;
  }
}

using listener = UnixListener.listen(Deno.args[0]);
console.log("listens");
using socket = await listener.accept();
using peer = PeerProcess.of(socket);
const { pid, uid, gid, isAlive, isVouchedFor } = peer;
console.log(JSON.stringify({
  pid,
  uid,
  gid,
  isAlive,
  isVouchedFor,
  executable: attempt(() => peer.executable),
  commandLine: attempt(() => peer.commandLine),
  effective: attempt(() => peer.ids.uids.effective),
  signal: attempt(() => peer.signal(0)),
}));
await peer.ended();
console.log(JSON.stringify({ isAlive: peer.isAlive, executable: attempt(() => peer.executable) }));
