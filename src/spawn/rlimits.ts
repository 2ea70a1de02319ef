/**
 * Resource limits by name (getrlimit(2)).
 *
 * @module
 */

/** The resources, each at its number. */
export const RESOURCE_NAMES: readonly string[] = [
  ..."cpu fsize data stack core rss nproc nofile memlock as locks sigpending msgqueue nice rtprio rttime".split(" "),
];

const UNLIMITED = 0xffff_ffff_ffff_ffffn;

/** A limit: the same for both, or soft and hard. */
export type ResourceLimit = number | "unlimited" | {
  /** What holds. */
  soft: number | "unlimited";
  /** How far the process may raise it. */
  hard: number | "unlimited";
};

/**
 * Finds the number of a resource.
 *
 * @param name Its name, with or without `RLIMIT_`, such as `"nofile"`.
 * @returns The number.
 * @throws {TypeError} If there is no such resource.
 */
export function resourceNumber(name: string): number {
  const number = RESOURCE_NAMES.indexOf(name.toLowerCase().replace(/^rlimit_/, ""));
  if (number < 0) throw new TypeError(`there is no resource '${name}': there are ${RESOURCE_NAMES.join(", ")}`);
  return number;
}

function amount(value: number | "unlimited"): bigint {
  if (value === "unlimited") return UNLIMITED;
  if (Number.isSafeInteger(value) && value >= 0) return BigInt(value);
  throw new TypeError(`'${value}' is no limit: write a whole number or 'unlimited'`);
}

/**
 * Writes a limit as the kernel takes it.
 *
 * @param limit The limit.
 * @returns Soft and hard.
 * @throws {TypeError} If it is none, or the soft one is above the hard one.
 */
export function encodeLimit(limit: ResourceLimit): BigUint64Array<ArrayBuffer> {
  const { soft, hard } = typeof limit === "object" ? limit : { soft: limit, hard: limit };
  const pair = BigUint64Array.of(amount(soft), amount(hard));
  if (pair[0] > pair[1]) throw new TypeError(`the soft limit ${soft} is above the hard one, ${hard}`);
  return pair;
}

/**
 * Reads a limit as people write it.
 *
 * @param text `NAME=SOFT[:HARD]`, each a number or `unlimited`.
 * @returns The resource and its limit.
 * @throws {TypeError} If it cannot be understood.
 */
export function parseLimit(text: string): [string, ResourceLimit] {
  const [, name, soft, hard] = /^([A-Za-z_]+)=(\d+|unlimited)(?::(\d+|unlimited))?$/.exec(text) ?? [];
  if (name === undefined) throw new TypeError(`'${text}' is no limit: write NAME=SOFT or NAME=SOFT:HARD`);
  resourceNumber(name);
  const value = (word: string): number | "unlimited" => word === "unlimited" ? word : Number(word);
  const limit = { soft: value(soft), hard: value(hard ?? soft) };
  encodeLimit(limit);
  return [name, limit];
}
