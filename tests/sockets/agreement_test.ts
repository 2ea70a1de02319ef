/**
 * What listSockets tells is what others are told by the kernel: /proc/net/unix,
 * ss of iproute2, and a program of its own in another language.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import type { Endpoint } from "../../src/core/endpoint.ts";
import { raiseDescriptorLimit } from "../../src/core/fd.ts";
import { UnixListener } from "../../src/core/listener.ts";
import { typeNumber } from "../../src/core/options.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import type { SocketEntry } from "../../src/sockets/entry.ts";
import { listSockets } from "../../src/sockets/list_sockets.ts";
import { claim, OwnDirectory, ownName } from "../claim.ts";
import { Process, runProgram } from "../cli/program.ts";
import { PYTHON } from "../cli/spawning.ts";
import { entriesOf, inodeOf } from "./own_sockets.ts";

/** Sockets of all kinds in all states. */
class Menagerie implements AsyncDisposable {
  readonly #directory = new OwnDirectory();
  readonly #stack = new DisposableStack();
  readonly sockets: Endpoint[] = [];

  static async make(): Promise<Menagerie> {
    const made = new Menagerie();
    const path = made.#directory.file("s"), name = `${ownName()}\\x00\\x01`;
    made.#keep(UnixListener.listen(path, { backlog: 5 }));
    const seqpacket = made.#keep(UnixListener.listen(name, { type: "seqpacket", backlog: 3 }));
    for (let at = 0; at < 3; at++) made.#keep(await UnixSocket.connect(path));
    const client = made.#keep(await UnixSocket.connect(name, { type: "seqpacket" }));
    made.#keep(await seqpacket.accept());
    await client.send(new Uint8Array(321));
    const [left, right] = UnixSocket.pair();
    made.#keep(left);
    made.#keep(right);
    await left.send(new Uint8Array(12_345));
    right.shutdown("write");
    const mailbox = made.#keep(UnixSocket.bound(made.#directory.file("d")));
    const sender = made.#keep(await UnixSocket.connect(mailbox.address, { type: "dgram" }));
    await sender.send(new Uint8Array(77));
    await sender.send(new Uint8Array(88));
    return made;
  }

  #keep<T extends Endpoint>(socket: T): T {
    this.sockets.push(this.#stack.use(socket));
    return socket;
  }

  get entries(): SocketEntry[] {
    return entriesOf(this.sockets);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stack.dispose();
    this.#directory[Symbol.dispose]();
    await Promise.resolve();
  }
}

/** A name as the kernel has it, in hex. */
function rawName({ address }: SocketEntry): string {
  if (address.kind === "abstract") return `00${address.bytes.toHex()}`;
  return address.kind === "path" ? `${address.bytes.toHex()}00` : "";
}

interface PythonEntry {
  inode: number;
  type: number;
  state: number;
  name: string;
  peer: number | null;
  queues: [number, number];
  uid: number;
  waiting?: number[];
}

claim("a program that was written from the manual alone is told the same of every socket", async () => {
  await using menagerie = await Menagerie.make();
  const { status, out, err } = await runProgram(["/usr/bin/python3", "-IS", import.meta.dirname + "/peer.py"]);
  assertEquals({ status, err }, { status: 0, err: "" });
  const told = new Map((JSON.parse(out) as PythonEntry[]).map((entry) => [entry.inode, entry]));
  const listener = [...told.values()].find(({ inode }) => inode === inodeOf(menagerie.sockets[0]))!;
  for (const entry of menagerie.entries) {
    const other = told.get(entry.inode)!;
    assertEquals(rawName(entry), other.name);
    assertEquals([typeNumber(entry.type), entry.uid], [other.type, other.uid]);
    assertEquals([entry.pending ?? entry.receiveQueue, entry.backlog ?? entry.sendQueue], other.queues);
    assertEquals(entry.state === "listening", other.state === 10);
    if (entry.state === "pending") {
      assertEquals(other.peer, 0);
      assert(listener.waiting!.includes(entry.inode) && entry.peer?.inode === listener.inode);
    } else assertEquals(entry.peer?.inode ?? null, other.peer || null);
  }
  assertEquals(listener.waiting!.length, 3);
});

