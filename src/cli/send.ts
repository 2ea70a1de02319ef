/**
 * `ipcx send`: packets, datagrams and bytes over bare sockets.
 *
 * @module
 */

import { UnixAddress } from "../core/address.ts";
import type { Fd } from "../core/fd.ts";
import type { UnixSocket } from "../core/socket.ts";
import { closedAtSignals } from "./closed_at_signals.ts";
import { inTime } from "./in_time.ts";
import { Answers } from "./packet_answers.ts";
import { acceptedOne, bound, connected } from "./packet_connection.ts";
import { largestPacket, raiseSendBuffer, tooLarge } from "./packet_size.ts";
import { openSource, type Packet, packetsOf } from "./packet_source.ts";
import { SOCKET_TYPES } from "./packets_table.ts";
import type { Arguments } from "./parse.ts";
import { type SendPlan, sendPlanFrom } from "./send_settings.ts";
import { descriptorsFrom, emptyFiles } from "./sent_descriptors.ts";

/** A socket, and where to send from it if it is not connected. */
interface Sender {
  socket: UnixSocket;
  to?: UnixAddress;
}

async function openSender(plan: SendPlan, opened: DisposableStack): Promise<Sender> {
  const { meeting, listens, from, answers, ends } = plan;
  if (listens) return { socket: opened.use(await acceptedOne(meeting)) };
  const socket = opened.use(await connected(meeting, SOCKET_TYPES));
  if (socket.type !== "dgram") return { socket };
  if (ends) throw new Error(`--end ends a connection, and ${meeting.address} receives datagrams, which have none`);
  if (meeting.address.kind === "fd" || (!from && !answers)) return { socket };
  // Whoever answers may do so from another socket, which one that is connected would refuse.
  socket.close();
  const passCredentials = answers !== undefined;
  const own = bound(from ?? UnixAddress.unnamed, { mode: meeting.mode, passCredentials }, opened);
  meeting.tell(`sending from ${own.address}`);
  return { socket: own, to: meeting.address };
}

async function sendPacket(packet: Packet, { socket, to }: Sender, plan: SendPlan): Promise<void> {
  const { name, data, fds, rest } = packet;
  const largest = largestPacket(socket);
  if (data.length > largest) throw tooLarge(name, largest);
  if (data.length === 0 && socket.type === "stream") {
    throw new Error(
      `${name} is empty: a stream carries no empty message, with or without a descriptor, as packets do (--type seqpacket)`,
    );
  }
  const { credentials, meeting } = plan;
  const send = (bytes: Uint8Array<ArrayBuffer>, along: { fds?: readonly Fd[] }): Promise<number> =>
    inTime(
      meeting.timeout,
      "the peer took nothing",
      (signal) => socket.send(bytes, { ...along, credentials, to, signal }),
    );
  await send(data, { fds });
  for await (const piece of rest ?? []) await send(piece, {});
}

async function sendUrgent({ socket }: Sender, { urgent, meeting }: SendPlan): Promise<void> {
  if (urgent === undefined) return;
  if (socket.type !== "stream") throw new Error(`--urgent is for streams, and ${meeting.address} is none`);
  await inTime(meeting.timeout, "the peer took nothing", (signal) => socket.sendUrgent(urgent, { signal }));
}

async function sendAll(
  packets: AsyncIterable<Packet>,
  sender: Sender,
  plan: SendPlan,
  sent: () => void | Promise<void>,
): Promise<void> {
  const isOneOfMany = plan.source.kind === "lines" || plan.source.kind === "json";
  for await (const packet of packets) {
    for (let times = 0; times < plan.repeat; times++) {
      try {
        await sendPacket(packet, sender, plan);
      } catch (error) {
        const { message } = error as Error;
        throw isOneOfMany && !message.startsWith(packet.name) ? new Error(`${packet.name}: ${message}`) : error;
      }
      await sent();
    }
  }
  await sendUrgent(sender, plan);
  if (plan.ends) sender.socket.shutdown("write");
}

/** Answers are taken while packets are sent: who answers all of them at once would have to wait otherwise. */
async function sendAndListen(answers: Answers, sendAll: () => Promise<void>, stop: AbortController): Promise<void> {
  const enough = new AbortController();
  const taking = answers.take(enough.signal).then(() => {
    // A person does not type on into nothing.
    if (Deno.stdin.isTerminal()) stop.abort();
  });
  const sending = sendAll().catch(async (error) => {
    enough.abort();
    await taking;
    throw error;
  });
  await Promise.all([taking, sending]);
}

/**
 * Runs `ipcx send`.
 *
 * @param args Its arguments.
 * @returns The exit status.
 */
export async function run(args: Arguments): Promise<number> {
  const plan = sendPlanFrom(args);
  const { meeting, answers: wanted, sendBuffer } = plan;
  using opened = new DisposableStack();
  const fds = descriptorsFrom(args).map((fd) => opened.use(fd));
  const stop = new AbortController();
  const source = await openSource(plan.source, stop.signal);
  using _closed = plan.from?.kind === "path" ? closedAtSignals(opened) : undefined;
  const sender = await openSender(plan, opened);
  const { socket } = sender;
  if (sendBuffer !== undefined) raiseSendBuffer(socket, sendBuffer);
  emptyFiles(args, fds);
  const packets = packetsOf(source, { largest: largestPacket(socket), fds, repeats: plan.repeat > 1 });
  try {
    if (!wanted) {
      await sendAll(packets, sender, plan, () => {});
      return 0;
    }
    const answers = new Answers(socket, wanted, meeting.timeout);
    if (wanted.count > 0 && !plan.ends) await sendAll(packets, sender, plan, () => answers.take());
    else await sendAndListen(answers, () => sendAll(packets, sender, plan, () => {}), stop);
    return answers.status;
  } finally {
    stop.abort();
  }
}
