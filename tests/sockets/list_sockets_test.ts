import { assert, assertEquals, assertThrows } from "@std/assert";
import { AddressError, UnixAddress } from "../../src/core/address.ts";
import { UnixListener } from "../../src/core/listener.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { listSockets } from "../../src/sockets/list_sockets.ts";
import { claim, OwnDirectory, ownName } from "../claim.ts";
import { TYPES } from "../core/pairs.ts";
import { entriesOf, entryOf, inodeOf } from "./own_sockets.ts";

const OWN_NETWORK = Deno.statSync("/proc/self/ns/net").ino!;

claim("a listener tells who waits, and each client that its peer is the listener", async () => {
  for (const type of ["stream", "seqpacket"] as const) {
    const address = ownName();
    using listener = UnixListener.listen(address, { type, backlog: 7 });
    using first = await UnixSocket.connect(address, { type });
    using second = await UnixSocket.connect(address, { type });
    const [listening, ...waiting] = entriesOf([listener, first, second]);
    assertEquals([listening.type, listening.state, `${listening.address}`], [type, "listening", address]);
    assertEquals([listening.pending, listening.backlog, listening.isFull, listening.peer], [2, 7, false, undefined]);
    for (const client of waiting) {
      assertEquals(client.state, "pending");
      assertEquals([client.peer?.inode, `${client.peer?.address}`], [inodeOf(listener), address]);
      assertEquals(client.peer?.processes?.map(({ pid }) => pid), [Deno.pid]);
    }
  }
});

claim("a connection that was accepted has the listener's name, and its client for a peer", async () => {
  const address = ownName();
  using listener = UnixListener.listen(address);
  using client = await UnixSocket.connect(address);
  using server = await listener.accept();
  const [listening, near, far] = entriesOf([listener, client, server]);
  assertEquals([listening.pending, near.state, far.state], [0, "connected", "connected"]);
  assertEquals([`${far.address}`, `${near.peer?.address}`, `${far.peer?.address}`], [address, address, "(unnamed)"]);
  assertEquals([near.peer?.inode, far.peer?.inode], [inodeOf(server), inodeOf(client)]);
});

claim("a listener is full with one connection more than its backlog", async () => {
  const address = ownName();
  using listener = UnixListener.listen(address, { backlog: 1 });
  using _first = await UnixSocket.connect(address);
  assertEquals([entryOf(listener).pending, entryOf(listener).isFull], [1, false]);
  using _second = await UnixSocket.connect(address);
  assertEquals([entryOf(listener).pending, entryOf(listener).isFull], [2, true]);
  assertEquals(listSockets({ full: true, addresses: [address] }).map(({ inode }) => inode), [inodeOf(listener)]);
});

claim("bytes that were sent and not read are told of at both ends", async () => {
  for (const type of ["stream", "seqpacket"] as const) {
    const [left, right] = UnixSocket.pair(type);
    using _left = left, _right = right;
    await left.send(new Uint8Array(1000));
    await left.send(new Uint8Array(500));
    const [sender, receiver] = entriesOf([left, right]);
    assertEquals([receiver.receiveQueue, receiver.sendQueue, sender.receiveQueue], [1500, 0, 0]);
    assert(sender.sendQueue! >= 1500, "memory is more than bytes");
    (await right.receive())![Symbol.dispose]();
    if (type === "seqpacket") assertEquals(entryOf(right).receiveQueue, 500);
  }
});

claim("of a datagram socket, the bytes of the first packet are told", async () => {
  const address = ownName();
  using receiver = UnixSocket.bound(address);
  using sender = await UnixSocket.connect(address, { type: "dgram" });
  await sender.send(new Uint8Array(30));
  await sender.send(new Uint8Array(20));
  const [to, from] = entriesOf([receiver, sender]);
  assertEquals([to.type, to.receiveQueue, to.state, from.state], ["dgram", 30, "unconnected", "connected"]);
  assertEquals([from.peer?.inode, `${from.peer?.address}`], [inodeOf(receiver), address]);
  assert(from.sendQueue! > 0);
  (await receiver.receive())![Symbol.dispose]();
  assertEquals(entryOf(receiver).receiveQueue, 20);
});

