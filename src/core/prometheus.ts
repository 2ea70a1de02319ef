/**
 * The text format of Prometheus, for what is counted already.
 *
 * Counting happens too often for a library's own counters, so it is plain
 * arithmetic elsewhere; the library is loaded when somebody asks.
 *
 * @module
 */

import type { Registry } from "prom-client";

/** The labels of a sample. */
export type Labels = Readonly<Record<string, string | number>>;

/** One value. */
export interface Sample {
  /** What tells it from others of its name. */
  labels: Labels;
  /** The value. */
  value: number;
  /** Its name, where that is not the metric's. */
  metricName?: string;
}

/** What a histogram has counted. */
export interface HistogramCounts {
  /** How many lie in each bucket, not cumulated; the last is for those beyond every bound. */
  readonly counts: readonly number[];
  /** The sum of all values. */
  readonly sum: number;
  /** How many there are. */
  readonly count: number;
}

/**
 * Makes the samples of a histogram.
 *
 * @param name The metric's name.
 * @param labels The labels of all of them.
 * @param bounds The upper bounds of the buckets.
 * @param histogram What it has counted.
 * @returns The samples.
 */
export function histogramSamples(
  name: string,
  labels: Labels,
  bounds: readonly number[],
  histogram: HistogramCounts,
): Sample[] {
  let sum = 0;
  const buckets = [...bounds, "+Inf"].map((le, at): Sample => {
    sum += histogram.counts[at];
    return { labels: { ...labels, le }, value: sum, metricName: `${name}_bucket` };
  });
  return [
    ...buckets,
    { labels, value: histogram.sum, metricName: `${name}_sum` },
    { labels, value: histogram.count, metricName: `${name}_count` },
  ];
}

/** Metrics on their way to Prometheus. */
export class Exposition {
  readonly #registry: Registry;

  private constructor(registry: Registry) {
    this.#registry = registry;
  }

  /**
   * Begins without any.
   *
   * @returns It.
   */
  static async begin(): Promise<Exposition> {
    return new Exposition(new (await import("prom-client")).Registry());
  }

  /**
   * Adds a metric.
   *
   * @param type What it is.
   * @param name Its name.
   * @param help What it means.
   * @param values Its samples.
   */
  add(type: "counter" | "gauge" | "histogram", name: string, help: string, values: readonly Sample[]): void {
    // The library's own metrics count by themselves; ours are counted already.
    const get = () => Promise.resolve({ name, help, type, values, aggregator: "sum" });
    const metric = { name, help, type, aggregator: "sum", get };
    this.#registry.registerMetric(metric as unknown as Parameters<Registry["registerMetric"]>[0]);
  }

  /**
   * Writes all of it.
   *
   * @returns The text and its media type.
   */
  async render(): Promise<{ text: string; contentType: string }> {
    return { text: await this.#registry.metrics(), contentType: this.#registry.contentType };
  }
}
