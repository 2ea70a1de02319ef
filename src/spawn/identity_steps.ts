/**
 * Steps that take privileges away, in the only order that works: each is done
 * while what it needs is still there (capabilities(7), setgroups(2)).
 *
 * @module
 */

import { primaryGroupOf } from "../core/accounts.ts";
import { capabilityNumbers } from "./capabilities.ts";
import type { ChildIdentity } from "./options.ts";
import { STEP, type Step } from "./plan.ts";

/** What has more than 32 bits would come out as somebody else, and all of them set as "leave it". */
const MAX_ID = 0xfffffffe;

function checkId(id: number | undefined): void {
  if (id === undefined || (Number.isInteger(id) && id >= 0 && id <= MAX_ID)) return;
  throw new TypeError(`'${id}' is no id: ids are whole numbers from 0 to ${MAX_ID}`);
}

function groupsStep(groups: readonly number[], isTolerated = false): Step {
  return {
    what: STEP.GROUPS,
    numbers: [groups.length],
    data: new Uint8Array(Uint32Array.from(groups).buffer),
    isTolerated,
    syscall: "setgroups",
    about: `[${groups}]`,
  };
}

function gidStep(gid: number, isTolerated = false): Step {
  return { what: STEP.GID, numbers: [gid], isTolerated, syscall: "setresgid", about: `gid ${gid}` };
}

function uidStep(uid: number, isTolerated = false): Step {
  return { what: STEP.UID, numbers: [uid], isTolerated, syscall: "setresuid", about: `uid ${uid}` };
}

/** Leaves the caller's groups while that can be done: a user namespace may not allow it. */
export function leaveGroups(): Step[] {
  return [groupsStep([], true)];
}

/**
 * In a user namespace that was joined one is nobody, until one becomes its root.
 * It may have none. That is no matter to a user without privileges, or if another
 * id is asked for; but root would go on as the root of the host.
 */
export function rootOfUserNamespace({ uid, gid = uid }: ChildIdentity): Step[] {
  return [
    ...leaveGroups(),
    gidStep(0, gid !== undefined || Deno.gid() !== 0),
    uidStep(0, uid !== undefined || Deno.uid() !== 0),
  ];
}

function groupFor({ uid, gid }: ChildIdentity): number | undefined {
  if (uid === undefined || gid !== undefined) return gid;
  const found = uid === Deno.uid() ? Deno.gid()! : primaryGroupOf(uid);
  if (found === undefined) throw new TypeError(`which group? /etc/passwd has no user ${uid}: give a gid as well`);
  return found;
}

function idSteps(identity: ChildIdentity, hasLeftGroups: boolean): Step[] {
  const { uid, groups } = identity;
  for (const id of [uid, identity.gid, ...groups ?? []]) checkId(id);
  const gid = groupFor(identity);
  const isChosen = uid !== undefined || gid !== undefined;
  // A user without privileges may ask for what it is already; it cannot leave its groups.
  const isNew = (uid !== undefined && uid !== Deno.uid()) || (gid !== undefined && gid !== Deno.gid());
  return [
    ...(groups ? [groupsStep(groups)] : isChosen ? [groupsStep([], hasLeftGroups || !isNew)] : []),
    ...(gid === undefined ? [] : [gidStep(gid)]),
    ...(uid === undefined ? [] : [uidStep(uid)]),
  ];
}

/**
 * Plans who the child is.
 *
 * @param identity Who it is to be.
 * @param hasLeftGroups Whether {@linkcode leaveGroups} comes before, so that leaving them now may fail.
 * @returns The steps.
 * @throws {TypeError} For an id or a capability that is none, or a user whose group nobody knows.
 */
export function identitySteps(identity: ChildIdentity, hasLeftGroups = false): Step[] {
  const dropped = capabilityNumbers(identity.dropCapabilities ?? []);
  const mask = dropped.reduce((bits, number) => bits | 1n << BigInt(number), 0n);
  return [
    ...dropped.map((number): Step => ({
      what: STEP.BOUND,
      numbers: [number],
      syscall: "prctl",
      about: `capability ${number}`,
    })),
    ...idSteps(identity, hasLeftGroups),
    ...(dropped.length === 0
      ? []
      : [{ what: STEP.DROP, numbers: [Number(mask & 0xffffffffn), Number(mask >> 32n)], syscall: "capset" }]),
    ...(identity.noNewPrivileges ? [{ what: STEP.NO_NEW_PRIVS, syscall: "prctl" }] : []),
  ];
}
