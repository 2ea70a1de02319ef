/**
 * The sockets that `ipcx recv` receives from: one, or one after the other.
 *
 * @module
 */

import { SystemError } from "../core/errors.ts";
import type { UnixSocket } from "../core/socket.ts";
import { NOBODY_THERE } from "./waiting_connect.ts";
import { accepted, acceptedOne, bound, connected, listening } from "./packet_connection.ts";
import type { RecvPlan } from "./recv_settings.ts";

async function connectedToSender({ meeting, credentials }: RecvPlan): Promise<UnixSocket> {
  let socket: UnixSocket;
  try {
    socket = await connected(meeting, ["seqpacket", "stream"]);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    if (NOBODY_THERE.includes(error.code)) {
      throw new Error(`${error.message}; --listen waits there, --type dgram receives datagrams there`);
    }
    if (meeting.type || error.code !== "EPROTOTYPE") throw error;
    throw new Error(
      `${meeting.address} receives datagrams itself: to receive some, give --type dgram and a name that nobody has`,
    );
  }
  if (credentials) socket.setOption("passCredentials", true);
  return socket;
}

/** Bytes out of band are in the place where they were sent, instead of beside all others. */
function withUrgent(socket: UnixSocket, { urgent, meeting }: RecvPlan): UnixSocket {
  if (!urgent) return socket;
  if (socket.type !== "stream") throw new Error(`--urgent is for streams, and ${meeting.address} is none`);
  socket.setOption("urgentInline", true);
  return socket;
}

/**
 * Gives the sockets that messages come from.
 *
 * @param plan What is to be done.
 * @param opened What is closed in the end, and at signals.
 * @returns The sockets, each closed when the next one is asked for, or with all that is opened.
 */
export async function* receivers(plan: RecvPlan, opened: DisposableStack): AsyncIterableIterator<UnixSocket> {
  const { meeting, origin, credentials } = plan;
  switch (origin) {
    case "bind": {
      const socket = bound(meeting.address, { mode: meeting.mode, passCredentials: credentials }, opened);
      meeting.tell(`receiving at ${meeting.address} (dgram)`);
      yield socket;
      break;
    }
    case "connect":
      yield withUrgent(opened.use(await connectedToSender(plan)), plan);
      break;
    case "accept":
      yield withUrgent(opened.use(await acceptedOne(meeting, credentials)), plan);
      break;
    case "keep accepting": {
      const listener = listening(meeting, opened, credentials);
      // Nobody has to come in any time; who has come has to say something.
      for (;;) {
        using socket = await accepted({ ...meeting, timeout: undefined }, listener);
        yield withUrgent(socket, plan);
      }
    }
  }
}
