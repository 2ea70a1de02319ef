/**
 * Rules of who may do what: how they are written, and whether one fits.
 *
 *     allow|deny [uid=ID|NAME] [gid=ID|NAME] [NAME=VALUE]…
 *
 * What else a condition can be about, and what holds where no rule fits, is for
 * those to say who have the rules.
 *
 * @module
 */

import { groupId, userId } from "./accounts.ts";

/** Thrown for a text that is no rule; the message says where and why. */
export class AccessRuleError extends Error {
  /** The class name, for those who print errors. */
  override readonly name = "AccessRuleError";
}

/** Who asks, as the kernel vouches for it. */
export interface AccessPeer {
  /** The peer's effective user id. */
  uid: number;
  /** The peer's effective group id. */
  gid: number;
  /** The peer's supplementary groups; only looked up if a rule names a group. */
  readonly groups: readonly number[];
}

/** Whether a condition fits a request; `undefined` as long as that is not known. */
export type Condition<Request> = (request: Request) => boolean | undefined;

/** How the values of conditions are read, by the conditions' names. */
export type ConditionReaders<Request> = Readonly<Record<string, (value: string) => Condition<Request>>>;

/** One rule. */
export interface AccessRule<Request> {
  /** What it decides. */
  verdict: "allow" | "deny";
  /** What has to fit, by name. */
  conditions: ReadonlyMap<string, Condition<Request>>;
}

/** Who is unknown makes no rule. */
function idBy(lookUp: (name: string) => number, name: string): number {
  try {
    return lookUp(name);
  } catch (error) {
    throw new AccessRuleError((error as Error).message);
  }
}

/** The conditions about the peer itself. */
export const PEER_CONDITIONS = {
  uid(value: string): Condition<AccessPeer> {
    const id = idBy(userId, value);
    return ({ uid }) => uid === id;
  },
  gid(value: string): Condition<AccessPeer> {
    const id = idBy(groupId, value);
    return (peer) => peer.gid === id || peer.groups.includes(id);
  },
} satisfies ConditionReaders<AccessPeer>;

/** Reads rules that have certain conditions. */
export class RuleReader<Request> {
  readonly #readers: ReadonlyMap<string, (value: string) => Condition<Request>>;

  /**
   * Knows conditions.
   *
   * @param readers How each is read; they are told in this order where another one was written.
   */
  constructor(readers: ConditionReaders<Request>) {
    this.#readers = new Map(Object.entries(readers));
  }

  /**
   * Reads a rule.
   *
   * @param text The rule.
   * @returns What it says.
   * @throws {AccessRuleError} If it is none.
   */
  parse(text: string): AccessRule<Request> {
    const [verdict, ...written] = text.trim().split(/\s+/);
    if (verdict !== "allow" && verdict !== "deny") {
      throw new AccessRuleError(`a rule begins with allow or deny, not '${verdict}'`);
    }
    const conditions = new Map<string, Condition<Request>>();
    for (const condition of written) {
      const [, name, value] = /^([a-z]+)=(.+)$/s.exec(condition) ?? [];
      const read = this.#readers.get(name);
      if (!read) throw new AccessRuleError(`'${condition}': a condition is ${this.#names()} with a value`);
      if (conditions.has(name)) throw new AccessRuleError(`'${name}=' stands twice in '${text.trim()}'`);
      conditions.set(name, read(value));
    }
    return { verdict, conditions };
  }

  #names(): string {
    const names = Array.from(this.#readers.keys(), (name) => `${name}=`);
    return `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
  }

  /**
   * Reads a file of rules, one a line; `#` begins a comment.
   *
   * @param path The file.
   * @returns The rules.
   * @throws {AccessRuleError} Naming file and line.
   */
  parseFile(path: string): AccessRule<Request>[] {
    const rules: AccessRule<Request>[] = [];
    for (const [index, line] of Deno.readTextFileSync(path).split("\n").entries()) {
      const text = line.replace(/(^|\s)#.*$/, "").trim();
      if (text === "") continue;
      try {
        rules.push(this.parse(text));
      } catch (error) {
        if (!(error instanceof AccessRuleError)) throw error;
        throw new AccessRuleError(`${path}:${index + 1}: ${error.message}`);
      }
    }
    return rules;
  }
}

/**
 * Tells whether all conditions of a rule fit.
 *
 * @param rule The rule.
 * @param request What is asked for.
 * @returns Whether they do; `undefined` if that depends on what is not known yet.
 */
export function fits<Request>(rule: AccessRule<Request>, request: Request): boolean | undefined {
  let depends = false;
  for (const condition of rule.conditions.values()) {
    const result = condition(request);
    if (result === false) return false;
    depends ||= result === undefined;
  }
  return depends ? undefined : true;
}
