import { assert, assertEquals } from "@std/assert";
import { BrokerMetrics } from "ipcx";
import { LATENCY_BUCKETS, renderMetrics } from "../../src/broker/metrics.ts";
import { claim } from "../claim.ts";

interface Parsed {
  types: Map<string, string>;
  samples: Map<string, number>;
}

/** Reads the text format, strictly. */
function parse(text: string): Parsed {
  assert(text.endsWith("\n"));
  const parsed: Parsed = { types: new Map(), samples: new Map() };
  for (const line of text.split("\n")) {
    if (line === "" || /^# HELP [a-z_]+ \S.*\.$/.test(line)) continue;
    const type = /^# TYPE ([a-z_]+) (counter|gauge|histogram)$/.exec(line);
    if (type) {
      assert(!parsed.types.has(type[1]));
      parsed.types.set(type[1], type[2]);
      continue;
    }
    const sample = /^([a-z_]+(?:\{[a-z]+="(?:[^"\\\n]|\\["\\n])*"\})?) (\S+)$/.exec(line);
    assert(sample !== null && !Number.isNaN(Number(sample[2])), `no sample: ${line}`);
    assert(!parsed.samples.has(sample[1]), `twice: ${line}`);
    parsed.samples.set(sample[1], Number(sample[2]));
  }
  return parsed;
}

async function render(metrics: BrokerMetrics, gauges = { clients: 0, waiting: 0 }): Promise<Parsed> {
  const { text, contentType } = await renderMetrics(metrics, gauges);
  assert(contentType.startsWith("text/plain; version=0.0.4"));
  return parse(text);
}

claim("counters and gauges have their values, types and help", async () => {
  const metrics = new BrokerMetrics();
  Object.assign(metrics, { accepted: 11, gone: 3, acceptErrors: 4, postponed: 5 });
  BrokerMetrics.add(metrics.refused, "clients");
  BrokerMetrics.add(metrics.refused, "clients");
  BrokerMetrics.add(metrics.refused, "pair timeout");
  BrokerMetrics.add(metrics.protocolErrors, "version");
  const { types, samples } = await render(metrics, { clients: 7, waiting: 6 });
  const expected: Record<string, number> = {
    ipcx_broker_accepted_total: 11,
    ipcx_broker_paired_total: 0,
    ipcx_broker_gone_total: 3,
    ipcx_broker_accept_errors_total: 4,
    ipcx_broker_postponed_total: 5,
    'ipcx_broker_refused_total{reason="clients"}': 2,
    'ipcx_broker_refused_total{reason="pair timeout"}': 1,
    'ipcx_broker_protocol_errors_total{reason="version"}': 1,
    ipcx_broker_clients: 7,
    ipcx_broker_waiting: 6,
  };
  for (const [name, value] of Object.entries(expected)) assertEquals(samples.get(name), value, name);
  for (const [name, type] of types) {
    const kind = name.endsWith("_total") ? "counter" : name.endsWith("_seconds") ? "histogram" : "gauge";
    assertEquals(type, kind, name);
  }
  assertEquals(types.size, 10);
});

claim("latencies are counted in every bucket that they fit in", async () => {
  const metrics = new BrokerMetrics();
  const latencies = [0, 0.000_025, 0.000_026, 0.0009, 0.3, 1, 1.5, 900];
  for (const latency of latencies) metrics.countPair(latency);
  const { samples } = await render(metrics);
  const name = "ipcx_broker_pair_latency_seconds";
  for (const bound of LATENCY_BUCKETS) {
    const count = latencies.filter((latency) => latency <= bound).length;
    assertEquals(samples.get(`${name}_bucket{le="${bound}"}`), count, `${bound}`);
  }
  assertEquals(samples.get(`${name}_bucket{le="+Inf"}`), latencies.length);
  assertEquals(samples.get(`${name}_count`), latencies.length);
  assert(Math.abs(samples.get(`${name}_sum`)! - latencies.reduce((sum, one) => sum + one)) < 1e-9);
  assertEquals(samples.get("ipcx_broker_paired_total"), latencies.length);
});

claim("a reason with quotes, backslashes and line ends does not break the text", async () => {
  const metrics = new BrokerMetrics();
  BrokerMetrics.add(metrics.refused, 'a "b" \\ c\nd');
  const { samples } = await render(metrics);
  assertEquals(samples.get(String.raw`ipcx_broker_refused_total{reason="a \"b\" \\ c\nd"}`), 1);
});

claim("metrics can be asked for again and again, and of several brokers", async () => {
  const [one, other] = [new BrokerMetrics(), new BrokerMetrics()];
  one.accepted = 1;
  other.accepted = 2;
  for (let round = 0; round < 2; round++) {
    assertEquals((await render(one)).samples.get("ipcx_broker_accepted_total"), 1);
    assertEquals((await render(other)).samples.get("ipcx_broker_accepted_total"), 2);
  }
});
