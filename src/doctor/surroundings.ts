/**
 * What may be the reason for much else: a sandbox, a container, a security module.
 *
 * @module
 */

import { type Check, type Judgement, ok } from "./finding.ts";
import { isFirst, isThere, ownStatus, textOf } from "./proc_text.ts";

/** What there is to know of a sandbox. */
export interface SandboxFacts {
  /** `Seccomp` in /proc/self/status: 0 for none, 1 for strict, 2 for filters. */
  mode?: string;
  /** How many filters there are. */
  filters?: string;
  /** Whether no program can give this process more rights. */
  noNewPrivileges: boolean;
}

/** Judges a sandbox. */
export function judgeSandbox({ mode, filters, noNewPrivileges }: SandboxFacts): Judgement {
  const more = noNewPrivileges ? "; no_new_privs is set: setuid programs stay without rights" : "";
  if (mode === undefined) return ok(`it cannot be told whether there is a seccomp filter${more}`);
  if (mode === "0") return ok(`there is no seccomp filter${more}`);
  const count = filters === undefined || filters === "1" ? "a seccomp filter is" : `${filters} seccomp filters are`;
  return ok(`${count} active: calls that are refused below may be refused by that${more}`);
}

/** Whether calls are filtered. */
export const SANDBOX: Check = {
  name: "sandbox",
  examine: () =>
    judgeSandbox({
      mode: ownStatus("Seccomp"),
      filters: ownStatus("Seccomp_filters"),
      noNewPrivileges: ownStatus("NoNewPrivs") === "1",
    }),
};

/** What there is to know of a container. */
export interface ContainerFacts {
  /** What left a mark, such as `"docker"`. */
  manager?: string;
  /** Namespaces that are not the host's own. */
  own: readonly string[];
}

/** Judges a container. */
export function judgeContainer({ manager, own }: ContainerFacts): Judgement {
  const namespaces = own.length === 0 ? "" : `${own.join(" and ")} namespace${own.length > 1 ? "s" : ""} of its own`;
  if (manager === undefined && namespaces === "") return ok("none can be seen");
  const parts = [manager === undefined ? undefined : `in a container (${manager})`, namespaces || undefined];
  return ok(`${parts.filter((part) => part !== undefined).join(", ")}: only what is in there can be seen`);
}

function managerOf(): string | undefined {
  if (isThere("/.dockerenv")) return "docker";
  if (isThere("/run/.containerenv")) return "podman";
  if (isThere("/var/run/secrets/kubernetes.io")) return "kubernetes";
  return textOf("/run/systemd/container") || Deno.env.get("container") || undefined;
}

/** Whether this is a container. */
export const CONTAINER: Check = {
  name: "container",
  examine: () =>
    judgeContainer({ manager: managerOf(), own: (["user", "pid"] as const).filter((kind) => isFirst(kind) === false) }),
};

/** What there is to know of security modules. */
export interface SecurityFacts {
  /** Whether SELinux denies what is not allowed; `undefined` if there is none. */
  selinuxEnforces?: boolean;
  /** The label of this process. */
  label?: string;
}

/** Judges security modules. */
export function judgeSecurity({ selinuxEnforces, label }: SecurityFacts): Judgement {
  const as = label === undefined || label === "" ? "" : `, and runs this process as ${label}`;
  const refuses = "connections and descriptors may be refused beyond owner and mode";
  if (selinuxEnforces) return ok(`SELinux is enforcing${as}: ${refuses} (ausearch -m avc tells)`);
  if (selinuxEnforces === false) return ok(`SELinux only tells what it would refuse${as}`);
  if (label?.endsWith("(enforce)")) return ok(`AppArmor confines this process as ${label}: ${refuses} (dmesg tells)`);
  return ok(`none confines this process${label ? ` (${label})` : ""}`);
}

function enforces(text: string | undefined): boolean | undefined {
  return text === undefined ? undefined : text === "1";
}

/** Which security module confines this process. */
export const SECURITY_MODULE: Check = {
  name: "security-module",
  examine: () =>
    judgeSecurity({
      selinuxEnforces: enforces(textOf("/sys/fs/selinux/enforce")),
      label: textOf("/proc/self/attr/current")?.replace("\0", ""),
    }),
};
