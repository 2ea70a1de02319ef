/**
 * Whether user namespaces can be made.
 *
 * @module
 */

import { native } from "../core/native.ts";
import { attempt, type Failure } from "./attempt.ts";
import { type Check, type Judgement, ok, warning } from "./finding.ts";
import { numberOf } from "./proc_text.ts";

/** What there is to know of user namespaces. */
export interface UserNamespaceFacts {
  /** What failed: making one, giving it a user, having rights in it. */
  failure?: Failure;
  /** `user.max_user_namespaces`. */
  most?: number;
  /** `kernel.unprivileged_userns_clone`, on Debian and others. */
  isAllowed?: number;
  /** `kernel.apparmor_restrict_unprivileged_userns`, on Ubuntu. */
  restricted?: number;
}

const STEPS = [
  "no user namespace can be made",
  "a user namespace that is made gets no user",
  "a user namespace gives no rights",
];

/** Judges user namespaces. */
export function judgeUserNamespaces({ failure, most, isAllowed, restricted }: UserNamespaceFacts): Judgement {
  if (!failure) return ok("this user can make them, and has rights in them");
  const means = "there are no containers without root to start programs in ('unshare --user', rootless podman)";
  const found = `${STEPS[failure.step]}: ${failure.code}`;
  if (most === 0) return warning(found, means, "sysctl user.max_user_namespaces=10000: it is 0");
  if (failure.code === "ENOSPC") {
    return warning(found, means, `sysctl user.max_user_namespaces: ${most ?? "the most"} are there, or 32 are nested`);
  }
  if (isAllowed === 0) return warning(found, means, "sysctl kernel.unprivileged_userns_clone=1: it is 0");
  if (restricted === 1 && failure.code !== "ENOSYS") {
    return warning(
      found,
      means,
      "an AppArmor profile that allows userns for the program, or: sysctl kernel.apparmor_restrict_unprivileged_userns=0",
    );
  }
  return warning(
    found,
    means,
    "look for a sandbox that refuses unshare(2), a root that was changed by chroot, or a kernel without CONFIG_USER_NS",
  );
}

/** Whether user namespaces can be made. */
export const USER_NAMESPACES: Check = {
  name: "user-namespaces",
  examine: () =>
    judgeUserNamespaces({
      failure: attempt((step) => native.ipcx_probe_user_namespace(step)),
      most: numberOf("/proc/sys/user/max_user_namespaces"),
      isAllowed: numberOf("/proc/sys/kernel/unprivileged_userns_clone"),
      restricted: numberOf("/proc/sys/kernel/apparmor_restrict_unprivileged_userns"),
    }),
};
