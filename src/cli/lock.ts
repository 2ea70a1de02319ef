/**
 * `ipcx lock`: one instance of a command at a time.
 *
 * @module
 */

import { userId } from "../core/accounts.ts";
import type { UnixAddress } from "../core/address.ts";
import { exec } from "../core/exec.ts";
import { inheritedDescriptors } from "../core/inherited.ts";
import { acquireInstance } from "../instance/acquire.ts";
import { InstanceHeldError } from "../instance/held_error.ts";
import type { Instance } from "../instance/instance.ts";
import { lockAddress } from "../instance/name.ts";
import { failedStart } from "./failed_start.ts";
import { showStatus } from "./lock_status.ts";
import { commandBytes, commandLine, garbledArgument } from "./own_arguments.ts";
import { type Arguments, UsageError } from "./parse.ts";
import { duration, exitStatus } from "./values.ts";

const DEFAULT_CONFLICT = 1;

/** What only makes sense with a command. */
const FOR_COMMAND = ["wait", "timeout", "conflict-exit-code", "close", "expect-uid"];

function nameFrom(args: Arguments): UnixAddress {
  const [name, ...rest] = args.words;
  if (name === undefined) throw new UsageError("which @NAME?");
  if (rest.length > 0) throw new UsageError(`unexpected '${rest[0]}'; a command stands behind --`);
  const garbled = garbledArgument(args.command ?? []);
  if (garbled !== undefined) {
    throw new UsageError(`'${garbled}' is not UTF-8: in @NAME, write \\xHH; the arguments of CMD may be any bytes`);
  }
  try {
    return lockAddress(name);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** Becomes the command, which holds the lock from then on. */
function become(command: readonly string[], instance: Instance): never {
  instance.keepOnExec();
  exec(command[0], commandBytes(command).slice(1));
}

/** Starts the command and becomes its waiter, which holds the lock. */
async function holdMeanwhile(command: readonly string[], instance: Instance): Promise<never> {
  const { runInForeground } = await import("../spawn/foreground.ts");
  const { fd, companion } = instance;
  return await runInForeground({
    spawn: {
      command: command[0],
      args: commandBytes(command).slice(1),
      fds: Object.fromEntries(inheritedDescriptors().map((number) => [number, number])),
    },
    listeners: [],
    socketPairs: [],
    terminal: false,
    grace: 0,
    commandLine: commandLine(),
    held: companion ? [fd, companion] : [fd],
  });
}

/**
 * Runs `ipcx lock`.
 *
 * @param args Its arguments.
 * @returns The exit status; with a command, only if that does not run.
 */
export async function run(args: Arguments): Promise<number> {
  const lock = nameFrom(args);
  if (args.has("status")) {
    if (args.command) throw new UsageError("--status takes no command");
    const unwanted = FOR_COMMAND.find((name) => args.has(name));
    if (unwanted) throw new UsageError(`--${unwanted} is for a command, not for --status`);
    return showStatus(lock, args);
  }
  const { command } = args;
  if (!command) throw new UsageError("which CMD? It stands behind --; --status tells who holds the name");
  if (args.has("json")) throw new UsageError("--json is for --status");
  const conflict = args.get("conflict-exit-code", exitStatus) ?? DEFAULT_CONFLICT;
  const timeout = args.get("timeout", duration);
  const expectUid = args.get("expect-uid", userId);
  let instance: Instance;
  try {
    instance = await acquireInstance(lock, { wait: args.has("wait") || timeout !== undefined, timeout, expectUid });
  } catch (error) {
    // Who should not have it at all is no conflict that can be expected.
    if (!(error instanceof InstanceHeldError) || error.isUnexpected) throw error;
    if (!args.has("quiet")) console.error(`ipcx lock: ${error.message}`);
    return conflict;
  }
  try {
    return args.has("close") ? await holdMeanwhile(command, instance) : become(command, instance);
  } catch (error) {
    return failedStart("lock", error);
  }
}
