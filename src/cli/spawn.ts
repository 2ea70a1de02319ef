/**
 * `ipcx spawn`: arguments in, a program in other namespaces.
 *
 * @module
 */

import { groupId, userId } from "../core/accounts.ts";
import { UnixAddress } from "../core/address.ts";
import { CAPABILITY_NAMES, capabilityNumbers } from "../spawn/capabilities.ts";
import type { SocketFor } from "../spawn/foreground.ts";
import { runInForeground, runInPlace } from "../spawn/foreground.ts";
import { NAMESPACE_KINDS, type Namespaces } from "../spawn/namespaces.ts";
import type { SpawnOptions } from "../spawn/options.ts";
import { parseLimit, RESOURCE_NAMES, type ResourceLimit } from "../spawn/rlimits.ts";
import { SIGNAL_NAMES, signalNumber } from "../spawn/signals.ts";
import { failedStart } from "./failed_start.ts";
import { type Arguments, UsageError } from "./parse.ts";
import { commandBytes, commandLine, garbledArgument } from "./own_arguments.ts";
import { descriptor, duration, integer, named } from "./values.ts";

const DEFAULT_GRACE_MS = 5000;

/** What cannot be had without somebody who waits. */
const NEEDS_WAITER = ["pty", "timeout", "grace", "status-fd", "kill-child"];

function namespacesFrom(args: Arguments): Namespaces {
  const target = args.get("target", (text) => {
    if (!/^[1-9]\d{0,9}(:\d+)?$/.test(text)) throw new Error(`'${text}' is no process: write PID or PID:INODE`);
    return text;
  });
  if (args.has("all") && target === undefined) throw new UsageError("--all needs --target");
  const namespaces: Namespaces = { target, all: args.has("all") };
  for (const kind of NAMESPACE_KINDS) {
    const where = args.get(kind);
    if (where === "" && target === undefined) throw new UsageError(`--${kind} without a value needs --target`);
    if (where !== undefined) namespaces[kind] = where === "" ? true : where;
  }
  const isMeant = namespaces.all || args.get("wd") === "" || NAMESPACE_KINDS.some((kind) => namespaces[kind] === true);
  if (target !== undefined && !isMeant) {
    throw new UsageError("--target joins nothing by itself: give --all, or what is wanted of it, such as --net");
  }
  return namespaces;
}

function keptFd(text: string): [number, number] {
  const [from, to = from, ...rest] = text.split("=");
  if (rest.length > 0) throw new Error(`'${text}' is not N or N=M`);
  return [descriptor(to), descriptor(from)];
}

function socketFor(text: string): SocketFor {
  const [, number, address] = /^(\d+)=(.+)$/s.exec(text) ?? [];
  if (number === undefined) throw new Error(`'${text}' is not N=ADDR`);
  return { number: descriptor(number), address: UnixAddress.parse(address) };
}

function pairFor(text: string): SocketFor {
  const [, number] = /^(\d+)=-$/.exec(text) ?? [];
  return number === undefined ? socketFor(text) : { number: descriptor(number), address: "-" };
}

function variable(text: string): [string, string] {
  const equals = text.indexOf("=");
  if (equals < 1) throw new Error(`'${text}' is not NAME=VALUE`);
  return [text.slice(0, equals), text.slice(equals + 1)];
}

function list(text: string): string[] {
  return text.split(",").filter((word) => word !== "");
}

function capabilities(text: string): string[] {
  const names = list(text);
  for (const name of names) named(name.replace(/^cap_/i, ""), CAPABILITY_NAMES, () => capabilityNumbers([name]));
  return names;
}

function resourceLimit(text: string): [string, ResourceLimit] {
  const [name] = text.split("=");
  return named(name.toLowerCase().replace(/^rlimit_/, ""), RESOURCE_NAMES, () => parseLimit(text));
}

function signal(text: string): string {
  named(text.toUpperCase().replace(/^SIG/, ""), SIGNAL_NAMES, () => signalNumber(text));
  return text;
}

function within(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = integer(text);
    if (number < least || number > most) throw new Error(`'${text}' is not within ${least} and ${most}`);
    return number;
  };
}

function insistOnDistinct(numbers: readonly number[]): void {
  const twice = numbers.find((number, at) => numbers.indexOf(number) !== at);
  if (twice !== undefined) throw new UsageError(`descriptor ${twice} is given twice`);
}

function workingDirectory(args: Arguments, target: number | string | undefined): string | undefined {
  const wd = args.get("wd");
  if (wd !== "") return wd;
  if (target === undefined) throw new UsageError("--wd without a value needs --target");
  return `/proc/${`${target}`.split(":")[0]}/cwd`;
}

