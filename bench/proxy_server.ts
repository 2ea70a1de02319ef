/** A server that runs while it is measured. */

import { spawn } from "../mod.ts";
import { delay } from "./process_stats.ts";

/** A program that is to serve. */
export interface ServerPlan {
  /** What it is called in messages. */
  name: string;
  /** The program and its arguments. */
  command: readonly [string, ...string[]];
  /** Where it must take connections: a TCP port of 127.0.0.1, or the path of a Unix socket. */
  at: number | string;
  /** Where what it prints to standard error is kept, in case it fails. */
  log: string;
}

const START_LIMIT_MS = 30_000;
const STOP_LIMIT_MS = 5_000;

/** A TCP port that nobody listens at. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

async function accepts(at: number | string): Promise<boolean> {
  try {
    const connection = typeof at === "number"
      ? await Deno.connect({ hostname: "127.0.0.1", port: at })
      : await Deno.connect({ transport: "unix", path: at });
    connection.close();
    return true;
  } catch {
    return false;
  }
}

/** Starts a server and waits until it takes connections; disposing of it ends it and all that it has started. */
export async function startServer({ name, command, at, log }: ServerPlan): Promise<AsyncDisposable> {
  const [program, ...args] = command;
  const child = spawn({
    command: "sh",
    args: ["-c", 'log=$1; shift; exec "$@" 2>"$log"', "sh", log, program, ...args],
    stdin: "null",
    stdout: "null",
    processGroup: true,
    deathSignal: "SIGKILL",
  });
  const stop = async () => {
    child.killTree("SIGTERM");
    const timer = setTimeout(() => child.killTree("SIGKILL"), STOP_LIMIT_MS);
    await child.status;
    clearTimeout(timer);
    child.killTree("SIGKILL");
  };
  const deadline = Date.now() + START_LIMIT_MS;
  while (!await accepts(at)) {
    if (child.hasEnded || Date.now() > deadline) {
      await stop();
      throw new Error(`${name} does not serve: ${(await Deno.readTextFile(log)).trim() || command.join(" ")}`);
    }
    await delay(20);
  }
  return { [Symbol.asyncDispose]: stop };
}

/** Whether a program is installed. */
export async function isInstalled(program: string): Promise<boolean> {
  const { success } = await new Deno.Command("sh", { args: ["-c", `command -v ${program}`], stdout: "null" }).output();
  return success;
}
