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

import { type AccessPeer, type AccessRule, fits, PEER_CONDITIONS, RuleReader } from "../core/access_rules.ts";
import { BytePattern } from "../core/byte_pattern.ts";

/** Who asks: what the rules look at. */
export interface AccessRequest extends AccessPeer {
  /** The listener's address, as people write it. */
  socket: string;
  /** The key, one character a byte; absent as long as it is not known. */
  key?: string;
}

/** What the rules say; `"depends"` on a key that is not known yet. */
export type AccessDecision = "allow" | "deny" | "depends";

const READER = new RuleReader<AccessRequest>({
  ...PEER_CONDITIONS,
  key(value) {
    const pattern = new BytePattern(value);
    return ({ key }) => key === undefined ? undefined : pattern.test(key);
  },
  socket: (value) => ({ socket }) => socket === value,
});

/** An ordered list of rules. */
export class AccessRules {
  readonly #rules: readonly AccessRule<AccessRequest>[];
  readonly #otherwise: "allow" | "deny";

  private constructor(rules: readonly AccessRule<AccessRequest>[]) {
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
    return new AccessRules(rules.map((rule) => READER.parse(rule)));
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
    return new AccessRules([...before.map((rule) => READER.parse(rule)), ...READER.parseFile(path)]);
  }

  /**
   * Decides about a peer.
   *
   * @param request Who asks, and for which key if that is known.
   * @returns The verdict.
   */
  decide(request: AccessRequest): AccessDecision {
    for (const rule of this.#rules) {
      const result = fits(rule, request);
      if (result === undefined) return "depends";
      if (result) return rule.verdict;
    }
    return this.#otherwise;
  }

  /** Whether there are no rules, so that nothing need be asked. */
  get isEmpty(): boolean {
    return this.#rules.length === 0;
  }
}
