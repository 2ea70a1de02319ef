/**
 * What beam_peer.c does, by a package from npm, under Node:
 *
 *     node beam_node.mjs --package usocket|node-unix-socket --modules FOLDER
 *       --role sender|receiver --size N --warmup N --messages N [--descriptor]
 *
 * usocket's stream has no boundaries: with descriptors it reads as many bytes as a
 * message is known to have, without them it takes what is there, glued together.
 */

import { once } from "node:events";
import { closeSync } from "node:fs";
import { createRequire } from "node:module";
import process from "node:process";
import { parseArgs } from "node:util";

const SOCKET = 3;
const ATTACHMENT = 4;
const CACHE_LINE = 64;

/** Messages between two acknowledgements, and before a wait for those written. */
const BATCH = 64;

const { values: given } = parseArgs({
  options: {
    package: { type: "string" },
    modules: { type: "string" },
    role: { type: "string" },
    size: { type: "string" },
    warmup: { type: "string" },
    messages: { type: "string" },
    descriptor: { type: "boolean", default: false },
    // Asked for, but there is none on these wires.
    framed: { type: "boolean" },
  },
});
const load = createRequire(`${given.modules}/`);
const size = Number(given.size);
const warmup = Number(given.warmup);
const messages = Number(given.messages);
const payload = Buffer.alloc(size, 1);

/** Counts what arrives, from the end of the warm-up on; says it and ends the process when it was all. */
class Tally {
  #arrived = 0;
  #startedNs = 0n;
  #sum = { messages: 0, bytes: 0, descriptors: 0, touched: 0 };

  /** Several glued messages, or a part of one, count by their bytes. */
  add(data, fds) {
    for (const fd of fds) closeSync(fd);
    let touched = 0;
    for (let at = 0; at < data.length; at += CACHE_LINE) touched += data[at];
    const before = this.#arrived;
    this.#arrived += data.length;
    if (this.#startedNs === 0n) {
      if (this.#arrived >= warmup * size) this.#startedNs = process.hrtime.bigint();
      this.#sum.bytes += Math.max(0, this.#arrived - Math.max(before, warmup * size));
    } else {
      this.#sum.bytes += data.length;
      this.#sum.descriptors += fds.length;
      this.#sum.touched += touched;
    }
    if (this.#arrived < (warmup + messages) * size) return;
    const seconds = Number(process.hrtime.bigint() - this.#startedNs) / 1e9;
    this.#sum.messages = this.#sum.bytes / size;
    console.log(JSON.stringify({ ...this.#sum, seconds }));
    process.exit(0);
  }
}

function fail(error) {
  console.error(`beam_node.mjs: ${error?.message ?? error}`);
  process.exit(1);
}

/**
 * usocket sends the data again that found no room, but forgets the descriptor: with
 * descriptors never more is on its way than the socket takes. It also ends at once,
 * whatever is still to be written: the receiver is the first to go.
 */
async function sendByUsocket(socket) {
  let acknowledged = 0;
  socket.on("data", (bytes) => acknowledged += bytes.length * BATCH);
  socket.on("end", () => process.exit(0));
  const fds = given.descriptor ? [ATTACHMENT] : undefined;
  for (let sent = 0; sent < warmup + messages; sent++) {
    while (given.descriptor && sent - acknowledged >= 2 * BATCH) await once(socket, "data");
    socket.write({ data: payload, fds });
    if (socket.writableNeedDrain) await once(socket, "drain");
  }
}

function receiveByUsocket(socket) {
  const tally = new Tally();
  let received = 0;
  socket.on("end", () => fail("the end of the stream"));
  socket.on("readable", () => {
    if (!given.descriptor) {
      for (let data = socket.read(); data !== null; data = socket.read()) tally.add(data, []);
      return;
    }
    for (let one = socket.read(size, 1); one !== null; one = socket.read(size, 1)) {
      if (++received % BATCH === 0) socket.write(Buffer.alloc(1));
      tally.add(one.data, one.fds);
    }
    // Asked for a descriptor that is not there, it does not ask for more itself.
    socket.read(0);
  });
}

async function sendByNodeUnixSocket(socket) {
  const total = warmup + messages;
  for (let sent = 0; sent < total;) {
    const last = Math.min(sent + BATCH, total);
    for (; sent < last - 1; sent++) socket.write(payload, 0, size);
    await new Promise((written) => socket.write(payload, 0, size, written));
    sent++;
  }
  socket.end(() => process.exit(0));
}

function receiveByNodeUnixSocket(socket) {
  const tally = new Tally();
  socket.on("end", () => fail("the end of the connection"));
  socket.on("data", (data) => {
    if (data.length !== size) fail("the size of a message is not as expected");
    tally.add(data, []);
  });
}

const isSender = given.role === "sender";
if (given.package === "usocket") {
  const socket = new (load("usocket").USocket)({ fd: SOCKET });
  socket.on("error", fail);
  await (isSender ? sendByUsocket : receiveByUsocket)(socket);
} else {
  const socket = new (load("node-unix-socket").SeqpacketSocket)(SOCKET);
  socket.on("error", fail);
  await (isSender ? sendByNodeUnixSocket : receiveByNodeUnixSocket)(socket);
}
