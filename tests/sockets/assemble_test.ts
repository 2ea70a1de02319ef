import { assertEquals } from "@std/assert";
import type { SocketHolders } from "../../src/core/socket_holders.ts";
import { type DiagSocket, TCP } from "../../src/core/unix_diag.ts";
import { assemble } from "../../src/sockets/assemble.ts";
import type { SocketEntry } from "../../src/sockets/entry.ts";
import { claim } from "../claim.ts";

function raw(parts: Partial<DiagSocket> & { inode: number }): DiagSocket {
  return { type: "stream", state: TCP.ESTABLISHED, cookie: 1n, shutdown: 0, ...parts };
}

function entryOf(parts: Partial<DiagSocket>): SocketEntry {
  return assemble([{ network: 1, sockets: [raw({ inode: 10, ...parts })] }])[0];
}

const nobody = (isComplete: boolean): SocketHolders => ({ byInode: new Map(), isComplete });
const name = (text: string): Uint8Array => new TextEncoder().encode(text);

claim("the state of a socket follows from its kernel state, its peer and what was shut down", () => {
  const cases: [Partial<DiagSocket>, string][] = [
    [{ state: TCP.LISTEN }, "listening"],
    [{ state: TCP.LISTEN, shutdown: 1 }, "closing"],
    [{ state: TCP.CLOSE }, "unconnected"],
    [{ peer: 11 }, "connected"],
    [{ peer: 11, shutdown: 1 }, "half-closed"],
    [{ peer: 11, shutdown: 2 }, "half-closed"],
    [{ peer: 11, shutdown: 3 }, "closing"],
    [{ peer: 0, shutdown: 3 }, "closing"],
    [{ peer: 0 }, "pending"],
    [{ peer: 0, type: "seqpacket" }, "pending"],
    [{ peer: 0, type: "dgram" }, "closing"],
    [{ type: "dgram" }, "unconnected"],
    [{ type: "dgram", state: TCP.CLOSE, shutdown: 3 }, "closing"],
  ];
  for (const [parts, state] of cases) assertEquals(entryOf(parts).state, state, JSON.stringify(parts));
});

claim("a listener's queues count connections, those of others bytes", () => {
  const { pending, backlog, receiveQueue, sendQueue, sendBuffer } = entryOf({
    state: TCP.LISTEN,
    receiveQueue: 3,
    sendQueue: 5,
    sendBuffer: 9,
  });
  assertEquals([pending, backlog, receiveQueue, sendQueue, sendBuffer], [3, 5, undefined, undefined, undefined]);
  const other = entryOf({ receiveQueue: 3, sendQueue: 5, sendBuffer: 9 });
  assertEquals([other.pending, other.backlog, other.receiveQueue, other.sendQueue, other.sendBuffer], [
    undefined,
    undefined,
    3,
    5,
    9,
  ]);
});

claim("a listener is full with one more than its backlog, others when their send buffer is used up", () => {
  const cases: [Partial<DiagSocket>, boolean][] = [
    [{ state: TCP.LISTEN, receiveQueue: 5, sendQueue: 5 }, false],
    [{ state: TCP.LISTEN, receiveQueue: 6, sendQueue: 5 }, true],
    [{ state: TCP.LISTEN, receiveQueue: 1, sendQueue: 0 }, true],
    [{ receiveQueue: 0, sendQueue: 99, sendBuffer: 100 }, false],
    [{ receiveQueue: 0, sendQueue: 100, sendBuffer: 100 }, true],
    [{ receiveQueue: 0, sendQueue: 100 }, false],
    [{}, false],
  ];
  for (const [parts, isFull] of cases) assertEquals(entryOf(parts).isFull, isFull, JSON.stringify(parts));
});

claim("a peer has its name and its processes, also in another network namespace that was looked at", () => {
  const holder = { pid: 5, command: "x", fd: 3 };
  const holders: SocketHolders = { byInode: new Map([[11, [holder]]]), isComplete: false };
  const [one, other] = assemble([
    { network: 1, sockets: [raw({ inode: 10, peer: 11 })] },
    { network: 2, sockets: [raw({ inode: 11, peer: 10, name: name("/s\0") })] },
  ], holders);
  assertEquals([one.network, one.peer?.inode, `${one.peer?.address}`, one.peer?.processes], [1, 11, "/s", [holder]]);
  assertEquals([other.network, other.peer?.inode, `${other.peer?.address}`], [2, 10, "(unnamed)"]);
  assertEquals([other.processes, other.peer?.processes], [[holder], undefined]);
});

claim("a peer in a network namespace that was not looked at has its inode, and no name", () => {
  assertEquals(entryOf({ peer: 77 }).peer, { inode: 77 });
});

claim("the peer of one who waits is the listener; where that cannot be told, there is none", () => {
  const listener = raw({ inode: 1, state: TCP.LISTEN, pending: [10], name: name("\0l") });
  const [, waiting, other] = assemble([{
    network: 1,
    sockets: [listener, raw({ inode: 10, peer: 0 }), raw({ inode: 12, peer: 0 })],
  }]);
  assertEquals([waiting.peer?.inode, `${waiting.peer?.address}`], [1, "@l"]);
  assertEquals([other.state, other.peer], ["pending", undefined]);
});

claim("that nobody has a socket is told only if every process was looked at", () => {
  const sockets = [{ network: 1, sockets: [raw({ inode: 10, peer: 11 })] }];
  assertEquals(assemble(sockets, nobody(true))[0].processes, []);
  assertEquals(assemble(sockets, nobody(true))[0].peer?.processes, []);
  assertEquals(assemble(sockets, nobody(false))[0].processes, undefined);
  assertEquals(assemble(sockets)[0].processes, undefined);
});

claim("an id tells a socket from a later one with its inode", () => {
  assertEquals(entryOf({ cookie: 255n }).id, "10-ff");
  assertEquals(entryOf({ cookie: 256n }).id, "10-100");
});
