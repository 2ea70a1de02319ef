/**
 * The directory for sockets of this user, and the servers that everybody looks for.
 *
 * @module
 */

import { UnixAddress } from "../core/address.ts";
import {
  addressOf,
  BROKER_PLACE,
  controlAddressOf,
  type DefaultPlace,
  HOLDER_PLACE,
  runtimeDirectory,
} from "../core/default_place.ts";
import { fetchOver } from "../core/fetch_over.ts";
import { native } from "../core/native.ts";
import { UnixSocket } from "../core/socket.ts";
import { attempt } from "./attempt.ts";
import { type Check, fails, type Judgement, ok, warning } from "./finding.ts";
import { inTime, PATIENCE_MS, type SocketState, socketState } from "./socket_state.ts";

const W_OK = 2;
const X_OK = 1;

/** What there is to know of the directory. */
export interface DirectoryFacts {
  /** Who asks. */
  uid: number;
  /** Which it is; `undefined` if XDG_RUNTIME_DIR is not set. */
  path?: string;
  /** Why nothing is known of it, or no file can be made in it. */
  refused?: string;
  /** What is there. */
  file?: { isDirectory: boolean; uid: number; mode: number };
}

/** Judges the directory. */
export function judgeDirectory({ uid, path, refused, file }: DirectoryFacts): Judgement {
  const means = "'broker', 'brokerctl', 'pair' and 'hold' have no default address: each needs --socket";
  const instead = `ONE_SOCKET_PATH and IPCX_HOLD_SOCKET name others`;
  if (path === undefined) {
    return warning(
      "XDG_RUNTIME_DIR is not set",
      means,
      `log in as this user (pam_systemd sets it), or export XDG_RUNTIME_DIR=/run/user/${uid}; ${instead}`,
    );
  }
  if (refused === "late") {
    return fails(`${path} does not answer: its file system hangs`, means, `mount it anew; ${instead}`);
  }
  if (!file) return fails(`${path}: ${refused ?? "ENOENT"}`, means, `make it, with mode 0700 for a user's; ${instead}`);
  if (!file.isDirectory) return fails(`${path} is no directory`, means, `remove what is there; ${instead}`);
  if (refused !== undefined) {
    const why = refused === "EROFS"
      ? "mount it for writing: a tmpfs will do"
      : `it is of user ${file.uid}: use one's own`;
    return fails(`no socket can be made in ${path}: ${refused}`, means, `${why}; ${instead}`);
  }
  if (uid !== 0 && file.uid !== uid) {
    return warning(
      `${path} is of user ${file.uid}, not of ${uid}`,
      "that user can take the names of brokers and holders, and move their sockets away",
      "set XDG_RUNTIME_DIR to a directory of one's own, with mode 0700",
    );
  }
  if ((file.mode & 0o022) !== 0) {
    return warning(
      `${path} can be written to by others: its mode is ${(file.mode & 0o7777).toString(8).padStart(4, "0")}`,
      "whoever is first takes the names of brokers and holders",
      `chmod go-w ${path}`,
    );
  }
  return ok(`${path} can be written to`);
}

function refusal(path: string): string | undefined {
  const name = new TextEncoder().encode(`${path}\0`);
  return attempt(() => native.ipcx_probe_access(name, W_OK | X_OK))?.code;
}

async function directoryFacts(): Promise<DirectoryFacts> {
  const uid = Deno.uid() ?? 0;
  const path = runtimeDirectory();
  if (path === undefined) return { uid };
  try {
    const file = await inTime(Deno.stat(path));
    if (!file) return { uid, path, refused: "late" };
    const { isDirectory, uid: owner, mode } = file;
    return { uid, path, refused: refusal(path), file: { isDirectory, uid: owner ?? -1, mode: mode ?? 0 } };
  } catch (error) {
    return { uid, path, refused: (error as { code?: string }).code };
  }
}

/** The directory for sockets of this user. */
export const RUNTIME_DIRECTORY: Check = {
  name: "runtime-directory",
  examine: async () => judgeDirectory(await directoryFacts()),
};