claim("who sends until nothing more is taken is full, and empty when all was read", async () => {
  const [left, right] = UnixSocket.pair();
  using _left = left, _right = right;
  while (left.trySend(new Uint8Array(32_768)) !== undefined) { /* more */ }
  const stuck = entryOf(left);
  assertEquals(stuck.isFull, true);
  assert(stuck.sendQueue! >= stuck.sendBuffer!);
  assertEquals(stuck.sendBuffer, left.getOption("sendBuffer"));
  for (let message; (message = right.tryReceive({ maxBytes: 65_536 }));) message[Symbol.dispose]();
  await Promise.resolve();
  assertEquals([entryOf(left).isFull, entryOf(left).sendQueue], [false, 0]);
});

claim("every type is told, and a socket without a name", () => {
  for (const type of TYPES) {
    const [left, right] = UnixSocket.pair(type);
    using _left = left, _right = right;
    const entry = entryOf(left);
    assertEquals([entry.type, entry.state, entry.peer?.inode], [type, "connected", inodeOf(right)]);
    // Others are given a name, by which their empty packets are told from the end.
    if (type !== "stream") continue;
    assertEquals([entry.address.kind, entry.file, entry.network, entry.uid], [
      "unnamed",
      undefined,
      OWN_NETWORK,
      Deno.uid(),
    ]);
  }
});

claim("a direction that was shut down makes a connection half-closed, both make it closing", () => {
  const [left, right] = UnixSocket.pair();
  using _left = left, _right = right;
  left.shutdown("write");
  assertEquals(entriesOf([left, right]).map(({ state }) => state), ["half-closed", "half-closed"]);
  right.shutdown("write");
  assertEquals(entriesOf([left, right]).map(({ state }) => state), ["closing", "closing"]);
});

claim("a socket whose peer has gone is closing, and has none any more", async () => {
  for (const type of TYPES) {
    const [left, right] = UnixSocket.pair(type);
    using _left = left;
    right.close();
    const { state, peer } = entryOf(left);
    assertEquals([state, peer], ["closing", undefined], type);
  }
  const address = ownName();
  const listener = UnixListener.listen(address);
  using client = await UnixSocket.connect(address);
  listener.close();
  assertEquals([entryOf(client).state, entryOf(client).peer], ["closing", undefined]);
});

claim("abstract names have every byte as they have it, NULs included", () => {
  const unique = crypto.randomUUID().slice(0, 8);
  const names = [
    `@${unique}\\x00\\x00`,
    `@${unique}\\xff\\x1b[31m\\\\`,
    `@\\x00${unique}`,
    `@${unique}${"x".repeat(99)}`,
  ];
  for (const name of names) {
    using listener = UnixListener.listen(name);
    assertEquals(`${entryOf(listener).address}`, name);
    assertEquals(listSockets({ addresses: [name] }).map(({ inode }) => inode), [inodeOf(listener)]);
    assertEquals(listSockets({ addresses: [`${name.slice(0, 100)}x`] }), []);
  }
});

claim("a name that the kernel has chosen is told", () => {
  using socket = UnixSocket.bound(UnixAddress.unnamed);
  assertEquals([socket.address.kind, `${entryOf(socket).address}`], ["abstract", `${socket.address}`]);
});

claim("a path is told as it was bound", () => {
  using directory = new OwnDirectory();
  const path = directory.file("söcket with\nline");
  using listener = UnixListener.listen(path);
  const entry = entryOf(listener);
  assertEquals([entry.address.kind, entry.address.filename, entry.file], ["path", path, "present"]);
});

claim(
  "a list is in the order of names: paths, then abstract ones, then none; listeners before their connections",
  async () => {
    using directory = new OwnDirectory();
    const abstract = ownName();
    using last = UnixListener.listen(abstract);
    using second = UnixListener.listen(directory.file("b"));
    using first = UnixListener.listen(directory.file("a"));
    using client = await UnixSocket.connect(directory.file("a"));
    using server = await first.accept();
    const own = [first, server, second, last, client].map(inodeOf);
    const listed = listSockets().map(({ inode }) => inode).filter((inode) => own.includes(inode));
    assertEquals(listed, own);
  },
);

