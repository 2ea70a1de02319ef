/**
 * From options to a process: everything is opened and decided first, then done.
 *
 * @module
 */

import type { Fd } from "../core/fd.ts";
import { type Belongings, openBelongings } from "./belongings.ts";
import { mapDescriptors } from "./descriptor_map.ts";
import { identitySteps, leaveGroups, rootOfUserNamespace } from "./identity_steps.ts";
import { NAMESPACE_FLAGS, type NamespaceKind, type OpenNamespace } from "./namespaces.ts";
import type { SpawnOptions } from "./options.ts";
import { carryOut, type Created, type Plan, PLAN_FLAG, STEP, type Step } from "./plan.ts";
import { descriptorLimitSteps, resourceSteps } from "./resource_steps.ts";
import { signalNumber } from "./signals.ts";

const encoder = new TextEncoder();

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

/** Where the child is to be: its root, then its working directory. */
function placeSteps({ root, wd }: Belongings, wdns: string | undefined): Step[] {
  const steps: Step[] = [];
  if (root) {
    steps.push({ what: STEP.CHANGE_ROOT, numbers: [root.number], syscall: "chroot", about: "the root directory" });
  }
  if (wd) {
    steps.push({
      what: STEP.CHANGE_DIRECTORY,
      numbers: [wd.number],
      syscall: "fchdir",
      about: "the working directory",
    });
  }
  if (wdns !== undefined) {
    steps.push({ what: STEP.CHANGE_TO_PATH, data: encoder.encode(`${wdns}\0`), syscall: "chdir", about: wdns });
  }
  return steps;
}

/**
 * A shell asks where it is before it reads its script: it is to be told what will
 * be so. The place may not be there yet.
 */
function foreseenPlaceSteps({ wd }: Belongings, wdns: string | undefined): Step[] {
  if (wd) return [{ what: STEP.CHANGE_DIRECTORY, numbers: [wd.number], isTolerated: true, syscall: "fchdir" }];
  return [{ what: STEP.CHANGE_TO_PATH, data: encoder.encode(`${wdns ?? "/"}\0`), isTolerated: true, syscall: "chdir" }];
}

function sessionSteps({ newSession, terminal, processGroup }: SpawnOptions): Step[] {
  if (!newSession && !terminal) {
    return processGroup ? [{ what: STEP.GROUP, numbers: [0], syscall: "setpgid" }] : [];
  }
  const session: Step = { what: STEP.SESSION, syscall: "setsid" };
  if (!terminal) return [session];
  return [session, { what: STEP.TERMINAL, numbers: [terminal.number], syscall: "ioctl", about: "the terminal" }];
}

function deathSteps({ deathSignal }: SpawnOptions, parent: number): Step[] {
  if (deathSignal === undefined) return [];
  return [{ what: STEP.DEATH_SIGNAL, numbers: [signalNumber(deathSignal), parent], syscall: "prctl" }];
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

/** The same steps with descriptors at the numbers that they have by then. */
function relocated(steps: readonly Step[], from: readonly number[], to: readonly number[]): Step[] {
  return steps.map((step) => {
    const at = from.indexOf(step.numbers?.[0] ?? -1);
    return at < 0 ? step : { ...step, numbers: [to[at], ...step.numbers!.slice(1)] };
  });
}

function numbersOf(...fds: (Fd | undefined)[]): number[] {
  return fds.flatMap((fd) => fd ? [fd.number] : []);
}

/** What the child does by itself, and what is done in its name once the program is loaded, if that comes first. */
function stepsFor(options: SpawnOptions, belongings: Belongings): Pick<Plan, "steps" | "deferred"> {
  const { namespaces, root, wd, parent, isLoadedFirst } = belongings;
  const find = (wanted: NamespaceKind): OpenNamespace | undefined => namespaces.find(({ kind }) => kind === wanted);
  const pid = find("pid"), user = find("user"), mntLater = isLoadedFirst ? find("mnt") : undefined;
  const place = [...(mntLater ? [joinStep(mntLater)] : []), ...placeSteps(belongings, options.wdns)];
  const identity = identitySteps(options, user !== undefined);
  // What is only concealed is loaded where it stays.
  const isMovedLater = isLoadedFirst && (mntLater ?? root) !== undefined;
  const later = isMovedLater ? numbersOf(mntLater?.fd, root, wd) : isLoadedFirst ? [] : numbersOf(parent);
  const { steps: descriptorSteps, kept } = mapDescriptors(belongings.descriptors, later);
  const closeKept = kept.map((fd): Step => ({
    what: STEP.CLOSE_RANGE,
    numbers: [fd, fd, 0],
    syscall: "close_range",
  }));

  const steps: Step[] = [
    ...resourceSteps(options),
    ...(pid ? [{ what: STEP.CONCEAL, syscall: "prctl" }] : []),
    ...(user ? leaveGroups() : []),
    ...namespaces.filter((namespace) => namespace !== mntLater).map(joinStep),
    ...(pid ? [{ what: STEP.FORK, syscall: "clone3", about: `${pid.path} (pid namespace)` }] : []),
    ...(user ? rootOfUserNamespace(options) : []),
    ...(isMovedLater ? foreseenPlaceSteps(belongings, options.wdns) : place),
    ...sessionSteps(options),
    ...descriptorSteps,
    ...descriptorLimitSteps(options),
    ...(isLoadedFirst ? [] : [...identity, ...deathSteps(options, kept[0]), ...closeKept]),
    ...(isLoadedFirst || options.paused ? [{ what: STEP.TRACE, syscall: "ptrace" }] : []),
  ];
  const deferred: Step[] = !isLoadedFirst ? [] : [
    ...(isMovedLater ? relocated(place, later, kept) : []),
    ...closeKept,
    ...identity,
    ...concealSteps(options, pid !== undefined),
    // Whoever traces it takes it along if it dies.
    ...deathSteps(options, -1),
  ];
  return { steps, deferred };
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
  using stack = new DisposableStack();
  const belongings = stack.use(openBelongings(options, streams));
  const { namespaces, root, wd, parent, cgroup, script, descriptors, paths } = belongings;
  const { steps, deferred } = stepsFor(options, belongings);
  const environment = belongings.environment.pack();
  const listenPid = options.listenFdNames ? environment.count - 1 : -1;
  const exec: Step = { what: STEP.EXEC, numbers: [listenPid], syscall: "execve", about: options.command };
  const copies = namespaces.some(({ kind }) => kind === "time");
  const held = stack.move();
  return {
    plan: {
      steps: [...steps, exec],
      deferred,
      command: options.command,
      paths,
      args: [options.argv0 ?? options.command, ...options.args ?? []],
      environment,
      cgroup: cgroup?.fd.number ?? -1,
      cgroupPath: cgroup?.path,
      script: script?.number ?? -1,
      flags: (copies ? PLAN_FLAG.COPY : 0) | (options.paused ? PLAN_FLAG.PAUSED : 0),
    },
    needs: [
      ...descriptors.values(),
      ...namespaces.map(({ fd }) => fd.number),
      ...numbersOf(root, wd, parent),
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
