import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { RouteSlots, Slots } from "../../src/proxy/slots.ts";
import { claim } from "../claim.ts";
import { until } from "../cli/program.ts";

function routeOf(concurrency: number, queue: number, queueTimeout = 60_000): RouteSlots {
  return new RouteSlots({ concurrency, queue, queueTimeout });
}

/** Notes what comes of requests, by name. */
class Requests {
  readonly log: string[] = [];

  constructor(readonly slots: Slots) {}

  ask(name: string, route: RouteSlots): () => void {
    return this.slots.acquire(route, () => this.log.push(`${name} runs`), (why) => this.log.push(`${name}: ${why}`));
  }

  /** What has come since. */
  get news(): string[] {
    return this.log.splice(0);
  }
}

claim("as many run as the route and all together may, in the order in which they came", () => {
  const requests = new Requests(new Slots({ concurrency: 3, queue: 10 }));
  const { slots } = requests;
  const one = routeOf(2, 10), other = routeOf(2, 10);
  for (const name of ["a", "b", "c"]) requests.ask(name, one);
  for (const name of ["d", "e"]) requests.ask(name, other);
  assertEquals(requests.news, ["a runs", "b runs", "d runs"]);
  assertEquals([slots.running, slots.waiting, one.running, other.running], [3, 2, 2, 1]);
  slots.release(one);
  assertEquals(requests.news, ["c runs"]);
  slots.release(one);
  assertEquals(requests.news, ["e runs"]);
  for (const route of [one, other, other]) slots.release(route);
  assertEquals([slots.running, slots.waiting, requests.news], [0, 0, []]);
});

claim("a route at its limit does not hold up others", () => {
  const requests = new Requests(new Slots({ concurrency: 10, queue: 10 }));
  const full = routeOf(1, 10), free = routeOf(10, 10);
  for (const name of ["a", "b"]) requests.ask(name, full);
  requests.ask("c", free);
  assertEquals(requests.news, ["a runs", "c runs"]);
  requests.slots.release(full);
  assertEquals(requests.news, ["b runs"]);
  requests.slots.release(full);
  requests.slots.release(free);
});

claim("who cannot wait is told which limit it is", () => {
  const requests = new Requests(new Slots({ concurrency: 1, queue: 2 }));
  const small = routeOf(1, 1), large = routeOf(1, 10), none = routeOf(1, 0);
  requests.ask("a", small);
  const leave = [requests.ask("b", small)];
  requests.ask("c", small);
  leave.push(requests.ask("d", large));
  requests.ask("e", large);
  requests.ask("f", none);
  assertEquals(requests.news, ["a runs", "c: route", "e: service", "f: route"]);
  for (const go of leave) go();
  requests.slots.release(small);
  assertEquals([requests.news, requests.slots.waiting, requests.slots.running], [[], 0, 0]);
});

claim("who has waited too long is told so, and runs no more", async () => {
  const requests = new Requests(new Slots({ concurrency: 1, queue: 10 }));
  const route = routeOf(1, 10, 20);
  requests.ask("a", route);
  const leave = requests.ask("b", route);
  await until(() => requests.log.length === 2, "nothing is told");
  assertEquals(requests.news, ["a runs", "b: waited"]);
  leave();
  requests.slots.release(route);
  assertEquals([requests.news, requests.slots.running, requests.slots.waiting], [[], 0, 0]);
});

claim("who leaves the queue is neither run nor told anything; who runs cannot leave", () => {
  const requests = new Requests(new Slots({ concurrency: 1, queue: 10 }));
  const route = routeOf(1, 10);
  const leaves = ["a", "b", "c"].map((name) => requests.ask(name, route));
  leaves[1]();
  leaves[1]();
  leaves[0]();
  assertEquals([requests.slots.running, requests.slots.waiting], [1, 1]);
  requests.slots.release(route);
  assertEquals(requests.news, ["a runs", "c runs"]);
  requests.slots.release(route);
});

claim("a raised limit lets those run who wait", () => {
  const requests = new Requests(new Slots({ concurrency: 1, queue: 10 }));
  const route = routeOf(10, 10);
  for (const name of ["a", "b", "c", "d"]) requests.ask(name, route);
  requests.slots.concurrency = 3;
  requests.slots.fill();
  assertEquals(requests.news, ["a runs", "b runs", "c runs"]);
  for (let i = 0; i < 4; i++) requests.slots.release(route);
  assertEquals(requests.news, ["d runs"]);
});

claim("any number of those that end as soon as they run take their turn", () => {
  const slots = new Slots({ concurrency: 1, queue: 100_000 });
  const route = routeOf(1, 100_000);
  let ran = 0;
  slots.acquire(route, () => {}, () => {});
  for (let i = 0; i < 20_000; i++) {
    slots.acquire(route, () => {
      ran++;
      slots.release(route);
    }, () => {});
  }
  slots.release(route);
  assertEquals([ran, slots.running, slots.waiting], [20_000, 0, 0]);
});

claim("whatever happens, no limit is passed, nobody is forgotten, and there is no room in vain", () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant("ask" as const), route: fc.nat(2) }),
    fc.record({ kind: fc.constant("end" as const), pick: fc.nat() }),
    fc.record({ kind: fc.constant("leave" as const), pick: fc.nat() }),
  );
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4 }),
      fc.nat(4),
      fc.array(step, { maxLength: 60 }),
      (concurrency, queue, steps) => {
        const slots = new Slots({ concurrency, queue });
        const routes = [routeOf(1, 2), routeOf(2, 0), routeOf(3, 5)];
        const running: RouteSlots[] = [];
        const waiting: { route: RouteSlots; leave: () => void }[] = [];
        for (const one of steps) {
          if (one.kind === "ask") {
            const route = routes[one.route];
            let state: "waits" | "runs" | "refused" = "waits";
            const entry = { route, leave: () => {} };
            entry.leave = slots.acquire(route, () => {
              state = "runs";
              running.push(route);
              if (waiting.includes(entry)) waiting.splice(waiting.indexOf(entry), 1);
            }, () => state = "refused");
            if ((state as string) === "waits") waiting.push(entry);
          } else if (one.kind === "end" && running.length > 0) {
            slots.release(running.splice(one.pick % running.length, 1)[0]);
          } else if (one.kind === "leave" && waiting.length > 0) {
            waiting.splice(one.pick % waiting.length, 1)[0].leave();
          }
          assertEquals([slots.running, slots.waiting], [running.length, waiting.length]);
          assert(slots.running <= concurrency && slots.waiting <= queue);
          for (const route of routes) {
            assertEquals(route.running, running.filter((other) => other === route).length);
            assert(route.running <= route.limits.concurrency && route.waiting.size <= route.limits.queue);
            const hasRoom = slots.running < concurrency && route.running < route.limits.concurrency;
            assert(!hasRoom || route.waiting.size === 0, "somebody waits although there is room");
          }
        }
        for (const { leave } of waiting) leave();
      },
    ),
  );
});
