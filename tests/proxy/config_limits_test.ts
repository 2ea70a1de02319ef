import { assertEquals, assertThrows } from "@std/assert";
import type { RouteLimits } from "../../src/proxy/config.ts";
import { resourceNumber } from "../../src/spawn/rlimits.ts";
import { claim } from "../claim.ts";
import { configOf, faultsOf, routeText } from "./configuring.ts";

/** The limits of a route, with those of the service. */
function limitsOf(route: string, service = "{}"): RouteLimits {
  const text = routeText(`answer: stdout\ninject: {cmd: cat}\nlimits: ${route}`, `limits: ${service}\n`);
  return configOf(text).routes[0].limits;
}

/** The faults of the limits of a service, which begin in line 1, column 9. */
function faults(limits: string): string[] {
  return faultsOf(routeText("answer: stdout\ninject: {cmd: cat}", `limits: ${limits}\n`));
}

claim("a route takes over what the service says for all, unless it says so itself", () => {
  const service = "{queue_timeout: 1s, body: 2K, output: 3K, rlimits: {nofile: 4, core: 0}, concurrency: 5, queue: 6}";
  assertEquals(limitsOf("{}", service), {
    concurrency: 5,
    queue: 64,
    queueTimeout: 1000,
    body: 2048,
    output: 3072,
    rlimits: { nofile: 4, core: 0 },
  });
  assertEquals(
    limitsOf("{queue_timeout: 0, body: 0, output: 0, rlimits: {nofile: 7}, concurrency: 8, queue: 0}", service),
    {
      concurrency: 8,
      queue: 0,
      queueTimeout: 0,
      body: 0,
      output: 0,
      rlimits: { nofile: 7, core: 0 },
    },
  );
});

claim("resource limits are numbers, sizes, unlimited, or soft and hard", () => {
  const rlimits = "{nofile: 64, as: 1 GiB, core: unlimited, RLIMIT_NPROC: 1:2, stack: 8M:unlimited, " +
    "cpu: {soft: 1, hard: 2}, data: 3:3}";
  assertEquals(limitsOf(`{rlimits: ${rlimits}}`).rlimits, {
    nofile: 64,
    as: 2 ** 30,
    core: "unlimited",
    nproc: { soft: 1, hard: 2 },
    stack: { soft: 8 * 2 ** 20, hard: "unlimited" },
    cpu: { soft: 1, hard: 2 },
    data: 3,
  });
});

claim("the resources are those that processes can be started with", () => {
  const { message } = assertThrows(() => resourceNumber("none"), TypeError);
  const names = message.split("there are ")[1].split(", ");
  const told = faults("{rlimits: {qqqqqqqqqqqq: 1}}");
  assertEquals(told, [`1:20: there is no resource 'qqqqqqqqqqqq': there are ${names.join(", ")}`]);
});

claim("control groups are set up from what the service and the route say", () => {
  const service = "{cgroup: {parent: web, memory.max: 100M, pids.max: 20}}";
  assertEquals(limitsOf("{}", service).cgroup, {
    parent: "web",
    settings: { "memory.max": "100M", "pids.max": "20" },
  });
  assertEquals(limitsOf("{cgroup: {memory.max: 1M, cpu.max: 50000 100000}}", service).cgroup, {
    parent: "web",
    settings: { "memory.max": "1M", "pids.max": "20", "cpu.max": "50000 100000" },
  });
  assertEquals(limitsOf("{cgroup: {parent: /sys/fs/cgroup/x}}", service).cgroup?.parent, "/sys/fs/cgroup/x");
  assertEquals(limitsOf("{}", "{cgroup: {memory.max: 1M}}").cgroup, undefined);
});

/** What is wrong with the limits of a service. */
const FAULTS: readonly [limits: string, ...faults: string[]][] = [
  ["5", "1:9: limits: a section of keys is needed here, not a text"],
  ["{concurency: 1}", "1:10: there is no 'concurency' here: did you mean 'concurrency'?"],
  ["{concurrency: 0}", "1:23: concurrency: 0 is too low: 1 is the least"],
  ["{concurrency: 100001}", "1:23: concurrency: 100001 is too high: 100000 is the most"],
  ["{queue: -1}", "1:17: queue: '-1' is no whole number"],
  ["{queue: 1000001}", "1:17: queue: 1000001 is too high: 1000000 is the most"],
  ["{connections: 0}", "1:23: connections: 0 is too low: 1 is the least"],
  ["{request_timeout: 0}", "1:27: request_timeout: 0 is too low: 1 is the least"],
  ["{results: much}", "1:19: results: 'much' is no size: write bytes, or a number with KiB, MiB or GiB"],
  ["{results: 2T}", "1:19: results: '2T' is too much: 1 TiB is the most"],
  ["{results: 0.5}", "1:19: results: '0.5' is no whole number of bytes"],
  ["{body: 1GiB}"],
  ["{body: 1025M}", "1:16: body: 1074790400 is too high: 1073741824 is the most"],
  ["{rlimits: {nofiles: 1}}", "1:20: there is no resource 'nofiles': did you mean 'nofile'?"],
  ["{rlimits: {nofile: few}}", "1:28: nofile: 'few' is no size: write bytes, or a number with KiB, MiB or GiB"],
  ["{rlimits: {nofile: '1:2:3'}}", "1:28: nofile: write SOFT or SOFT:HARD"],
  ["{rlimits: {nofile: '2:1'}}", "1:28: nofile: the soft limit 2 is above the hard one, 1"],
  ["{rlimits: {nofile: unlimited:1}}", "1:28: nofile: the soft limit unlimited is above the hard one, 1"],
  ["{rlimits: {nofile: {soft: 1}}}", "1:28: nofile: both soft and hard are needed"],
  [
    "{rlimits: {nofile: {soft: 1, hrd: 2}}}",
    "1:28: nofile: both soft and hard are needed",
    "1:38: there is no 'hrd' here: did you mean 'hard'?",
  ],
  ["{rlimits: {nofile: [1]}}", "1:28: nofile: a number or unlimited is needed here, not a list"],
  ["{cgroup: x}", "1:18: cgroup: a section of keys is needed here, not a text"],
  ["{cgroup: {parent: ''}}", "1:27: parent: it cannot be empty"],
  ["{cgroup: {parent: a, memry.max: 1}}", "1:30: there is no controller 'memry': did you mean 'memory'?"],
  [
    "{cgroup: {parent: a, zzz.max: 1}}",
    "1:30: there is no controller 'zzz': there are cpu, cpuset, memory, io, pids, hugetlb, rdma, misc, cgroup",
  ],
  ["{cgroup: {parent: a, max: 1}}", "1:30: 'max' is no setting of a control group: write one as memory.max"],
  ["{cgroup: {parent: a, ../x.max: 1}}", "1:30: '../x.max' is no setting of a control group: write one as memory.max"],
  ["{cgroup: {parent: a, cgroup.procs: 1}}", "1:30: 'cgroup.procs' is no limit, and not for you to write"],
  ["{cgroup: {parent: a, memory.max: [1]}}", "1:42: memory.max: a text is needed here, not a list"],
];

claim("every fault of limits has its place and says what would be right", () => {
  assertEquals(FAULTS.map(([limits]) => [limits, ...faults(limits)]), FAULTS.map((row) => [...row]));
});

claim("settings of a control group need a parent, of the route or of the service", () => {
  assertEquals(faultsOf(routeText("answer: stdout\ninject: {cmd: cat}\nlimits: {cgroup: {pids.max: 1}}")), [
    "6:24: cgroup: parent is needed, too: below which group",
  ]);
});
