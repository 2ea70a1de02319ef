/**
 * From options to a process: everything is opened and decided first, then done.
 *
 * @module
 */

import { check } from "../core/errors.ts";
import { checkInherited, Fd } from "../core/fd.ts";
import { candidatesFor, Environment } from "../core/image.ts";
import { OPEN } from "../core/linux.ts";
import { native } from "../core/native.ts";
import { openPath } from "../core/reach.ts";
import { cgroupDirectory, openCgroup } from "./cgroup.ts";
import { mapDescriptors } from "./descriptor_map.ts";
import { identitySteps, leaveGroups, rootOfUserNamespace } from "./identity_steps.ts";
import { NAMESPACE_FLAGS, type OpenNamespace, openNamespaces } from "./namespaces.ts";
import type { SpawnOptions } from "./options.ts";
import { carryOut, type Created, type Plan, PLAN_FLAG, STEP, type Step } from "./plan.ts";
import { openScript } from "./program.ts";
import { encodeLimit, resourceNumber } from "./rlimits.ts";
import { signalNumber } from "./signals.ts";

const encoder = new TextEncoder();

/** Where the descriptors begin that LISTEN_FDS announces. */
const FIRST_LISTEN_FD = 3;

/** Room for any pid, which the child fills in. */
const ANY_PID = "0000000000";

/** A plan and what must stay open until it is carried out. */
export interface PreparedPlan extends Disposable {
  /** The plan. */
  readonly plan: Plan;
  /** The descriptors of this process that it needs. */
  readonly needs: readonly number[];
}

function joinStep({ kind, fd, path }: OpenNamespace): Step {
  return {
    what: STEP.JOIN,
    numbers: [fd.number, NAMESPACE_FLAGS[kind]],
    syscall: "setns",
    about: `${path} (${kind} namespace)`,
  };
}

function resourceSteps(options: SpawnOptions): Step[] {
  const limits = Object.entries(options.rlimits ?? {});
  const { oomScoreAdj, nice } = options;
  return [
    ...(oomScoreAdj === undefined ? [] : [{
      what: STEP.WRITE,
      data: encoder.encode(`/proc/self/oom_score_adj\0${oomScoreAdj}\0`),
      syscall: "write",
      about: `oom_score_adj ${oomScoreAdj}`,
    }]),
    ...(nice === undefined ? [] : [{
      what: STEP.NICE,
      numbers: [nice],
      syscall: "setpriority",
      about: `nice ${nice}`,
    }]),
    ...limits.filter(([name]) => !isDescriptorLimit(name)).map(limitStep),
  ];
}

function isDescriptorLimit(name: string): boolean {
  return resourceNumber(name) === resourceNumber("nofile");
}

function limitStep([name, limit]: [string, Parameters<typeof encodeLimit>[0]]): Step {
  return {
    what: STEP.LIMIT,
    numbers: [resourceNumber(name)],
    data: new Uint8Array(encodeLimit(limit).buffer),
    syscall: "setrlimit",
    about: name,
  };
}

function environmentFor(options: SpawnOptions): Environment {
  const environment = options.clearEnv ? Environment.of() : Environment.inherit();
  for (const [name, value] of Object.entries(options.env ?? {})) environment.set(name, value);
  const names = options.listenFdNames;
  if (names) {
    environment.set("LISTEN_FDS", `${names.length}`);
    environment.set("LISTEN_FDNAMES", names.join(":"));
    // Last, where the EXEC step finds it.
    environment.set("LISTEN_PID", ANY_PID);
  }
  return environment;
}

function checkListenFds(options: SpawnOptions): void {
  for (let at = 0; at < (options.listenFdNames?.length ?? 0); at++) {
    if (options.fds?.[FIRST_LISTEN_FD + at] === undefined) {
      throw new TypeError(`LISTEN_FDS counts from 3 on without a gap: there is no descriptor ${FIRST_LISTEN_FD + at}`);
    }
  }
}

/**
 * Whether others may look into a program of the caller's in another pid namespace:
 * through /proc/PID/exe root there could write to the caller's file. A change of
 * user hides a program that runs already, and with it /proc/self from itself.
 */
function concealSteps({ uid }: SpawnOptions, isSeen: boolean): Step[] {
  if (uid) return [{ what: STEP.CONCEAL, numbers: [1], syscall: "prctl" }];
  return isSeen ? [{ what: STEP.CONCEAL, numbers: [0], syscall: "prctl" }] : [];
}

/** Where the child is to be: its root, then its working directory. */
function placeSteps(root: Fd | undefined, wd: Fd | undefined, wdns: string | undefined): Step[] {
  return [
    ...(root
      ? [{ what: STEP.CHANGE_ROOT, numbers: [root.number], syscall: "chroot", about: "the root directory" }]
      : []),
    ...(wd
      ? [{ what: STEP.CHANGE_DIRECTORY, numbers: [wd.number], syscall: "fchdir", about: "the working directory" }]
      : []),
    ...(wdns === undefined
      ? []
      : [{ what: STEP.CHANGE_TO_PATH, data: encoder.encode(`${wdns}\0`), syscall: "chdir", about: wdns }]),
  ];
}

function sessionSteps(options: SpawnOptions): Step[] {
  if (!options.newSession && !options.terminal) {
    return options.processGroup ? [{ what: STEP.GROUP, numbers: [0], syscall: "setpgid" }] : [];
  }
  return [
    { what: STEP.SESSION, syscall: "setsid" },
    ...(options.terminal
      ? [{ what: STEP.TERMINAL, numbers: [options.terminal.number], syscall: "ioctl", about: "the terminal" }]
      : []),
  ];
}

