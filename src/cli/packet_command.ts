/**
 * A command for a message of a bare socket: its input, its descriptors, its environment.
 *
 * @module
 */

import { MANAGER_VARIABLES } from "../core/activation.ts";
import type { Credentials } from "../core/credentials.ts";
import { accessOf } from "../core/fd_description.ts";
import type { Message } from "../core/message.ts";
import { sealedFile } from "../core/sealed_file.ts";
import type { UnixSocket } from "../core/socket.ts";
import type { SpawnOptions } from "../spawn/options.ts";
import { commandBytes } from "./own_arguments.ts";

const FIRST_FD = 3;

/** A command for a message, and what it is given; what it need not hold is closed with it. */
export interface PacketCommand extends Disposable {
  /** How to start it. */
  readonly options: SpawnOptions;
}

/** Every variable is set or taken away: none of another message must pass for this one's. */
function variables(prefix: string, who: Credentials | undefined): Record<string, string | undefined> {
  return {
    [`${prefix}PID`]: who && `${who.pid}`,
    [`${prefix}UID`]: who && `${who.uid}`,
    [`${prefix}GID`]: who && `${who.gid}`,
  };
}

/**
 * Plans a command for a message. Descriptors are made to wait (O_NONBLOCK off),
 * as a command expects.
 *
 * @param command The command and its arguments.
 * @param message The message, whose descriptors are closed with what is returned.
 * @param socket Where it came from, which stays the caller's.
 * @returns The command.
 * @throws {SystemError} EMFILE, ENFILE or ENOMEM.
 */
export function commandFor(command: readonly string[], message: Message, socket: UnixSocket): PacketCommand {
  const { fds, credentials, from, length } = message;
  const isConnection = socket.type !== "dgram";
  for (const fd of fds) if (accessOf(fd) !== "none") fd.setBlocking();
  using stack = new DisposableStack();
  stack.use(message);
  const stdin = stack.use(sealedFile("ipcx-packet", message.data, "data"));
  const connection = isConnection ? [stack.use(socket.fd.duplicate()).setBlocking()] : [];
  const passed = [...fds, ...connection];
  const options: SpawnOptions = {
    command: command[0],
    args: commandBytes(command).slice(1),
    stdin,
    fds: Object.fromEntries(passed.map((fd, at) => [FIRST_FD + at, fd])),
    listenFdNames: fds.length > 0 ? fds.map(() => "packet") : undefined,
    env: {
      ...Object.fromEntries(MANAGER_VARIABLES.map((name) => [name, undefined])),
      PACKET_LENGTH: `${length}`,
      PACKET_FDS: `${fds.length}`,
      PACKET_FROM: from && !isConnection ? `${from}` : undefined,
      ...variables("PACKET_", credentials),
      ...variables("PACKET_PEER_", isConnection ? socket.peerCredentials : undefined),
      PACKET_SOCKET: isConnection ? `${FIRST_FD + fds.length}` : undefined,
    },
  };
  const held = stack.move();
  return { options, [Symbol.dispose]: () => held.dispose() };
}
