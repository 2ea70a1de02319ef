/**
 * `ipcx broker`: arguments in, a running broker, exit status out.
 *
 * @module
 */

import { getLogger } from "@std/log";
import { AccessRules, groupId, userId } from "../broker/access.ts";
import { Broker } from "../broker/broker.ts";
import { ControlServer } from "../broker/control.ts";
import { defaultBrokerAddress, defaultControlAddress } from "../broker/defaults.ts";
import type { Limits } from "../broker/limits.ts";
import { type ActivatedFd, takeActivatedFds } from "../core/activation.ts";
import { daemonize, isDaemonized } from "../core/daemonize.ts";
import { type ListenOptions, UnixListener } from "../core/listener.ts";
import { Pidfile } from "../core/pidfile.ts";
import { runService } from "../core/service.ts";
import { setUpLogging } from "./logging.ts";
import { type Arguments, UsageError } from "./parse.ts";
import { count, duration, mode } from "./values.ts";

const CONTROL_NAME = "control";

function limitsFrom(args: Arguments): Partial<Limits> {
  const limits: Partial<Limits> = {
    maxClients: args.get("max-clients", count),
    maxClientsPerUid: args.get("max-clients-per-uid", count),
    maxWaitingPerKey: args.get("max-waiting-per-key", count),
    requestTimeout: args.get("request-timeout", duration),
    pairTimeout: args.get("pair-timeout", duration),
    connectionsPerSecond: args.get("connections-per-second", count),
  };
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));
}

function accessFrom(args: Arguments): AccessRules {
  const file = args.get("access-file");
  return file === undefined ? AccessRules.parse(args.all("access")) : AccessRules.readFile(file, args.all("access"));
}

function fileOptionsFrom(args: Arguments): ListenOptions {
  return { mode: args.get("mode", mode), uid: args.get("owner", userId), gid: args.get("group", groupId) };
}

/** The sockets to serve: those asked for and those passed by a service manager, else the default one. */
function openListeners(args: Arguments, passed: readonly ActivatedFd[]): UnixListener[] {
  const addresses = args.all("socket").length + passed.length > 0 ? args.all("socket") : [defaultBrokerAddress()];
  const listeners = passed.map(({ fd }) => UnixListener.fromFd(fd));
  try {
    for (const address of addresses) listeners.push(UnixListener.listen(address, fileOptionsFrom(args)));
  } catch (error) {
    for (const listener of listeners) listener.close();
    throw error;
  }
  return listeners;
}

function openControl(
  args: Arguments,
  passed: ActivatedFd | undefined,
  first: UnixListener,
): UnixListener | undefined {
  if (passed) return UnixListener.fromFd(passed.fd);
  const asked = args.get("control");
  if (asked === "none") return undefined;
  return UnixListener.listen(asked ?? defaultControlAddress(`${first.listensAt}`), { mode: 0o600 });
}

function makeBroker(args: Arguments): Broker {
  try {
    return new Broker({ limits: limitsFrom(args), access: accessFrom(args) });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/**
 * Runs `ipcx broker`.
 *
 * @param args Its arguments.
 * @returns The exit status.
 */
export async function run(args: Arguments): Promise<number> {
  if (args.words.length > 0) throw new UsageError(`unexpected '${args.words[0]}'`);
  const daemonized = isDaemonized();
  const passed = takeActivatedFds();
  if (args.has("daemonize") && !daemonized) {
    if (passed.length > 0) throw new UsageError("--daemonize does not go with sockets passed by a service manager");
    return await daemonize("--daemonize");
  }
  const log = setUpLogging(args, "broker");
  using broker = makeBroker(args);
  const control = passed.find(({ name }) => name === CONTROL_NAME);
  const listeners = openListeners(args, passed.filter((one) => one !== control));
  using stack = new DisposableStack();
  for (const listener of listeners) stack.use(listener);
  const controlListener = openControl(args, control, listeners[0]);
  if (controlListener) stack.use(controlListener);
  const pidfile = args.get("pidfile");
  if (pidfile !== undefined) stack.use(Pidfile.create(pidfile));

  const finished = Promise.withResolvers<void>();
  if (controlListener) stack.use(new ControlServer(broker, controlListener, { shutdown: finished.resolve }));
  for (const listener of listeners) broker.listen(listener);
  const { sockets, limits } = broker.status;
  const logger = getLogger("broker");
  logger.info("serving", { sockets, control: controlListener ? `${controlListener.listensAt}` : "none", limits });
  await runService({
    status: `serving ${sockets.join(" ")}`,
    finished: finished.promise,
    reload() {
      try {
        log.reopen();
        broker.access = accessFrom(args);
        logger.info("reloaded");
      } catch (error) {
        logger.error("reload failed, the old configuration stays", { error: (error as Error).message });
      }
    },
  });
  const { accepted, paired, waiting } = broker.status;
  logger.info("stopping", { accepted, paired, waiting });
  return 0;
}
