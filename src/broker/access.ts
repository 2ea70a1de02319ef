/**
 * Who may use a broker, by what the kernel says of the peer.
 *
 * Rules are tried in their order and the first that fits decides:
 *
 *     allow|deny [uid=ID|NAME] [gid=ID|NAME] [key=PATTERN] [socket=ADDRESS]
 *
 * In a pattern `*` stands for any bytes, `?` for one, and `\xHH` for a byte. If
 * no rule fits, a peer is let in unless there is any `allow` rule.
 *
 * @module
 */

import { groupId, userId } from "../core/accounts.ts";
import { BytePattern } from "../core/byte_pattern.ts";

/** Thrown for a text that is no rule; the message says where and why. */
export class AccessRuleError extends Error {
  /** The class name, for those who print errors. */
  override readonly name = "AccessRuleError";
}

/** Who asks: what the rules look at. */
export interface AccessRequest {
  /** The peer's effective user id. */
  uid: number;
  /** The peer's effective group id. */
  gid: number;
  /** The peer's supplementary groups; only looked up if a rule names a group. */
  readonly groups: readonly number[];
  /** The listener's address, as people write it. */
  socket: string;
  /** The key, one character a byte; absent as long as it is not known. */
  key?: string;
}

/** What the rules say; `"depends"` on a key that is not known yet. */
export type AccessDecision = "allow" | "deny" | "depends";

const CONDITIONS: ReadonlySet<string> = new Set(["uid", "gid", "key", "socket"]);

interface Rule {
  verdict: "allow" | "deny";
  uid?: number;
  gid?: number;
  socket?: string;
  key?: BytePattern;
}

/** Who is unknown makes no rule. */
function idBy(lookUp: (name: string) => number, name: string): number {
  try {
    return lookUp(name);
  } catch (error) {
    throw new AccessRuleError((error as Error).message);
  }
}

function parseRule(text: string): Rule {
  const [verdict, ...conditions] = text.trim().split(/\s+/);
  if (verdict !== "allow" && verdict !== "deny") {
    throw new AccessRuleError(`a rule begins with allow or deny, not '${verdict}'`);
  }
  const rule: Rule = { verdict };
  for (const condition of conditions) {
    const [, name, value] = /^([a-z]+)=(.+)$/s.exec(condition) ?? [];
    if (CONDITIONS.has(name) && name in rule) throw new AccessRuleError(`'${name}=' stands twice in '${text.trim()}'`);
    if (name === "uid") rule.uid = idBy(userId, value);
    else if (name === "gid") rule.gid = idBy(groupId, value);
    else if (name === "socket") rule.socket = value;
    else if (name === "key") rule.key = new BytePattern(value);
    else throw new AccessRuleError(`'${condition}': a condition is uid=, gid=, key= or socket= with a value`);
  }
  return rule;
}

/** An ordered list of rules. */
export class AccessRules {
  readonly #rules: readonly Rule[];
  readonly #otherwise: "allow" | "deny";

  private constructor(rules: readonly Rule[]) {
    this.#rules = rules;
    this.#otherwise = rules.some((rule) => rule.verdict === "allow") ? "deny" : "allow";
  }

  /** Lets everybody in whom the socket's mode lets in. */
  static readonly none: AccessRules = new AccessRules([]);

  /**
   * Reads rules.
   *
   * @param rules One rule a text.
   * @returns The rules.
   * @throws {AccessRuleError} If one is none.
   *
   * @example
   * ```ts
   * import { AccessRules } from "ipcx";
   * import { assertEquals } from "@std/assert";
   *
   * const rules = AccessRules.parse(["allow uid=0", "allow gid=1000 key=vhost-*"]);
   * const peer = { uid: 7, gid: 1000, groups: [], socket: "/run/one.socket" };
   * assertEquals(rules.decide({ ...peer, key: "vhost-3" }), "allow");
   * assertEquals(rules.decide({ ...peer, key: "other" }), "deny");
   * assertEquals(rules.decide(peer), "depends");
   * ```
   */
  static parse(rules: readonly string[]): AccessRules {
    return new AccessRules(rules.map(parseRule));
  }

  /**
   * Reads a file of rules, one a line; `#` begins a comment.
   *
   * @param path The file.
   * @param before Rules that come first, such as those of the command line.
   * @returns The rules.
   * @throws {AccessRuleError} Naming file and line.
   */
  static readFile(path: string, before: readonly string[] = []): AccessRules {
    const rules = before.map(parseRule);
    for (const [index, line] of Deno.readTextFileSync(path).split("\n").entries()) {
      const text = line.replace(/(^|\s)#.*$/, "").trim();
      if (text === "") continue;
      try {
        rules.push(parseRule(text));
      } catch (error) {
        if (!(error instanceof AccessRuleError)) throw error;
        throw new AccessRuleError(`${path}:${index + 1}: ${error.message}`);
      }
    }
    return new AccessRules(rules);
  }

  /**
   * Decides about a peer.
   *
   * @param request Who asks, and for which key if that is known.
   * @returns The verdict.
   */
  decide(request: AccessRequest): AccessDecision {
    for (const rule of this.#rules) {
      if (rule.uid !== undefined && rule.uid !== request.uid) continue;
      if (rule.socket !== undefined && rule.socket !== request.socket) continue;
      if (rule.gid !== undefined && rule.gid !== request.gid && !request.groups.includes(rule.gid)) continue;
      if (rule.key !== undefined) {
        if (request.key === undefined) return "depends";
        if (!rule.key.test(request.key)) continue;
      }
      return rule.verdict;
    }
    return this.#otherwise;
  }

  /** Whether there are no rules, so that nothing need be asked. */
  get isEmpty(): boolean {
    return this.#rules.length === 0;
  }
}