claim("each filter leaves what fits it, and several what fits all", async () => {
  using directory = new OwnDirectory();
  const path = directory.file("s");
  const name = ownName();
  using byPath = UnixListener.listen(path);
  using byName = UnixListener.listen(name, { type: "seqpacket" });
  using client = await UnixSocket.connect(path);
  using dgram = UnixSocket.bound(ownName());
  const all = { byPath, byName, client, dgram };
  const fitting = (options: Parameters<typeof listSockets>[0]): string[] => {
    const listed = new Set(listSockets(options).map(({ inode }) => inode));
    return Object.entries(all).filter(([, socket]) => listed.has(inodeOf(socket))).map(([key]) => key);
  };
  assertEquals(fitting({}), ["byPath", "byName", "client", "dgram"]);
  assertEquals(fitting({ types: ["seqpacket", "dgram"] }), ["byName", "dgram"]);
  assertEquals(fitting({ states: ["listening"] }), ["byPath", "byName"]);
  assertEquals(fitting({ states: ["pending", "unconnected"] }), ["client", "dgram"]);
  assertEquals(fitting({ kinds: ["path"] }), ["byPath"]);
  assertEquals(fitting({ kinds: ["abstract", "unnamed"] }), ["byName", "client", "dgram"]);
  assertEquals(fitting({ addresses: [path, name] }), ["byPath", "byName"]);
  assertEquals(fitting({ addresses: [] }), []);
  assertEquals(fitting({ name: `${directory.path}/?` }), ["byPath"]);
  assertEquals(fitting({ name: "@ipcx-test-*" }), ["byName", "dgram"]);
  assertEquals(fitting({ name: `\\x40${name.slice(1)}` }), ["byName"]);
  assertEquals(fitting({ name: "?" }), []);
  assertEquals(fitting({ pids: [Deno.pid] }), ["byPath", "byName", "client", "dgram"]);
  assertEquals(fitting({ pids: [1] }), []);
  assertEquals(fitting({ uids: [Deno.uid()!] }), ["byPath", "byName", "client", "dgram"]);
  assertEquals(fitting({ uids: [4_000_000_000] }), []);
  assertEquals(fitting({ full: true }), []);
  assertEquals(fitting({ stale: true }), []);
  assertEquals(fitting({ withoutOwn: true }), []);
  assertEquals(fitting({ types: ["stream"], states: ["listening"], name: "/*" }), ["byPath"]);
  assertEquals(fitting({ types: ["seqpacket"], states: ["listening"], name: "/*" }), []);
});

claim("a relative path is matched as it is written, with ./ before a bare name", () => {
  using directory = new OwnDirectory();
  const before = Deno.cwd();
  Deno.chdir(directory.path);
  try {
    using bare = UnixSocket.bound("./bare");
    assertEquals(`${entryOf(bare).address}`, "./bare");
    assertEquals(listSockets({ name: "./b?re" }).length, 1);
    assertEquals(listSockets({ addresses: ["./bare"] }).map(({ inode }) => inode), [inodeOf(bare)]);
  } finally {
    Deno.chdir(before);
  }
});

claim("processes are left out if nobody wants them, and found if a filter needs them", () => {
  const address = ownName();
  using listener = UnixListener.listen(address);
  const [plain] = listSockets({ addresses: [address], processes: false });
  assertEquals([plain.processes, plain.file], [undefined, undefined]);
  const [found] = listSockets({ addresses: [address], processes: false, pids: [Deno.pid] });
  assertEquals(found.processes?.map(({ pid, fd }) => [pid, fd]), [[Deno.pid, listener.fd.number]]);
});

claim("a socket that is in flight has none of those processes that know of it", async () => {
  const [left, right] = UnixSocket.pair();
  const [travelling, other] = UnixSocket.pair();
  using _left = left, _right = right, _other = other;
  const inode = inodeOf(travelling);
  await left.send("x", { fds: [travelling.fd] });
  travelling.close();
  const entry = listSockets().find((one) => one.inode === inode)!;
  // Whether nobody has it is known only to those who may look at every process.
  assertEquals(entry.processes ?? [], []);
  assertEquals([entry.state, entry.peer?.inode], ["connected", inodeOf(other)]);
  (await right.receive({ maxFds: 1 }))![Symbol.dispose]();
});

claim("an address that is none is refused", () => {
  assertThrows(() => listSockets({ addresses: ["bare"] }), AddressError, "is no address");
});