claim("/proc/net/unix has the same sockets, types and names", async () => {
  await using menagerie = await Menagerie.make();
  const lines = Deno.readTextFileSync("/proc/net/unix").split("\n").map((line) => line.split(/\s+/));
  for (const entry of menagerie.entries) {
    const [, , , flags, type, , , ...name] = lines.find(([, , , , , , inode]) => inode === `${entry.inode}`)!;
    assertEquals([parseInt(type, 16), parseInt(flags, 16) !== 0], [
      typeNumber(entry.type),
      entry.state === "listening",
    ]);
    const shown = entry.address.kind === "unnamed"
      ? ""
      : `${entry.address}`.replaceAll("\\x00", "@").replaceAll("\\x01", "\x01");
    assertEquals(name.join(" "), shown);
  }
});

/** What ss prints of a socket: its queues and its peer. */
async function ssTells(): Promise<Map<number, string[]>> {
  const { status, out, err } = await runProgram(["ss", "-xanH"]);
  assertEquals({ status, err }, { status: 0, err: "" });
  const rows = out.trimEnd().split("\n").map((line) =>
    /^(\S+)\s+(\S+)\s+(\d+)\s+(\d+)\s.*?(\d+)\s+\S+\s+(\d+)\s*$/s.exec(line)
  );
  return new Map(rows.filter((row) => row !== null).map(([, ...cells]) => [Number(cells[4]), cells]));
}

function hasSs(): boolean {
  try {
    return new Deno.Command("ss", { args: ["--version"] }).outputSync().success;
  } catch {
    return false;
  }
}

claim("ss tells the same queues and peers", async () => {
  await using menagerie = await Menagerie.make();
  const told = await ssTells();
  for (const entry of menagerie.entries) {
    const cells = told.get(entry.inode);
    assert(cells, `ss has no ${entry.inode}`);
    const [type, , receive, send, , peer] = cells;
    assertEquals(type, { stream: "u_str", seqpacket: "u_seq", dgram: "u_dgr" }[entry.type]);
    assertEquals([entry.pending ?? entry.receiveQueue, entry.backlog ?? entry.sendQueue], [
      Number(receive),
      Number(send),
    ]);
    if (entry.state !== "pending") assertEquals(entry.peer?.inode ?? 0, Number(peer));
  }
}, { skip: !hasSs() && "ss (iproute2) is not installed" });

const HOLD = `
import os, resource, socket, sys
count = int(sys.argv[1])
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65536) if hard != -1 else 65536, hard))
pairs = [socket.socketpair() for _ in range(count)]
print(*(os.fstat(end.fileno()).st_ino for pair in pairs for end in pair), file=sys.stderr)
print("done", file=sys.stderr)
sys.stdin.read()
`;

claim("of thousands of sockets in another process none is missing, and each has its peer and its holder", async () => {
  const count = 4000;
  await using holder = new Process([...PYTHON, HOLD, `${count}`], { input: "open" });
  await holder.says("done\n");
  const inodes = holder.err.split("\n")[0].split(" ").map(Number);
  assertEquals(inodes.length, 2 * count);
  const listed = new Map(listSockets({ pids: [holder.child.pid] }).map((entry) => [entry.inode, entry]));
  for (let at = 0; at < inodes.length; at += 2) {
    const [one, other] = [inodes[at], inodes[at + 1]];
    assertEquals([listed.get(one)?.peer?.inode, listed.get(other)?.peer?.inode], [other, one]);
    assertEquals(listed.get(one)!.processes!.map(({ pid, command }) => [pid, command]), [[
      holder.child.pid,
      "python3",
    ]]);
  }
}, { skip: Number(hardLimit()) < 8100 && "needs 8100 descriptors" });

function hardLimit(): string {
  const [, hard] = /^Max open files\s+\d+\s+(\S+)/m.exec(Deno.readTextFileSync("/proc/self/limits"))!;
  return hard === "unlimited" ? "Infinity" : hard;
}

function mostWaiting(): number {
  return Math.min(1500, Number(Deno.readTextFileSync("/proc/sys/net/core/somaxconn")));
}

claim("so many may wait at a listener that the kernel would cut off the list, and all know where", async () => {
  raiseDescriptorLimit();
  const address = ownName();
  using listener = UnixListener.listen(address, { backlog: mostWaiting() });
  using stack = new DisposableStack();
  const clients = [];
  for (let at = 0; at < mostWaiting(); at++) clients.push(stack.use(await UnixSocket.connect(address)));
  const entries = entriesOf([listener, ...clients]);
  assertEquals(entries[0].pending, clients.length);
  assertEquals(
    new Set(entries.slice(1).map(({ state, peer }) => `${state} ${peer?.address}`)),
    new Set([`pending ${address}`]),
  );
}, { skip: Number(hardLimit()) < 2000 && "needs 2000 descriptors" });
