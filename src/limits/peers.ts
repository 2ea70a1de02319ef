/**
 * What a socket tells of the process at its other end.
 *
 * @module
 */

import { check } from "../core/errors.ts";
import { Fd } from "../core/fd.ts";
import { SOL_SOCKET } from "../core/linux.ts";
import { native } from "../core/native.ts";
import { errorIn, openNothing, Pair, receive, send, setOption } from "./calls.ts";
import { messagesIn, ReceivedFds, rights, SCM, spaceFor } from "./control_messages.ts";
import { SO } from "./linux.ts";
import type { Finding, Probe } from "./probe.ts";

/** Room for a struct ucred. */
const CREDENTIALS_BYTES = 12;

const CONTROL_BYTES = 256;

/** More groups than a process can have. */
const GROUPS_BYTES = 4 * 65536;

/** Whether an option can be read; the note says why not. */
function isReadable(socket: Fd, option: number, size: number): boolean | Finding {
  const result = native.ipcx_get_option(socket.number, SOL_SOCKET, option, new Uint8Array(size), size);
  return result >= 0 ? true : { value: false, note: errorIn(result) };
}

function isPeerNamed(): boolean {
  using pair = Pair.of("stream");
  const slots = new Int32Array(3);
  check(native.ipcx_get_option(pair.left.number, SOL_SOCKET, SO.PEERCRED, slots, slots.byteLength), "getsockopt");
  return slots[0] === Deno.pid && slots[1] === Deno.uid();
}

function isPeerPidfdOpened({ left }: Pair): boolean | Finding {
  const slot = new Int32Array(1);
  const result = native.ipcx_get_option(left.number, SOL_SOCKET, SO.PEERPIDFD, slot, slot.byteLength);
  if (result < 0) return { value: false, note: errorIn(result) };
  using _pidfd = new Fd(slot[0]);
  return true;
}

function securityLabel(): boolean | Finding {
  using pair = Pair.of("stream");
  const label = new Uint8Array(4096);
  const result = native.ipcx_get_option(pair.left.number, SOL_SOCKET, SO.PEERSEC, label, label.length);
  if (result < 0) return { value: false, note: errorIn(result) };
  return { value: true, note: new TextDecoder().decode(label.subarray(0, result)).replace(/\0+$/, "") };
}

/** Whose pid a message carries, if any. */
function pidOfMessage(isAskedLate: boolean): number | undefined {
  using pair = Pair.of("dgram");
  const ask = (): number => check(setOption(pair.right, SO.PASSCRED, 1), "setsockopt");
  if (!isAskedLate) ask();
  check(send(pair.left, 1), "sendmsg");
  if (isAskedLate) ask();
  const { control } = receive(pair.right, 1, { controlSize: spaceFor(CREDENTIALS_BYTES) });
  const found = messagesIn(control).find(({ type }) => type === SCM.CREDENTIALS);
  return found && new Int32Array(found.data.buffer)[0];
}

function isPidfdPassed(): boolean | Finding {
  using pair = Pair.of("dgram");
  const result = setOption(pair.right, SO.PASSPIDFD, 1);
  if (result < 0) return { value: false, note: errorIn(result) };
  check(send(pair.left, 1), "sendmsg");
  const { control } = receive(pair.right, 1, { controlSize: CONTROL_BYTES });
  using _received = new ReceivedFds(control);
  return messagesIn(control).some(({ type }) => type === SCM.PIDFD);
}

function areRightsRefused(): boolean | Finding {
  using pair = Pair.of("stream");
  using nothing = openNothing();
  const result = setOption(pair.right, SO.PASSRIGHTS, 0);
  if (result < 0) return { value: false, note: errorIn(result) };
  const sent = send(pair.left, 1, { control: rights([nothing.number]) });
  return sent < 0 ? { value: true, note: `the sender gets ${errorIn(sent)}` } : false;
}

/** What a socket tells of the process at its other end. */
export const PEERS: readonly Probe[] = [
  {
    name: "peer-credentials",
    title: "SO_PEERCRED names the pid and the user of the peer",
    unit: "yes or no",
    source: "unix(7)",
    measure: isPeerNamed,
  },
  {
    name: "peer-groups",
    title: "SO_PEERGROUPS lists the peer's supplementary groups",
    unit: "yes or no",
    source: "Linux 4.13",
    measure: () => {
      using pair = Pair.of("stream");
      return isReadable(pair.left, SO.PEERGROUPS, GROUPS_BYTES);
    },
  },
  {
    name: "peer-security",
    title: "SO_PEERSEC gives the label that a security module has for the peer",
    unit: "yes or no",
    source: "Linux 2.6.2: unix(7)",
    measure: securityLabel,
  },
  {
    name: "peer-pidfd",
    title: "SO_PEERPIDFD opens a descriptor of the peer's process",
    unit: "yes or no",
    source: "Linux 6.5",
    measure: () => {
      using pair = Pair.of("stream");
      return isPeerPidfdOpened(pair);
    },
  },
  {
    name: "peer-pidfd-reaped",
    title: "SO_PEERPIDFD does so for a process that has ended and was waited for",
    unit: "yes or no",
    source: "Linux 6.16",
    measure: () => {
      using pair = Pair.orphaned("stream");
      return isPeerPidfdOpened(pair);
    },
  },
  {
    name: "message-credentials",
    title: "SO_PASSCRED lets a message come with its sender's pid, user and group",
    unit: "yes or no",
    source: "unix(7)",
    measure: () => pidOfMessage(false) === Deno.pid,
  },
  {
    name: "message-credentials-late",
    title: "pid of a message that was sent before SO_PASSCRED was set",
    unit: "process id",
    source: "0 stands for nobody: unix(7)",
    measure: () => {
      const pid = pidOfMessage(true);
      if (pid === undefined) throw new Error("the message names nobody at all");
      return pid;
    },
  },
  {
    name: "message-pidfd",
    title: "SO_PASSPIDFD lets a message come with a descriptor of its sender's process",
    unit: "yes or no",
    source: "Linux 6.5",
    measure: isPidfdPassed,
  },
  {
    name: "rights-refused",
    title: "SO_PASSRIGHTS lets a socket refuse all descriptors",
    unit: "yes or no",
    source: "Linux 6.16",
    measure: areRightsRefused,
  },
  {
    name: "rights-not-truncated",
    title: "SO_RIGHTS_NOTRUNC gives each descriptor that cannot be received an error of its own",
    unit: "yes or no",
    source: "Linux 7.3",
    measure: () => {
      using pair = Pair.of("stream");
      const result = setOption(pair.right, SO.RIGHTS_NOTRUNC, 1);
      return result >= 0 ? true : { value: false, note: errorIn(result) };
    },
  },
];