/** The same steps with descriptors at the numbers that they have by then. */
function relocated(steps: readonly Step[], from: readonly number[], to: readonly number[]): Step[] {
  return steps.map((step) => {
    const at = from.indexOf(step.numbers?.[0] ?? -1);
    return at < 0 ? step : { ...step, numbers: [to[at], ...step.numbers!.slice(1)] };
  });
}

/**
 * Opens all that a process needs and plans how it begins.
 *
 * @param options How to start it.
 * @param streams The descriptors that become its standard streams.
 * @returns The plan; dispose of it when it was carried out.
 * @throws {SystemError} For what cannot be opened.
 * @throws {TypeError} For options that contradict each other.
 */
export function preparePlan(options: SpawnOptions, streams: readonly [number, number, number]): PreparedPlan {
  using opened = new DisposableStack();
  const hold = (fd: Fd): Fd => opened.use(fd);
  checkListenFds(options);
  const { list, root: targetRoot } = opened.use(openNamespaces(options.namespaces ?? {}));
  const root = options.root === undefined ? targetRoot : hold(openPath(options.root, OPEN.DIRECTORY));
  const wd = options.wd === undefined ? undefined : hold(openPath(options.wd, OPEN.DIRECTORY));
  const cgroupPath = options.cgroup === undefined ? undefined : cgroupDirectory(options.cgroup);
  const cgroup = cgroupPath === undefined ? undefined : hold(openCgroup(cgroupPath));
  const parent = options.deathSignal === undefined
    ? undefined
    : hold(new Fd(check(native.ipcx_pidfd_open(Deno.pid), "pidfd_open", { pid: Deno.pid })));
  const environment = environmentFor(options);
  const packed = environment.pack();
  const paths = candidatesFor(options.command, environment);

  const mnt = list.find(({ kind }) => kind === "mnt");
  const isLocal = Boolean(options.local && (mnt || root));
  const script = isLocal ? openScript(paths) : undefined;
  if (script) hold(script);
  const pid = list.find(({ kind }) => kind === "pid");
  const joinsUser = list.some(({ kind }) => kind === "user");

  const elsewhere = [...(isLocal && mnt ? [joinStep(mnt)] : []), ...placeSteps(root, wd, options.wdns)];
  const identity = identitySteps(options, joinsUser);
  const map = new Map<number, number>([...streams.entries()]);
  for (const [number, fd] of Object.entries(options.fds ?? {})) {
    map.set(Number(number), typeof fd === "number" ? checkInherited(fd) : fd.number);
  }
  const later = isLocal ? [mnt?.fd, root, wd].flatMap((fd) => fd ? [fd.number] : []) : parent ? [parent.number] : [];
  const { steps: descriptorSteps, kept } = mapDescriptors(map, later);
  const limits = Object.entries(options.rlimits ?? {}).filter(([name]) => isDescriptorLimit(name)).map(limitStep);
  const deathStep = (pidfd: number): Step[] =>
    options.deathSignal === undefined
      ? []
      : [{ what: STEP.DEATH_SIGNAL, numbers: [signalNumber(options.deathSignal), pidfd], syscall: "prctl" }];

  const steps: Step[] = [
    ...resourceSteps(options),
    ...(pid ? [{ what: STEP.CONCEAL, syscall: "prctl" }] : []),
    ...(joinsUser ? leaveGroups() : []),
    ...list.filter((namespace) => !(isLocal && namespace === mnt)).map(joinStep),
    ...(pid ? [{ what: STEP.FORK, syscall: "clone3", about: `${pid.path} (pid namespace)` }] : []),
    ...(joinsUser ? rootOfUserNamespace() : []),
    ...(isLocal ? [] : elsewhere),
    ...sessionSteps(options),
    ...descriptorSteps,
    ...limits,
    ...(isLocal ? [] : [...identity, ...deathStep(kept[0])]),
    ...(isLocal || options.paused ? [{ what: STEP.TRACE, syscall: "ptrace" }] : []),
    {
      what: STEP.EXEC,
      numbers: [options.listenFdNames ? packed.count - 1 : -1],
      syscall: "execve",
      about: options.command,
    },
  ];
  const deferred: Step[] = !isLocal ? [] : [
    ...relocated(elsewhere, later, kept),
    ...kept.map((fd): Step => ({ what: STEP.CLOSE_RANGE, numbers: [fd, fd, 0], syscall: "close_range" })),
    ...identity,
    ...concealSteps(options, pid !== undefined),
    ...deathStep(-1),
  ];
  const held = opened.move();
  return {
    plan: {
      steps,
      deferred,
      command: options.command,
      paths,
      args: [options.argv0 ?? options.command, ...options.args ?? []],
      environment: packed,
      cgroup: cgroup?.number ?? -1,
      cgroupPath,
      script: script?.number ?? -1,
      flags: (list.some(({ kind }) => kind === "time") ? PLAN_FLAG.COPY : 0) | (options.paused ? PLAN_FLAG.PAUSED : 0),
    },
    needs: [
      ...map.values(),
      ...list.map(({ fd }) => fd.number),
      ...[root, wd, parent].flatMap((fd) => fd?.number ?? []),
    ],
    [Symbol.dispose]: () => held.dispose(),
  };
}

/**
 * Creates a process: when this returns, it has become its program.
 *
 * @param options How to start it; `stdin`, `stdout` and `stderr` are not looked at.
 * @param streams The descriptors that become its standard streams.
 * @returns The process, whose pidfd is the caller's.
 * @throws {SystemError} Of the step that failed; no process is left then.
 * @throws {TypeError} For options that contradict each other.
 */
export function create(options: SpawnOptions, streams: readonly [number, number, number]): Created {
  using prepared = preparePlan(options, streams);
  return carryOut(prepared.plan);
}
