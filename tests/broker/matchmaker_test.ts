import { assertEquals } from "@std/assert";
import type { PairMode } from "ipcx";
import type { Client } from "../../src/broker/client.ts";
import { Matchmaker } from "../../src/broker/matchmaker.ts";
import { BrokerMetrics } from "../../src/broker/metrics.ts";
import { ThrottledLog } from "../../src/core/throttled_log.ts";
import { Connection, type HandOut } from "../../src/core/connection.ts";
import { ERRNO } from "../../src/core/linux.ts";
import { claim } from "../claim.ts";
import { eventually } from "./eventually.ts";

/** Connections that are none, among which no pair is handed out before it is let. */
class Shortage implements Disposable {
  /** How often it was tried. */
  attempts = 0;
  /** Whether there are descriptors. */
  isOver = false;
  readonly #real = Connection.handOutPair;

  /** Begins. */
  constructor() {
    Connection.handOutPair = (): HandOut => {
      this.attempts++;
      return this.isOver ? { outcome: "done", errno: 0 } : { outcome: "no pair", errno: ERRNO.EMFILE };
    };
  }

  /** Waits until it is tried once more. */
  async nextAttempt(): Promise<void> {
    const before = this.attempts;
    await eventually("it is tried again", () => this.attempts > before);
  }

  /** Ends. */
  [Symbol.dispose](): void {
    Connection.handOutPair = this.#real;
  }
}

function clientOf(id: number, mode: PairMode, key: string): Client {
  return { id, mode, key, state: "waiting", since: 0, replyBytes: 1040, connection: { pid: id } } as unknown as Client;
}

/** Lets two come in that belong together. */
function bring(matchmaker: Matchmaker, id: number, key: string): [Client, Client] {
  const two: [Client, Client] = [clientOf(id, "client", key), clientOf(id + 1, "server", key)];
  for (const client of two) matchmaker.room.enter(client);
  matchmaker.match("client", key);
  return two;
}

claim("a postponed key is forgotten when its clients have left, though others still lack descriptors", async () => {
  using shortage = new Shortage();
  const metrics = new BrokerMetrics();
  const ended: number[] = [];
  using matchmaker = new Matchmaker(metrics, new ThrottledLog("matchmaker"), ({ id }) => ended.push(id));
  bring(matchmaker, 1, "patient");
  for (let round = 1; round <= 3; round++) {
    // A key that is still remembered would not be counted once more.
    const left = [bring(matchmaker, 3, "a"), bring(matchmaker, 5, "b")].flat();
    assertEquals(metrics.postponed, 1 + 2 * round);
    for (const client of left) matchmaker.forget(client);
    assertEquals(matchmaker.room.size, 2);
    await shortage.nextAttempt();
  }
  bring(matchmaker, 7, "late");
  shortage.isOver = true;
  await eventually("those who stayed are paired", () => ended.length === 4);
  assertEquals(ended, [1, 2, 7, 8]);
  assertEquals([metrics.paired, matchmaker.room.size], [2, 0]);
});

claim("when all whose pairs were postponed have left, nothing is tried any more", async () => {
  using shortage = new Shortage();
  using matchmaker = new Matchmaker(new BrokerMetrics(), new ThrottledLog("matchmaker"), () => {});
  for (const client of bring(matchmaker, 1, "k")) matchmaker.forget(client);
  const { attempts } = shortage;
  await new Promise((resolve) => setTimeout(resolve, 150));
  assertEquals(shortage.attempts, attempts);
});
