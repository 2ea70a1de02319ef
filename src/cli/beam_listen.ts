/**
 * `ipcx beam listen`: a service that takes messages from all who connect.
 *
 * @module
 */

import { getLogger } from "@std/log";
import { hasActivatedFds, takeActivatedFds } from "../core/activation.ts";
import { UnixAddress } from "../core/address.ts";
import { UnixListener } from "../core/listener.ts";
import { runService } from "../core/service.ts";
import { BeamCommands } from "./beam_commands.ts";
import { failedStart } from "./failed_start.ts";
import { BeamService } from "./beam_service.ts";
import { addressesFrom, modeFrom, timeoutFrom, wireFrom } from "./beam_settings.ts";
import { jsonLine, textLine } from "./beam_text.ts";
import { setUpLogging } from "./logging.ts";
import { insistOn } from "./message_command.ts";
import { printInTurn } from "./output.ts";
import { type Arguments, UsageError } from "./parse.ts";
import { count, duration, positive } from "./values.ts";

const DEFAULT_CLIENTS = 256;
const DEFAULT_CHILDREN = 64;
const DEFAULT_GRACE_MS = 5000;

function countFrom(args: Arguments): number {
  if (args.has("once") && args.has("count")) throw new UsageError("--once and --count exclude each other");
  return args.has("once") ? 1 : args.get("count", count) ?? 0;
}

function commandsFrom(args: Arguments): BeamCommands | undefined {
  const most = args.get("max-children", positive);
  const grace = args.get("grace", duration);
  if (!args.command) {
    if (most !== undefined) throw new UsageError("--max-children is for --exec");
    if (grace !== undefined) throw new UsageError("--grace is for --exec");
    return undefined;
  }
  if (args.has("json")) throw new UsageError("--json and --exec exclude each other");
  insistOn(args.command[0]);
  return new BeamCommands(args.command, most ?? DEFAULT_CHILDREN);
}

/** The sockets to serve: the one asked for, and those passed by a service manager. */
function openListeners(args: Arguments, address: UnixAddress | undefined, stack: DisposableStack): UnixListener[] {
  const { type } = wireFrom(args, address ?? UnixAddress.unnamed);
  const mode = address && modeFrom(args, [address]);
  const listeners = takeActivatedFds().map(({ fd }) => stack.use(UnixListener.fromFd(fd)));
  if (address) listeners.push(stack.use(UnixListener.listen(address, { type, mode })));
  return listeners;
}

async function serve(args: Arguments, address: UnixAddress | undefined): Promise<void> {
  const commands = commandsFrom(args);
  const service = new BeamService({
    wire: wireFrom(args, address ?? UnixAddress.unnamed).options,
    line: args.has("json") ? jsonLine : textLine,
    print: printInTurn,
    commands,
    maxClients: args.get("max-clients", positive) ?? DEFAULT_CLIENTS,
    count: countFrom(args),
    timeout: timeoutFrom(args),
  });
  const logFile = setUpLogging(args, "beam");
  const logger = getLogger("beam");
  const sockets: string[] = [];
  using stack = new DisposableStack();
  await runService({
    start() {
      for (const listener of openListeners(args, address, stack)) {
        service.listen(listener);
        sockets.push(`${listener.listensAt}`);
      }
      logger.info("serving", { sockets });
    },
    get status() {
      return `serving ${sockets.join(" ")}`;
    },
    finished: service.finished,
    reload() {
      try {
        logFile.reopen();
      } catch (error) {
        logger.error("log not reopened", { error: (error as Error).message });
      }
    },
    async stop(hurry) {
      service.stop();
      if (sockets.length > 0) logger.info("stopping", { taken: service.taken });
      await commands?.stop(args.get("grace", duration) ?? DEFAULT_GRACE_MS, hurry);
    },
  });
}

/**
 * Runs `ipcx beam listen`.
 *
 * @param args Its arguments.
 * @returns The exit status.
 */
export async function run(args: Arguments): Promise<number> {
  const [address] = args.words.length === 1 && hasActivatedFds() ? [] : addressesFrom(args, ["ADDR"]);
  try {
    await serve(args, address);
    return 0;
  } catch (error) {
    return failedStart("beam", error);
  }
}
