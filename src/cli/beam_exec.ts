/**
 * A command for a message: its streams, its descriptors, its environment.
 *
 * @module
 */

import { MANAGER_VARIABLES } from "../core/activation.ts";
import type { Credentials } from "../core/credentials.ts";
import type { Fd } from "../core/fd.ts";
import { accessOf } from "../core/fd_description.ts";
import type { Message } from "../core/message.ts";
import type { SpawnOptions } from "../spawn/options.ts";
import { commandBytes } from "./own_arguments.ts";
import { textOf } from "./payload_text.ts";

/** The kernel takes no longer string for a program, its final NUL included (MAX_ARG_STRLEN). */
const LONGEST_STRING = 131072;

const FIRST_FURTHER = 3;

function payloadVariables(data: Uint8Array): Record<string, string | undefined> {
  const text = textOf(data);
  const [name, value] = text === undefined || text.includes("\0")
    ? ["BEAM_DATA_BASE64", data.toBase64()]
    : ["BEAM_DATA", text];
  const room = LONGEST_STRING - `${name}=`.length - 1;
  const length = name === "BEAM_DATA" ? data.length : value.length;
  if (length > room) {
    throw new Error(
      `the message has ${data.length} bytes: too many for ${name} in the environment of a command, which holds ${room}` +
        (name === "BEAM_DATA" ? "" : " of Base64"),
    );
  }
  return { BEAM_DATA: undefined, BEAM_DATA_BASE64: undefined, [name]: value };
}

/**
 * Plans a command for a message. Its descriptors are made to wait (O_NONBLOCK
 * off), as a command expects, and stay the message's.
 *
 * @param command The command and its arguments.
 * @param message The message.
 * @param peer Who was at the other end when the connection was made.
 * @returns How to start it.
 * @throws {Error} If the payload does not fit into its environment.
 */
export function optionsFor(command: readonly string[], message: Message, peer: Credentials): SpawnOptions {
  const [attachment, ...further] = message.fds as (Fd | undefined)[];
  const access = attachment ? accessOf(attachment) : "none";
  for (const fd of message.fds) if (accessOf(fd) !== "none") fd.setBlocking();
  return {
    command: command[0],
    args: commandBytes(command).slice(1),
    stdin: access === "read" || access === "both" ? attachment : "null",
    stdout: access === "write" || access === "both" ? attachment : "inherit",
    fds: Object.fromEntries(further.map((fd, at) => [FIRST_FURTHER + at, fd!])),
    env: {
      ...Object.fromEntries(MANAGER_VARIABLES.map((name) => [name, undefined])),
      ...payloadVariables(message.data),
      BEAM_FDS: `${message.fds.length}`,
      BEAM_PID: `${peer.pid}`,
      BEAM_UID: `${peer.uid}`,
      BEAM_GID: `${peer.gid}`,
    },
  };
}
