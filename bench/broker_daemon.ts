/** The daemons that are compared: ours, started here, and those already there. */

import { UnixSocket } from "../src/core/socket.ts";
import { delay } from "./process_stats.ts";

/** A daemon that speaks the SocketPair Broker Protocol. */
export interface Daemon {
  name: string;
  socket: string;
  pid: number;
  /** More waiting connections than this it cannot take. */
  waitingMax: number;
}

/** The command line that starts our broker. */
function ownCommand(socket: string, control: string): string[] {
  const cli = new URL("../cli.ts", import.meta.url).pathname;
  return [
    ...[Deno.execPath(), "run", "-A", cli],
    ...["broker", "--socket", socket, "--control", control],
  ];
}

const startLimitMs = 15_000;
const stopLimitMs = 5_000;

/** Starts our broker; disposing of it stops it. */
export async function startOurs(): Promise<Daemon & AsyncDisposable> {
  const directory = await Deno.makeTempDir({ prefix: "ipcx-bench-" });
  const socket = `${directory}/broker.sock`;
  const [program, ...args] = ownCommand(socket, `${directory}/control.sock`);
  const child = new Deno.Command(program, {
    args,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const stop = async () => {
    await terminate(child);
    await Deno.remove(directory, { recursive: true });
  };
  try {
    await accepting(socket, child);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    name: "ours",
    socket,
    pid: child.pid,
    waitingMax: Infinity,
    [Symbol.asyncDispose]: stop,
  };
}

/** A daemon that runs already; the kernel knows who listens. */
export async function running(name: string, socket: string, waitingMax: number): Promise<Daemon> {
  using connection = await UnixSocket.connect(socket);
  return { name, socket, pid: connection.peerCredentials.pid, waitingMax };
}

/** A daemon that somebody else started, and who will stop it. */
export function attach(daemon: Daemon): Daemon & AsyncDisposable {
  return { ...daemon, [Symbol.asyncDispose]: () => Promise.resolve() };
}

async function accepting(
  path: string,
  child: Deno.ChildProcess,
): Promise<void> {
  let exited: Deno.CommandStatus | undefined;
  child.status.then((status) => exited = status);
  const deadline = Date.now() + startLimitMs;
  while (Date.now() < deadline) {
    if (exited) {
      throw new Error(`our broker ended with status ${exited.code}: run it by \
hand to see why:\n  ${ownCommand("/tmp/b.sock", "/tmp/c.sock").join(" ")}`);
    }
    try {
      (await Deno.connect({ transport: "unix", path })).close();
      return;
    } catch {
      await delay(10);
    }
  }
  throw new Error(`our broker does not listen after ${startLimitMs} ms`);
}

async function terminate(child: Deno.ChildProcess): Promise<void> {
  try {
    child.kill("SIGTERM");
  } catch {
    return; // it has ended already
  }
  const timer = setTimeout(() => child.kill("SIGKILL"), stopLimitMs);
  await child.status;
  clearTimeout(timer);
}
