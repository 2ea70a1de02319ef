/**
 * Files of /proc and /sys, where there are such.
 *
 * @module
 */

/**
 * Reads a small file.
 *
 * @param path Which.
 * @returns What is in it, without white space around it; `undefined` if it cannot be read.
 */
export function textOf(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path).trim();
  } catch {
    return undefined;
  }
}

/**
 * Reads a number, such as that of a sysctl.
 *
 * @param path The file.
 * @returns The number; `undefined` if there is none.
 */
export function numberOf(path: string): number | undefined {
  const text = textOf(path);
  return text !== undefined && /^-?\d+$/.test(text) ? Number(text) : undefined;
}

/**
 * Reads a symbolic link.
 *
 * @param path Which.
 * @returns Where it leads; `undefined` if it cannot be read.
 */
export function linkOf(path: string): string | undefined {
  try {
    return Deno.readLinkSync(path);
  } catch {
    return undefined;
  }
}

/**
 * Tells whether there is something at a path.
 *
 * @param path Which.
 * @returns `false` also where it cannot be told.
 */
export function isThere(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

/**
 * Reads what the kernel says of this process (proc_pid_status(5)).
 *
 * @param field Such as `"Seccomp"`.
 * @returns Its value; `undefined` if there is no such field, or no /proc.
 */
export function ownStatus(field: string): string | undefined {
  return new RegExp(`^${field}:\\s*(.*)$`, "m").exec(textOf("/proc/self/status") ?? "")?.[1];
}

/** The links of the namespaces that were there first (include/linux/proc_ns.h). */
const FIRST = { user: "user:[4026531837]", pid: "pid:[4026531836]" } as const;

/**
 * Tells whether this process is in the namespace that the host began with.
 *
 * @param kind Which.
 * @returns Whether it is; `undefined` if that cannot be told.
 */
export function isFirst(kind: keyof typeof FIRST): boolean | undefined {
  const link = linkOf(`/proc/self/ns/${kind}`);
  return link === undefined ? undefined : link === FIRST[kind];
}

/** Bits of capabilities(7). */
const CAPABILITY = { SYS_PTRACE: 19, SYS_ADMIN: 21, SYS_RESOURCE: 24 } as const;

/**
 * Tells whether this process has a capability in its user namespace.
 *
 * @param name Which, without CAP_.
 * @returns Whether it does; where there is no /proc, whether it is root's.
 */
export function hasCapability(name: keyof typeof CAPABILITY): boolean {
  const effective = ownStatus("CapEff");
  if (effective === undefined) return Deno.uid() === 0;
  return (BigInt(`0x${effective}`) >> BigInt(CAPABILITY[name]) & 1n) === 1n;
}

/** A mount as this process sees it (proc_pid_mountinfo(5)). */
export interface Mount {
  /** Where it is. */
  readonly path: string;
  /** The type of its file system. */
  readonly type: string;
  /** Options of the mount and of the file system. */
  readonly options: readonly string[];
}

/** All mounts, in their order; none where there is no /proc. */
export function mounts(): Mount[] {
  return (textOf("/proc/self/mountinfo") ?? "").split("\n").filter((line) => line.includes(" - ")).map((line) => {
    const [before, after] = line.split(" - ");
    const [, , , , path, options] = before.split(" ");
    const [type, , ofSystem = ""] = after.split(" ");
    const plain = path.replaceAll(/\\([0-7]{3})/g, (_, digits) => String.fromCharCode(parseInt(digits, 8)));
    return { path: plain, type, options: [...options.split(","), ...ofSystem.split(",")] };
  });
}
