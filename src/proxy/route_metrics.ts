/**
 * What is counted for one route of a gateway.
 *
 * Counting happens several times a request, so it is plain arithmetic.
 *
 * @module
 */

import type { ResourceUsage } from "../spawn/mod.ts";
import { LatencyHistogram } from "./latency.ts";
import { RecentRate } from "./recent_rate.ts";

/** Why the gateway ended a process. */
export type KillReason = "timeout" | "client gone" | "shutdown" | "output limit" | "malformed output";

/** What is known of a route now, as the status and the page show it. */
export interface RouteFigures {
  /** The verb, in capitals. */
  method: string;
  /** The path with its placeholders. */
  path: string;
  /** Requests answered. */
  requests: number;
  /** How many were answered with each status. */
  statuses: Record<string, number>;
  /** Requests answered per second in the last minute. */
  perSecond: number;
  /** How long requests took, in milliseconds: estimates of percentiles, and the longest. */
  latency: { p50: number; p95: number; p99: number; longest: number };
  /** Processes that run. */
  running: number;
  /** Processes started so far. */
  started: number;
  /** Requests that wait for a process. */
  waiting: number;
  /** Processes that the gateway ended, by reason. */
  killed: Record<string, number>;
  /** Clients that went away before they were answered. */
  cancelled: number;
  /** Messages that broke the OpenAPI document. */
  violations: { in: number; out: number };
  /** What the processes used: seconds of CPU time, and the most memory that one had, in bytes. */
  usage: { user: number; system: number; maxRss: number };
}

/** The counters of one route. */
export class RouteMetrics {
  /** The verb, in capitals. */
  readonly method: string;
  /** The path with its placeholders. */
  readonly path: string;
  /** How long requests took. */
  readonly latency: LatencyHistogram = new LatencyHistogram();
  /** Answers by status. */
  readonly statuses: Map<number, number> = new Map();
  /** Processes that the gateway ended, by reason. */
  readonly killedBy: Map<KillReason, number> = new Map();
  /** Messages that broke the OpenAPI document. */
  readonly violations: { in: number; out: number } = { in: 0, out: 0 };
  readonly #rate: RecentRate;
  #running = 0;
  #startedInAll = 0;
  #waiting = 0;
  #clientsGone = 0;
  #userTime = 0;
  #systemTime = 0;
  #maxRss = 0;

  /**
   * Begins to count; see `ProxyMetrics.route`.
   *
   * @param method The verb, in capitals.
   * @param path The path with its placeholders.
   * @param now The time in milliseconds; a clock that never goes back.
   */
  constructor(method: string, path: string, now?: () => number) {
    this.method = method;
    this.path = path;
    this.#rate = new RecentRate(now);
  }

  /**
   * Counts an answer.
   *
   * @param status Its status.
   * @param seconds How long it took since the request had begun.
   */
  answered(status: number, seconds: number): void {
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
    this.latency.add(seconds);
    this.#rate.add();
  }

  /** Counts a process that has started, or is being started. */
  started(): void {
    this.#running++;
    this.#startedInAll++;
  }

  /** Takes back that a process was counted which could not be started. */
  notStarted(): void {
    this.#running--;
    this.#startedInAll--;
  }

  /** Counts a process that has ended. */
  ended(): void {
    this.#running--;
  }

  /**
   * Counts a request that begins or ceases to wait.
   *
   * @param delta 1 or −1.
   */
  queued(delta: 1 | -1): void {
    this.#waiting += delta;
  }

  /**
   * Counts a process that the gateway has ended.
   *
   * @param reason Why.
   */
  killed(reason: KillReason): void {
    this.killedBy.set(reason, (this.killedBy.get(reason) ?? 0) + 1);
  }

  /** Counts a client that went away before it was answered. */
  cancelled(): void {
    this.#clientsGone++;
  }

  /**
   * Counts a message that broke the OpenAPI document.
   *
   * @param direction `"in"` for a request, `"out"` for an answer.
   */
  violation(direction: "in" | "out"): void {
    this.violations[direction]++;
  }

  /**
   * Counts what a process has used.
   *
   * @param usage What wait4(2) told.
   */
  usage(usage: ResourceUsage): void {
    this.#userTime += usage.userTime;
    this.#systemTime += usage.systemTime;
    if (usage.maxRss > this.#maxRss) this.#maxRss = usage.maxRss;
  }

  /** Processes that run. */
  get running(): number {
    return this.#running;
  }

  /** Requests that wait for a process. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Everything, for people. */
  get figures(): RouteFigures {
    const ms = (share: number): number => this.latency.quantile(share) * 1000;
    return {
      method: this.method,
      path: this.path,
      requests: this.latency.count,
      statuses: Object.fromEntries(this.statuses),
      perSecond: this.#rate.perSecond,
      latency: { p50: ms(0.5), p95: ms(0.95), p99: ms(0.99), longest: this.latency.longest * 1000 },
      running: this.#running,
      started: this.#startedInAll,
      waiting: this.#waiting,
      killed: Object.fromEntries(this.killedBy),
      cancelled: this.#clientsGone,
      violations: { ...this.violations },
      usage: { user: this.#userTime / 1e6, system: this.#systemTime / 1e6, maxRss: this.#maxRss * 1024 },
    };
  }
}
