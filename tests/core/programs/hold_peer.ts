/** Holds a peer that does not end, and has nothing else to do. */
import { PeerProcess } from "../../../src/core/peer_process.ts";
import { UnixSocket } from "../../../src/core/socket.ts";

const [socket] = UnixSocket.pair();
const peer = PeerProcess.of(socket);
const waiting = new AbortController();
const ended = peer.ended({ signal: waiting.signal }).catch(() => {});
waiting.abort();
await ended;
console.log(JSON.stringify({ isAlive: peer.isAlive }));