/** What there is to know of a server. */
export interface ServerFacts {
  /** What it is. */
  what: "broker" | "holder";
  /** Where it would be; `undefined` if there is no default. */
  address?: string;
  /** Why that is no address. */
  mistake?: string;
  /** Who is there. */
  state?: SocketState;
  /** What its control socket says: a line, or why there is none. */
  control?: { says: string } | { silent: string };
}

/** What starts it. */
const COMMAND = { broker: "broker", holder: "hold" } as const;

/** Judges a server that everybody looks for. */
export function judgeServer({ what, address, mistake, state, control }: ServerFacts): Judgement {
  if (mistake !== undefined) return fails(mistake, `no ${what} is found`, "write /path, ./path or @name there");
  if (address === undefined || !state) return ok(`no default address for a ${what}`);
  switch (state.is) {
    case "absent":
      return ok(`no ${what} at ${address}`);
    case "stale":
      return warning(
        `${address} is stale: nobody serves there`,
        "clients are told ECONNREFUSED",
        `start it: 'ipcx ${
          COMMAND[what]
        }' takes such a file over; or remove it, if user ${state.uid} will not start one`,
      );
    case "other":
      return fails(`${address} is no socket`, `no ${what} can be there`, "move away what is there");
    case "late":
      return fails(`${address} does not answer: its file system hangs`, `no ${what} is found`, "mount it anew");
    case "refused":
      return warning(
        `${address}: ${state.code}`,
        `this user may not connect to the ${what}, if there is one`,
        "its --mode, --owner and --group say who may, and so do the directories above",
      );
    case "served":
      return judgeControl(what, address, control);
  }
}

function judgeControl(what: ServerFacts["what"], address: string, control: ServerFacts["control"]): Judgement {
  if (!control) return ok(`a ${what} is at ${address}`);
  if ("says" in control) return ok(`a ${what} is at ${address}: ${control.says}`);
  return warning(
    `somebody is at ${address}, but gives no answer as a ${what}: ${control.silent}`,
    "clients may wait there for ever",
    `'ipcx sockets ${address}' tells which process it is; 'brokerctl' needs its control socket`,
  );
}

async function stateAt(place: DefaultPlace): Promise<Pick<ServerFacts, "address" | "mistake" | "state">> {
  let address: UnixAddress;
  try {
    address = UnixAddress.parse(addressOf(place));
  } catch (error) {
    // That there is no directory for it is told by its own check.
    return Deno.env.get(place.variable) ? { mistake: `${place.variable}: ${(error as Error).message}` } : {};
  }
  return { address: `${address}`, state: await socketState(address) };
}

/** Asks a broker how it is: the control socket has no clients that could be disturbed. */
async function askBroker(socket: string): Promise<ServerFacts["control"]> {
  const address = UnixAddress.parse(controlAddressOf(socket));
  if ((await socketState(address)).is === "absent") return undefined;
  const signal = AbortSignal.timeout(PATIENCE_MS);
  try {
    const connection = await UnixSocket.connect(address, { signal });
    const { clients, waiting, draining } = await (await fetchOver(connection, "/status", { signal })).json();
    return { says: `${clients} clients, ${waiting} waiting${draining ? ", draining" : ""}` };
  } catch (error) {
    return { silent: signal.aborted ? `no answer within ${PATIENCE_MS} ms` : (error as Error).message };
  }
}

/** The broker that everybody looks for. */
export const BROKER: Check = {
  name: "broker",
  async examine() {
    const found = await stateAt(BROKER_PLACE);
    const control = found.state?.is === "served" ? await askBroker(found.address!) : undefined;
    return judgeServer({ what: "broker", ...found, control });
  },
};

/** The holder that everybody looks for. */
export const HOLDER: Check = {
  name: "holder",
  examine: async () => judgeServer({ what: "holder", ...await stateAt(HOLDER_PLACE) }),
};
