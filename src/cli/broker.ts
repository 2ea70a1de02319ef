/**
 * `ipcx broker`: arguments in, a running broker, exit status out.
 *
 * @module
 */

import { getLogger } from "@std/log";
import { AccessRules } from "../broker/access.ts";
import { Broker } from "../broker/broker.ts";
import { type ControlOwner, ControlServer } from "../broker/control.ts";
import { defaultBrokerAddress, defaultControlAddress } from "../broker/defaults.ts";
import type { Limits } from "../broker/limits.ts";
import { groupId, userId } from "../core/accounts.ts";
import { type ActivatedFd, takeActivatedFds } from "../core/activation.ts";
import { UnixAddress } from "../core/address.ts";
import { daemonize, isDaemonized } from "../core/daemonize.ts";
import { type ListenOptions, UnixListener } from "../core/listener.ts";
import { Pidfile } from "../core/pidfile.ts";
import { runService } from "../core/service.ts";
import { setUpLogging } from "./logging.ts";
import { surviveFaults } from "./faults.ts";
import { type Arguments, UsageError } from "./parse.ts";
import { count, duration, mode, positive } from "./values.ts";

const CONTROL_NAME = "control";

/** What holds where no option says otherwise. */
export interface BrokerDefaults {
  /** Where it listens. */
  address(): string;
  /** Where its control socket is, if it listens there. */
  control(socket: string): string;
  /** The permissions of its socket files; `undefined` for those that are safest. */
  mode?: number;
}

const DEFAULTS: BrokerDefaults = { address: defaultBrokerAddress, control: defaultControlAddress };

function limitsFrom(args: Arguments): Partial<Limits> {
  const limits: Partial<Limits> = {
    maxClients: args.get("max-clients", positive),
    maxClientsPerUid: args.get("max-clients-per-uid", positive),
    maxWaitingPerKey: args.get("max-waiting-per-key", positive),
    requestTimeout: args.get("request-timeout", duration),
    pairTimeout: args.get("pair-timeout", duration),
    connectionsPerSecond: args.get("connections-per-second", count),
  };
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));
}

function accessFrom(args: Arguments): AccessRules {
  const rules = args.all("access", (rule) => (AccessRules.parse([rule]), rule));
  return args.get("access-file", (file) => AccessRules.readFile(file, rules)) ?? AccessRules.parse(rules);
}

function fileOptionsFrom(args: Arguments, defaults: BrokerDefaults): ListenOptions {
  return {
    mode: args.get("mode", mode) ?? defaults.mode,
    uid: args.get("owner", userId),
    gid: args.get("group", groupId),
  };
}

/** The sockets to serve: those asked for and those passed by a service manager, else the default one. */
function openListeners(args: Arguments, passed: readonly ActivatedFd[], defaults: BrokerDefaults): UnixListener[] {
  const asked = args.all("socket", UnixAddress.parse);
  const addresses = asked.length + passed.length > 0 ? asked : [UnixAddress.parse(defaults.address())];
  const options = fileOptionsFrom(args, defaults);
  const listeners = passed.map(({ fd }) => UnixListener.fromFd(fd));
  try {
    for (const address of addresses) listeners.push(UnixListener.listen(address, options));
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
  defaults: BrokerDefaults,
): UnixListener | undefined {
  if (passed) return UnixListener.fromFd(passed.fd);
  const asked = args.get("control", (text) => text === "none" ? text : UnixAddress.parse(text));
  if (asked === "none") return undefined;
  return UnixListener.listen(asked ?? defaults.control(`${first.listensAt}`), { mode: 0o600 });
}

/** Opens all that is served; what it returns closes it again. */
function serve(
  args: Arguments,
  passed: readonly ActivatedFd[],
  broker: Broker,
  owner: ControlOwner,
  defaults: BrokerDefaults,
): DisposableStack {
  using stack = new DisposableStack();
  const control = passed.find(({ name }) => name === CONTROL_NAME);
  const listeners = openListeners(args, passed.filter((one) => one !== control), defaults);
  for (const listener of listeners) stack.use(listener);
  const controlListener = openControl(args, control, listeners[0], defaults);
  if (controlListener) stack.use(controlListener);
  const pidfile = args.get("pidfile");
  if (pidfile !== undefined) stack.use(Pidfile.create(pidfile));
  if (controlListener) stack.use(new ControlServer(broker, controlListener, owner));
  // Last in, first out: the broker has to stop watching before a descriptor is closed.
  stack.defer(() => broker.close());
  for (const listener of listeners) broker.listen(listener);
  const { sockets, limits } = broker.status;
  const listensAt = controlListener ? `${controlListener.listensAt}` : "none";
  getLogger("broker").info("serving", { sockets, control: listensAt, limits });
  return stack.move();
}

/**
 * Runs `ipcx broker`.
 *
 * @param args Its arguments.
 * @param defaults What holds where they say nothing.
 * @returns The exit status.
 */
export async function run(args: Arguments, defaults: BrokerDefaults = DEFAULTS): Promise<number> {
  if (args.words.length > 0) throw new UsageError(`unexpected '${args.words[0]}'`);
  const daemonized = isDaemonized();
  const passed = takeActivatedFds();
  if (args.has("daemonize") && !daemonized) {
    if (passed.length > 0) throw new UsageError("--daemonize does not go with sockets passed by a service manager");
    return await daemonize("--daemonize");
  }
  const log = setUpLogging(args, "broker");
  surviveFaults("broker");
  using broker = new Broker({ limits: limitsFrom(args), access: accessFrom(args) });
  using stack = new DisposableStack();
  const finished = Promise.withResolvers<void>();
  const logger = getLogger("broker");
  await runService({
    start: () => void stack.use(serve(args, passed, broker, { shutdown: finished.resolve }, defaults)),
    get status() {
      return `serving ${broker.status.sockets.join(" ")}`;
    },
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
