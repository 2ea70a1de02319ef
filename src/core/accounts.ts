/**
 * Users and groups by name (passwd(5), group(5)).
 *
 * @module
 */

/** An id has 32 bits, and all of them set stand for "leave it": more would come out as somebody else. */
const MAX_ID = 0xfffffffe;

const NUMBER = /^\d+$/;

/** The entries that have an id: others, such as those for NIS, must not pass for root's. */
function entriesOf(file: string): string[][] {
  try {
    return Deno.readTextFileSync(file).split("\n").map((line) => line.split(":")).filter(([, , id]) => NUMBER.test(id));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

function lookUp(file: string, name: string, kind: string): number {
  if (NUMBER.test(name)) {
    if (Number(name) > MAX_ID) {
      throw new Error(`'${name}' is too high for a ${kind} id: ${MAX_ID} is the most`);
    }
    return Number(name);
  }
  const entry = entriesOf(file).find(([entry]) => entry === name);
  if (!entry) throw new Error(`there is no ${kind} '${name}' in ${file}`);
  return Number(entry[2]);
}

/**
 * Finds the number of a user.
 *
 * @param name A number, or a name in /etc/passwd.
 * @returns The user id.
 * @throws {Error} If there is no such user.
 */
export function userId(name: string): number {
  return lookUp("/etc/passwd", name, "user");
}

/**
 * Finds the number of a group.
 *
 * @param name A number, or a name in /etc/group.
 * @returns The group id.
 * @throws {Error} If there is no such group.
 */
export function groupId(name: string): number {
  return lookUp("/etc/group", name, "group");
}

/**
 * Finds the group that a user begins with.
 *
 * @param uid The user id.
 * @returns The group id, or `undefined` if /etc/passwd has no such user.
 */
export function primaryGroupOf(uid: number): number | undefined {
  const entry = entriesOf("/etc/passwd").find(([, , id, group]) => Number(id) === uid && NUMBER.test(group));
  return entry && Number(entry[3]);
}

/**
 * Reads the names of all users.
 *
 * @returns The names by user id; of several with one id the first.
 */
export function userNames(): ReadonlyMap<number, string> {
  return new Map(entriesOf("/etc/passwd").map(([name, , id]) => [Number(id), name] as const).reverse());
}
