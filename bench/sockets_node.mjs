/**
 * What sockets_peer.c does one by one, by a package from npm, under Node:
 *
 *     node sockets_node.mjs --package unix-dgram|node-unix-socket --modules FOLDER --socket seqpacket|dgram
 *       --path PATH --role sender|receiver --size N --warmup N --messages N
 *
 * A pair of SEQPACKET sockets is descriptor 3; datagrams go to the path. Neither
 * package waits for room in a datagram's receiver: it is tried again.
 */

import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import process from "node:process";
import { parseArgs } from "node:util";

const SOCKET = 3;

/** Messages that are written before the last one's end is waited for. */
const BATCH = 64;

const text = (names) => Object.fromEntries(names.map((name) => [name, { type: "string" }]));
const { values: given } = parseArgs({
  options: text(["package", "modules", "socket", "path", "role", "mode", "size", "warmup", "messages"]),
});
const load = createRequire(`${given.modules}/`);
const size = Number(given.size);
const warmup = Number(given.warmup);
const total = warmup + Number(given.messages);
const payload = Buffer.alloc(size, 1);

function fail(error) {
  console.error(`sockets_node.mjs: ${error?.message ?? error}`);
  process.exit(1);
}

/** Counts what arrives, from the end of the warm-up on; says it and ends the process when it was all. */
function tally() {
  let arrived = 0, bytes = 0, touched = 0, startedNs = 0n;
  return (data) => {
    if (data.length !== size) fail("the size of a message is not as expected");
    if (++arrived > warmup) {
      bytes += data.length;
      touched += data[0];
    }
    if (arrived === warmup) startedNs = process.hrtime.bigint();
    if (arrived < total) return;
    const seconds = Number(process.hrtime.bigint() - startedNs) / 1e9;
    console.log(JSON.stringify({ bytes, touched, seconds }));
    process.exit(0);
  };
}

/** The receiver may still be on its way. */
async function untilBound() {
  while (!existsSync(given.path)) await new Promise((resolve) => setTimeout(resolve, 5));
}

async function seqpacket() {
  const socket = new (load("node-unix-socket").SeqpacketSocket)(SOCKET);
  socket.on("error", fail);
  if (given.role === "receiver") {
    socket.on("end", () => fail("the end of the connection"));
    socket.on("data", tally());
    return;
  }
  for (let sent = 0; sent < total;) {
    const last = Math.min(sent + BATCH, total);
    for (; sent < last - 1; sent++) socket.write(payload, 0, size);
    await new Promise((written) => socket.write(payload, 0, size, written));
    sent++;
  }
  socket.end(() => process.exit(0));
}

async function datagrams() {
  const socket = new (load("node-unix-socket").DgramSocket)();
  socket.on("error", fail);
  if (given.role === "receiver") {
    socket.on("data", tally());
    socket.bind(given.path);
    return;
  }
  await untilBound();
  const send = () =>
    new Promise((resolve) => socket.sendTo(payload, 0, size, given.path, (error) => resolve(error ?? null)));
  for (let sent = 0; sent < total;) {
    const count = Math.min(BATCH, total - sent);
    const errors = await Promise.all(Array.from({ length: count }, send));
    sent += errors.filter((error) => error === null).length;
    if (errors.some((error) => error !== null)) await new Promise((resolve) => setImmediate(resolve));
  }
  process.exit(0);
}

async function unixDgram() {
  const { createSocket } = load("unix-dgram");
  const receive = given.role === "receiver" ? tally() : undefined;
  const socket = createSocket("unix_dgram", receive);
  socket.on("error", fail);
  if (receive) {
    socket.bind(given.path);
    return;
  }
  await untilBound();
  socket.on("connect", () => {
    let sent = 0;
    // It says that a message was not taken, and tells when there is room again.
    const sendOn = () => {
      while (sent < total) {
        let isTaken = true;
        socket.send(payload, (error) => isTaken = !(error < 0 || error instanceof Error));
        if (!isTaken) return;
        sent++;
      }
      process.exit(0);
    };
    socket.on("writable", sendOn);
    sendOn();
  });
  socket.connect(given.path);
}

await (given.package === "unix-dgram" ? unixDgram : given.socket === "dgram" ? datagrams : seqpacket)();
