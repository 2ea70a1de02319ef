/**
 * What a broker counts, and how Prometheus reads it.
 *
 * Counting happens tens of thousands of times a second, so it is plain
 * arithmetic; the client library is loaded when somebody asks.
 *
 * @module
 */

import { Exposition, histogramSamples, type Sample } from "../core/prometheus.ts";

/** Upper bounds of the latency histogram, in seconds. */
export const LATENCY_BUCKETS: readonly number[] = [
  0.000_025,
  0.000_05,
  0.000_1,
  0.000_25,
  0.000_5,
  0.001,
  0.0025,
  0.005,
  0.01,
  0.025,
  0.05,
  0.1,
  0.5,
  1,
];

/** Counts by a reason. */
export type CountsByReason = Record<string, number>;

/** The counters of one broker. */
export class BrokerMetrics {
  /** Connections accepted, those refused at once included. */
  accepted = 0;
  /** Pairs handed out. */
  paired = 0;
  /** Clients that went away before they were paired. */
  gone = 0;
  /** How often accept(2) failed, such as at a limit of descriptors. */
  acceptErrors = 0;
  /** How often a pair had to wait for descriptors to become free. */
  postponed = 0;
  /** Clients refused, by reason. */
  readonly refused: CountsByReason = {};
  /** Requests that broke the protocol, by the field that was wrong. */
  readonly protocolErrors: CountsByReason = {};
  /** Pairs by latency, not cumulated; the last is for those beyond every bound. */
  readonly latencyCounts: number[] = new Array(LATENCY_BUCKETS.length + 1).fill(0);
  /** The sum of all latencies, in seconds. */
  latencySum = 0;

  /**
   * Counts one more for a reason.
   *
   * @param counts Where.
   * @param reason The reason.
   */
  static add(counts: CountsByReason, reason: string): void {
    counts[reason] = (counts[reason] ?? 0) + 1;
  }

  /**
   * Counts a pair.
   *
   * @param seconds From the arrival of its second client until both had their ends.
   */
  countPair(seconds: number): void {
    this.paired++;
    this.latencySum += seconds;
    let bucket = 0;
    while (bucket < LATENCY_BUCKETS.length && seconds > LATENCY_BUCKETS[bucket]) bucket++;
    this.latencyCounts[bucket]++;
  }
}

/** What is measured rather than counted. */
export interface BrokerGauges {
  /** Clients connected now. */
  clients: number;
  /** Clients that wait for a peer now. */
  waiting: number;
}

function byReason(counts: CountsByReason): Sample[] {
  return Object.entries(counts).map(([reason, value]) => ({ labels: { reason }, value }));
}

/**
 * Writes the metrics in the text format of Prometheus.
 *
 * @param metrics The counters.
 * @param gauges What holds now.
 * @returns The text and its media type.
 */
export async function renderMetrics(
  metrics: BrokerMetrics,
  gauges: BrokerGauges,
): Promise<{ text: string; contentType: string }> {
  const exposition = await Exposition.begin();
  const one = (value: number): Sample[] => [{ labels: {}, value }];
  exposition.add("counter", "ipcx_broker_accepted_total", "Connections accepted.", one(metrics.accepted));
  exposition.add("counter", "ipcx_broker_paired_total", "Pairs handed out.", one(metrics.paired));
  exposition.add("counter", "ipcx_broker_gone_total", "Clients gone before they were paired.", one(metrics.gone));
  exposition.add("counter", "ipcx_broker_accept_errors_total", "Failures of accept(2).", one(metrics.acceptErrors));
  exposition.add(
    "counter",
    "ipcx_broker_postponed_total",
    "Pairs put off for want of descriptors.",
    one(metrics.postponed),
  );
  exposition.add("counter", "ipcx_broker_refused_total", "Clients refused, by reason.", byReason(metrics.refused));
  exposition.add(
    "counter",
    "ipcx_broker_protocol_errors_total",
    "Requests that broke the protocol, by field.",
    byReason(metrics.protocolErrors),
  );
  exposition.add("gauge", "ipcx_broker_clients", "Clients connected.", one(gauges.clients));
  exposition.add("gauge", "ipcx_broker_waiting", "Clients waiting for a peer.", one(gauges.waiting));
  const latency = "ipcx_broker_pair_latency_seconds";
  exposition.add(
    "histogram",
    latency,
    "From the arrival of a pair's second client until both had their ends.",
    histogramSamples(latency, {}, LATENCY_BUCKETS, {
      counts: metrics.latencyCounts,
      sum: metrics.latencySum,
      count: metrics.paired,
    }),
  );
  return await exposition.render();
}