function listenFdNames(args: Arguments, numbers: readonly number[]): string[] | undefined {
  const names = args.get("listen-fds");
  if (names === undefined) return undefined;
  const passed = numbers.filter((number) => number >= 3).length;
  if (passed === 0) throw new UsageError("--listen-fds has nothing to announce: no descriptor is passed");
  if (names === "") return Array<string>(passed).fill("unknown");
  const list = names.split(":");
  if (list.length !== passed) throw new UsageError(`--listen-fds has ${list.length} names for ${passed} descriptors`);
  return list;
}

function optionsFrom(args: Arguments, command: readonly string[], numbers: readonly number[]): SpawnOptions {
  const namespaces = namespacesFrom(args);
  if (args.has("local") && namespaces.mnt === undefined && !namespaces.all && !args.has("root")) {
    throw new UsageError("--local is about the mount namespace: give --mnt, --all or --root");
  }
  if (args.has("wd") && args.has("wdns")) throw new UsageError("--wd and --wdns exclude each other");
  return {
    command: command[0],
    args: commandBytes(command).slice(1),
    namespaces,
    local: args.has("local"),
    fds: Object.fromEntries(args.all("keep-fd", keptFd)),
    listenFdNames: listenFdNames(args, numbers),
    uid: args.get("uid", userId),
    gid: args.get("gid", groupId),
    groups: args.get("groups", (text) => list(text).map(groupId)),
    root: args.get("root"),
    wd: workingDirectory(args, namespaces.target),
    wdns: args.get("wdns"),
    env: Object.fromEntries(args.all("env", variable)),
    clearEnv: args.has("clear-env"),
    noNewPrivileges: args.has("no-new-privs"),
    dropCapabilities: args.all("cap-drop", capabilities).flat(),
    rlimits: Object.fromEntries(args.all("rlimit", resourceLimit)),
    oomScoreAdj: args.get("oom-score-adj", within(-1000, 1000)),
    nice: args.get("nice", within(-20, 19)),
    cgroup: args.get("cgroup-path"),
    newSession: args.has("new-session"),
    deathSignal: args.get("kill-child", (text) => text === "" ? "SIGKILL" : signal(text)),
  };
}

/** As in a shell, what is wrong with the program itself shows in the exit status. */
function failed(name: string, error: unknown): number {
  if (error instanceof TypeError) throw new UsageError(error.message);
  return failedStart(name, error);
}

/**
 * Runs `ipcx spawn`.
 *
 * @param args Its arguments.
 * @param name What the command is called in messages.
 * @returns The exit status; only if it fails.
 */
export async function run(args: Arguments, name = "spawn"): Promise<number> {
  const { command } = args;
  if (!command) throw new UsageError("which CMD?");
  const garbled = garbledArgument(command);
  if (garbled !== undefined) {
    throw new UsageError(`'${garbled}' is not UTF-8: only the arguments of CMD may be other bytes`);
  }
  const inPlace = args.has("exec");
  const unwanted = inPlace ? NEEDS_WAITER.find((name) => args.has(name)) : undefined;
  if (unwanted) throw new UsageError(`--exec leaves nobody to do what --${unwanted} asks for`);
  const listeners = args.all("listen", socketFor);
  const socketPairs = args.all("socketpair", pairFor);
  const joined = socketPairs.filter(({ address }) => address === "-").length + (args.has("pty") ? 1 : 0);
  if (joined > 1) throw new UsageError("standard input and output can be joined to one thing only");
  if (joined > 0 && inPlace) {
    throw new UsageError("--exec leaves nobody to join standard input and output to --socketpair");
  }
  if (args.get("grace", duration) !== undefined && !args.has("timeout")) {
    throw new UsageError("--grace needs --timeout");
  }
  const kept = args.all("keep-fd", keptFd);
  if (joined > 0 && kept.some(([, from]) => from === 0)) {
    throw new UsageError("descriptor 0 cannot be kept: ipcx itself reads standard input");
  }
  const numbers = [
    ...kept.map(([to]) => to),
    ...[...listeners, ...socketPairs].map(({ number }) => number),
  ];
  insistOnDistinct(numbers);
  try {
    const options = {
      spawn: optionsFrom(args, command, numbers),
      listeners,
      socketPairs,
      terminal: args.has("pty"),
      pidFile: args.get("pid-file"),
      statusFd: args.get("status-fd", descriptor),
      timeout: args.get("timeout", duration) || undefined,
      grace: args.get("grace", duration) ?? DEFAULT_GRACE_MS,
      commandLine: commandLine(),
    };
    return await (inPlace ? runInPlace(options) : runInForeground(options));
  } catch (error) {
    return failed(name, error);
  }
}
