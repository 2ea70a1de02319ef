/**
 * What a process needs to begin: found, opened and checked before anything is done.
 *
 * @module
 */

import { checkInherited, type Fd } from "../core/fd.ts";
import { candidatesFor, Environment } from "../core/image.ts";
import { OPEN } from "../core/linux.ts";
import { openPath } from "../core/reach.ts";
import { cgroupDirectory, openCgroup } from "./cgroup.ts";
import { type NamespaceKind, type OpenNamespace, openNamespaces } from "./namespaces.ts";
import type { SpawnOptions } from "./options.ts";
import { openScript } from "./program.ts";
import { openSelf } from "./standing_fds.ts";

/** Where the descriptors begin that LISTEN_FDS announces. */
const FIRST_LISTEN_FD = 3;

/** Room for any pid, which the child fills in. */
const ANY_PID = "0000000000";

/** All of it; the descriptors stay open until it is disposed of. */
export interface Belongings extends Disposable {
  /** The namespaces to join, in their order. */
  readonly namespaces: readonly OpenNamespace[];
  /** Its root directory, if that is to be another one. */
  readonly root?: Fd;
  /** Its working directory, if that was named as seen from here. */
  readonly wd?: Fd;
  /** Its control group. */
  readonly cgroup?: {
    /** Open. */
    readonly fd: Fd;
    /** Its directory. */
    readonly path: string;
  };
  /** This process, if the child is to die with it. */
  readonly parent?: Fd;
  /** Its variables; LISTEN_PID, if it is there, comes last. */
  readonly environment: Environment;
  /** Where its program may be. */
  readonly paths: readonly string[];
  /** Whether the rest is done when the program is loaded, from the caller's mount namespace. */
  readonly isLoadedFirst: boolean;
  /** The program, if it is loaded first and a script. */
  readonly script?: Fd;
  /** Its descriptors: the child's number, and the number here. */
  readonly descriptors: ReadonlyMap<number, number>;
}

function environmentFor(options: SpawnOptions): Environment {
  const environment = options.clearEnv ? Environment.of() : Environment.inherit();
  for (const [name, value] of Object.entries(options.env ?? {})) environment.set(name, value);
  const names = options.listenFdNames;
  if (names) {
    environment.set("LISTEN_FDS", `${names.length}`);
    environment.set("LISTEN_FDNAMES", names.join(":"));
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

function descriptorsFor(options: SpawnOptions, streams: readonly number[]): Map<number, number> {
  const descriptors = new Map(streams.entries());
  for (const [number, fd] of Object.entries(options.fds ?? {})) {
    if (!/^\d+$/.test(number)) throw new TypeError(`'${number}' is no number for a descriptor`);
    descriptors.set(Number(number), typeof fd === "number" ? checkInherited(fd) : fd.number);
  }
  return descriptors;
}

function absolute(path: string, folder: string): string {
  return path.startsWith("/") || path === "" ? path : `${folder}/${path}`;
}

/** Where a relative path of the program counts from, as the caller sees it. */
function folderOfProgram({ local, wd, wdns }: SpawnOptions): string {
  const here = Deno.cwd();
  if (local) return here;
  const begin = wd === undefined ? here : absolute(wd, here);
  return wdns === undefined ? begin : absolute(wdns, begin);
}

/**
 * What comes from the caller's mount namespace although it runs elsewhere is
 * loaded first. So is a program of the caller's that others in its pid namespace
 * could look into, since it has no more capabilities than they: only one that is
 * loaded can be concealed.
 */
function mustBeLoadedFirst(options: SpawnOptions, list: readonly OpenNamespace[], root: Fd | undefined): boolean {
  const joins = (wanted: NamespaceKind): boolean => list.some(({ kind }) => kind === wanted);
  if (options.local && (root || joins("mnt"))) return true;
  return joins("pid") && !joins("mnt") && !root && !options.uid && (options.dropCapabilities?.length ?? 0) > 0;
}

/**
 * Opens all that a process needs.
 *
 * @param options How to start it.
 * @param streams The descriptors that become its standard streams.
 * @returns All of it; dispose of it when the process has begun.
 * @throws {SystemError} For what cannot be opened.
 * @throws {TypeError} For options that contradict each other.
 */
export function openBelongings(options: SpawnOptions, streams: readonly number[]): Belongings {
  using opened = new DisposableStack();
  checkListenFds(options);
  const open = (path: string | undefined): Fd | undefined =>
    path === undefined ? undefined : opened.use(openPath(path, OPEN.DIRECTORY));
  // Before the target is looked at: what was found in its directory is its own if it still runs then.
  const wd = open(options.wd);
  const { list, root: targetRoot } = opened.use(openNamespaces(options.namespaces ?? {}));
  const root = open(options.root) ?? targetRoot;
  const cgroupPath = options.cgroup === undefined ? undefined : cgroupDirectory(options.cgroup);
  const cgroup = cgroupPath === undefined ? undefined : { fd: opened.use(openCgroup(cgroupPath)), path: cgroupPath };
  const parent = options.deathSignal === undefined ? undefined : openSelf();
  const environment = environmentFor(options);
  const isLoadedFirst = mustBeLoadedFirst(options, list, root);
  const candidates = candidatesFor(options.command, environment);
  // It is not in its directory yet.
  const paths = isLoadedFirst ? candidates.map((path) => absolute(path, folderOfProgram(options))) : candidates;
  const script = isLoadedFirst ? openScript(paths) : undefined;
  if (script) opened.use(script);
  const descriptors = descriptorsFor(options, streams);
  const held = opened.move();
  return {
    namespaces: list,
    root,
    wd,
    cgroup,
    parent,
    environment,
    paths,
    isLoadedFirst,
    script,
    descriptors,
    [Symbol.dispose]: () => held.dispose(),
  };
}
