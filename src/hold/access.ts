/**
 * Who may do what with which held descriptors, by what the kernel says of the
 * peer.
 *
 * Rules are tried in their order and the first that fits decides:
 *
 *     allow|deny [uid=ID|NAME] [gid=ID|NAME] [op=OP,…] [name=PATTERN] [owner=ID|NAME|any]
 *
 * In a pattern `*` stands for any characters, `?` for one, and `\xHH` for one by
 * its number. If no rule fits, root and the user that runs the holder may do
 * anything, and nobody else anything. What somebody else has stored is only let
 * go, replaced or taken by a rule that says whose it is.
 *
 * @module
 */

import { userId } from "../core/accounts.ts";
import {
  type AccessPeer,
  type AccessRule,
  AccessRuleError,
  type Condition,
  fits,
  PEER_CONDITIONS,
  RuleReader,
} from "../core/access_rules.ts";
import { BytePattern } from "../core/byte_pattern.ts";

/** What rules can be about; to take is to retrieve and to drop. */
export const HOLD_OPERATIONS = ["store", "retrieve", "list", "drop", "status"] as const;

/** One of them. */
export type HoldOperation = typeof HOLD_OPERATIONS[number];

/** Who asks for what. */
export interface HoldAccessRequest extends AccessPeer {
  /** What is to be done. */
  op: HoldOperation;
  /** The name of the descriptor that it is to be done with; absent for `"status"`. */
  name?: string;
  /** The user for whom that one is held, if one is. */
  owner?: number;
}

const CHANGES: readonly HoldOperation[] = ["store", "drop"];

const READER = new RuleReader<HoldAccessRequest>({
  ...PEER_CONDITIONS,
  op(value) {
    const wanted = value.split(",").map((word) => {
      const op = HOLD_OPERATIONS.find((one) => one === word);
      if (op === undefined) {
        throw new AccessRuleError(`op=${value}: '${word}' is none of ${HOLD_OPERATIONS.join(", ")}`);
      }
      return op;
    });
    return ({ op }) => wanted.includes(op);
  },
  name(value) {
    const pattern = new BytePattern(value);
    return ({ name }) => name !== undefined && pattern.test(name);
  },
  owner: ownerCondition,
});

function ownerCondition(value: string): Condition<HoldAccessRequest> {
  if (value === "any") return () => true;
  let uid: number;
  try {
    uid = userId(value);
  } catch (error) {
    throw new AccessRuleError((error as Error).message);
  }
  return ({ owner }) => owner === uid;
}

/** An ordered list of rules. */
export class HoldAccess {
  readonly #rules: readonly AccessRule<HoldAccessRequest>[];

  private constructor(rules: readonly AccessRule<HoldAccessRequest>[]) {
    this.#rules = rules;
  }

  /** Lets nobody do anything but root and the user that runs the holder. */
  static readonly none: HoldAccess = new HoldAccess([]);

  /**
   * Reads rules.
   *
   * @param rules One rule a text.
   * @returns The rules.
   * @throws {AccessRuleError} If one is none.
   *
   * @example
   * ```ts
   * import { HoldAccess } from "ipcx";
   * import { assertEquals } from "@std/assert";
   *
   * const access = HoldAccess.parse(["allow uid=33 op=retrieve,list name=http*"]);
   * const peer = { uid: 33, gid: 33, groups: [] };
   * assertEquals(access.allows({ ...peer, op: "retrieve", name: "https" }), true);
   * assertEquals(access.allows({ ...peer, op: "drop", name: "https" }), false);
   * assertEquals(access.allows({ ...peer, op: "retrieve", name: "ssh" }), false);
   * ```
   */
  static parse(rules: readonly string[]): HoldAccess {
    return new HoldAccess(rules.map((rule) => READER.parse(rule)));
  }

  /**
   * Reads a file of rules, one a line; `#` begins a comment.
   *
   * @param path The file.
   * @param before Rules that come first, such as those of the command line.
   * @returns The rules.
   * @throws {AccessRuleError} Naming file and line.
   */
  static readFile(path: string, before: readonly string[] = []): HoldAccess {
    return new HoldAccess([...before.map((rule) => READER.parse(rule)), ...READER.parseFile(path)]);
  }

  /**
   * Decides about a request.
   *
   * @param request Who asks for what.
   * @returns Whether it is to be done.
   */
  allows(request: HoldAccessRequest): boolean {
    const { op, owner, uid } = request;
    const isOthers = CHANGES.includes(op) && owner !== undefined && owner !== uid;
    for (const rule of this.#rules) {
      // Leave to store and drop is for one's own, unless it says otherwise.
      if (isOthers && rule.verdict === "allow" && !rule.conditions.has("owner")) continue;
      if (fits(rule, request)) return rule.verdict === "allow";
    }
    return isMaster(uid);
  }

  /**
   * Tells whether there is anything that a peer may do, whatever that is.
   *
   * @param peer The peer.
   * @returns Whether it is worth to listen to it.
   */
  knows(peer: AccessPeer): boolean {
    const asks: HoldAccessRequest = { ...peer, groups: peer.groups, op: "status" };
    return isMaster(peer.uid) ||
      this.#rules.some(({ verdict, conditions }) =>
        verdict === "allow" && ["uid", "gid"].every((name) => conditions.get(name)?.(asks) ?? true)
      );
  }
}

/** Those who could stop the holder just as well. */
function isMaster(uid: number): boolean {
  return uid === 0 || uid === Deno.uid();
}
