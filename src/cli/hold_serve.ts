/**
 * `ipcx hold` without a word: arguments in, a running holder, exit status out.
 *
 * @module
 */

import { getLogger } from "@std/log";
import { groupId, userId } from "../core/accounts.ts";
import { type ActivatedFd, hasActivatedFds, takeActivatedFds } from "../core/activation.ts";
import { UnixAddress } from "../core/address.ts";
import { daemonize, isDaemonized } from "../core/daemonize.ts";
import { UnixListener } from "../core/listener.ts";
import { Pidfile } from "../core/pidfile.ts";
import { runService } from "../core/service.ts";
import { HoldAccess } from "../hold/access.ts";
import { defaultHolderAddress } from "../hold/defaults.ts";
import { FdHolder } from "../hold/holder.ts";
import type { HolderLimits } from "../hold/limits.ts";
import { fileOfInherited, type HoldTarget, openTarget, parseHoldTarget } from "../hold/listen_target.ts";
import { checkName } from "../hold/names.ts";
import { surviveFaults } from "./faults.ts";
import { setUpLogging } from "./logging.ts";
import { type Arguments, UsageError } from "./parse.ts";
import { duration, mode, positive } from "./values.ts";

/** Of what is passed by a service manager, the listener of this name is the holder's own socket. */
const CONTROL_NAME = "control";

/** What is to be opened and held. */
interface NamedTarget {
  name: string;
  target: HoldTarget;
}

function limitsFrom(args: Arguments): Partial<HolderLimits> {
  const limits: Partial<HolderLimits> = {
    maxHeld: args.get("max-held", positive),
    maxHeldPerUid: args.get("max-held-per-uid", positive),
    maxClients: args.get("max-clients", positive),
    maxClientsPerUid: args.get("max-clients-per-uid", positive),
    requestTimeout: args.get("request-timeout", duration),
  };
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));
}

function accessFrom(args: Arguments): HoldAccess {
  const rules = args.all("access", (rule) => (HoldAccess.parse([rule]), rule));
  return args.get("access-file", (file) => HoldAccess.readFile(file, rules)) ?? HoldAccess.parse(rules);
}

function namedTarget(text: string): NamedTarget {
  const [, name, where] = /^([^=]*)=(.*)$/s.exec(text) ?? [];
  if (name === undefined) throw new Error(`'${text}' is not NAME=WHERE`);
  return { name: checkName(name), target: parseHoldTarget(where) };
}

function targetsFrom(args: Arguments): NamedTarget[] {
  const targets = args.all("listen", namedTarget);
  const names = targets.map(({ name }) => name);
  const repeated = names.find((name, at) => names.indexOf(name) !== at);
  if (repeated !== undefined) throw new UsageError(`--listen: the name '${repeated}' was given more than once`);
  return targets;
}

/** Several sockets of a unit of systemd have one name: the second becomes NAME.2. */
function numbered(passed: readonly ActivatedFd[]): ActivatedFd[] {
  const counts = new Map<string, number>();
  return passed.map(({ fd, name }) => {
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    return { fd, name: count === 1 ? name : `${name}.${count}` };
  });
}

/** The sockets to serve clients at. */
function openSockets(args: Arguments, passed: ActivatedFd | undefined): UnixListener[] {
  using opened = new DisposableStack();
  const sockets: UnixListener[] = [];
  if (passed) sockets.push(opened.use(UnixListener.fromFd(passed.fd)));
  const asked = args.all("socket", UnixAddress.parse);
  const options = {
    type: "seqpacket",
    mode: args.get("mode", mode),
    uid: args.get("owner", userId),
    gid: args.get("group", groupId),
  } as const;
  for (const address of asked.length + sockets.length > 0 ? asked : [defaultHolderAddress()]) {
    sockets.push(opened.use(UnixListener.listen(address, options)));
  }
  opened.move();
  return sockets;
}

/** Holds what was passed. What would be opened under its name was opened by the predecessor, with its file. */
function holdPassed(holder: FdHolder, targets: readonly NamedTarget[], passed: readonly ActivatedFd[]): void {
  using unheld = new DisposableStack();
  for (const { fd } of passed) unheld.use(fd);
  for (const { fd, name } of numbered(passed)) {
    const target = targets.find((one) => one.name === name)?.target;
    holder.hold(name, fd, { expire: 0, file: target && fileOfInherited(target, fd) });
  }
  unheld.move();
}

/** Opens and holds what was not passed. */
async function holdOpened(holder: FdHolder, targets: readonly NamedTarget[]): Promise<void> {
  const isHeld = new Set(holder.held.map(({ name }) => name));
  for (const { name, target } of targets.filter((one) => !isHeld.has(one.name))) {
    const { fd, file } = await openTarget(target);
    try {
      holder.hold(name, fd, { expire: 0, file });
    } catch (error) {
      fd.close();
      file?.remove();
      throw error;
    }
  }
}

/** Begins to serve; what it returns ends that. */
async function serve(args: Arguments, holder: FdHolder, passed: readonly ActivatedFd[]): Promise<DisposableStack> {
  using stack = new DisposableStack();
  const control = passed.find(({ name }) => name === CONTROL_NAME);
  const sockets = openSockets(args, control);
  for (const socket of sockets) stack.use(socket);
  const pidfile = args.get("pidfile");
  if (pidfile !== undefined) stack.use(Pidfile.create(pidfile));
  stack.defer(() => holder.close());
  const targets = targetsFrom(args);
  holdPassed(holder, targets, passed.filter((one) => one !== control));
  await holdOpened(holder, targets);
  for (const socket of sockets) holder.listen(socket);
  const { limits } = holder.status;
  getLogger("hold").info("serving", {
    sockets: holder.status.sockets,
    held: holder.held.map(({ name, address }) => address === undefined ? name : `${name}=${address}`),
    limits,
  });
  return stack.move();
}

/**
 * Runs the holder.
 *
 * @param args Its arguments.
 * @returns The exit status.
 */
export async function run(args: Arguments): Promise<number> {
  const daemonized = isDaemonized();
  const targets = targetsFrom(args);
  if (args.has("daemonize") && !daemonized) {
    if (hasActivatedFds()) throw new UsageError("--daemonize does not go with descriptors passed by a service manager");
    if (targets.some(({ target }) => target.kind === "inherited")) {
      throw new UsageError("--daemonize does not go with fd:N: the process in the background has other descriptors");
    }
    return await daemonize("--daemonize");
  }
  const passed = takeActivatedFds();
  const log = setUpLogging(args, "hold");
  surviveFaults("hold");
  const logger = getLogger("hold");
  using holder = new FdHolder({
    limits: limitsFrom(args),
    access: accessFrom(args),
    expire: args.get("expire", duration),
  });
  using stack = new DisposableStack();
  await runService({
    start: async () => void stack.use(await serve(args, holder, passed)),
    get status() {
      return `holding ${holder.status.held} descriptors at ${holder.status.sockets.join(" ")}`;
    },
    reload() {
      try {
        log.reopen();
        holder.access = accessFrom(args);
        logger.info("reloaded");
      } catch (error) {
        logger.error("reload failed, the old configuration stays", { error: (error as Error).message });
      }
    },
  });
  const { held, stored, retrieved } = holder.status;
  logger.info("stopping", { held, stored, retrieved });
  return 0;
}
