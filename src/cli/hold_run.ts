/**
 * `ipcx hold run`: becomes a program that has what is held.
 *
 * @module
 */

import { type ActivatedFd, takeActivatedFds } from "../core/activation.ts";
import { exec } from "../core/exec.ts";
import type { Fd } from "../core/fd.ts";
import { accessOf } from "../core/fd_description.ts";
import type { HolderClient } from "../hold/client.ts";
import { failedStart } from "./failed_start.ts";
import { clientFrom, namesFrom } from "./hold_settings.ts";
import { insistOn } from "./message_command.ts";
import { commandBytes } from "./own_arguments.ts";
import { type Arguments, UsageError } from "./parse.ts";
import { descriptor } from "./values.ts";

/** Where the descriptors begin that LISTEN_FDS announces. */
const FIRST_LISTEN_FD = 3;

/** Sees to whether calls wait; a mere place (O_PATH) has none. */
function setWaiting(fds: readonly Fd[], args: Arguments): void {
  for (const fd of fds) {
    if (accessOf(fd) === "none") continue;
    if (args.has("blocking")) fd.setBlocking();
    if (args.has("nonblocking")) fd.setNonblocking();
  }
}

/** Announces descriptors as a service manager does. */
function announce(fds: readonly ActivatedFd[]): void {
  Deno.env.set("LISTEN_FDS", `${fds.length}`);
  Deno.env.set("LISTEN_PID", `${Deno.pid}`);
  Deno.env.set("LISTEN_FDNAMES", fds.map(({ name }) => name).join(":"));
}

function firstFrom(args: Arguments): number | undefined {
  const numbers = args.all("fd", descriptor);
  if (numbers.length > 1) throw new UsageError("--fd was given more than once; the others follow the first");
  return numbers[0];
}

async function wantedFrom(args: Arguments, client: HolderClient): Promise<string[]> {
  if (!args.has("all")) return namesFrom(args);
  return (await client.list()).map(({ name }) => name);
}

/**
 * Runs `ipcx hold run`.
 *
 * @param args Its arguments.
 * @returns The exit status of a program that cannot be run.
 */
export async function run(args: Arguments): Promise<number> {
  const { command } = args;
  if (!command) throw new UsageError("which CMD? It stands behind --");
  if (args.has("all") !== (namesFrom(args).length === 0)) throw new UsageError("which NAME? Or --all of them");
  if (args.has("blocking") && args.has("nonblocking")) {
    throw new UsageError("--blocking and --nonblocking exclude each other");
  }
  const first = firstFrom(args);
  const client = clientFrom(args);
  try {
    // Nothing is taken for a program that is not there.
    insistOn(command[0]);
    const names = await wantedFrom(args, client);
    const fds = args.has("take") ? await client.take(names) : await client.retrieve(names);
    setWaiting(fds, args);
    const held = fds.map((fd, at) => ({ fd, name: names[at] }));
    const passed = first === undefined ? [...takeActivatedFds(), ...held] : held;
    if (first === undefined) announce(passed);
    const begin = first ?? FIRST_LISTEN_FD;
    exec(command[0], commandBytes(command).slice(1), {
      fds: Object.fromEntries(passed.map(({ fd }, at) => [begin + at, fd])),
    });
  } catch (error) {
    return failedStart("hold", error);
  }
}
