import { assertEquals } from "@std/assert";
import { Admission } from "../../src/broker/admission.ts";
import { defaultLimits, type Limits } from "../../src/broker/limits.ts";
import { claim } from "../claim.ts";

function admissionWith(limits: Partial<Limits>): Admission {
  return new Admission({ ...defaultLimits(20_000), ...limits });
}

claim("as many are let in as the limit says, and one more when one has left", () => {
  const admission = admissionWith({ maxClients: 2 });
  assertEquals([1, 2, 3].map((uid) => admission.enter(uid, 0)), [undefined, undefined, "clients"]);
  admission.leave(1);
  assertEquals([admission.clients, admission.enter(3, 0), admission.enter(1, 0)], [1, undefined, "clients"]);
});

claim("each user has a limit of its own", () => {
  const admission = admissionWith({ maxClientsPerUid: 1 });
  assertEquals([1, 1, 2].map((uid) => admission.enter(uid, 0)), [undefined, "clients per uid", undefined]);
  admission.leave(1);
  assertEquals(admission.enter(1, 0), undefined);
});

claim("a second's worth may come at once, and then as many as time allows", () => {
  const admission = admissionWith({ connectionsPerSecond: 4 });
  const enter = (now: number) => admission.enter(7, now);
  assertEquals([0, 0, 0, 0, 0].map(enter), [undefined, undefined, undefined, undefined, "rate"]);
  assertEquals([249, 250, 250].map(enter), ["rate", undefined, "rate"]);
  assertEquals([750, 750, 750].map(enter), [undefined, undefined, "rate"]);
  assertEquals(admission.enter(8, 750), undefined);
});

claim("what is saved up is never more than a second's worth", () => {
  const admission = admissionWith({ connectionsPerSecond: 2 });
  assertEquals(admission.enter(7, 0), undefined);
  assertEquals([1e9, 1e9, 1e9].map((now) => admission.enter(7, now)), [undefined, undefined, "rate"]);
});

claim("coming and going does not reset the rate, not even among very many users", () => {
  const admission = admissionWith({ connectionsPerSecond: 1 });
  admission.enter(0, 0);
  admission.leave(0);
  for (let uid = 1; uid < 5000; uid++) {
    admission.enter(uid, 500);
    admission.leave(uid);
  }
  assertEquals(admission.enter(0, 999), "rate");
  assertEquals(admission.enter(0, 1999), undefined);
});

claim("users that have clients are never forgotten", () => {
  const admission = admissionWith({ maxClientsPerUid: 1 });
  admission.enter(0, 0);
  for (let uid = 1; uid < 5000; uid++) {
    admission.enter(uid, 10_000);
    admission.leave(uid);
  }
  for (let uid = 5000; uid < 10_000; uid++) admission.enter(uid, 20_000);
  assertEquals(admission.enter(0, 30_000), "clients per uid");
  admission.leave(0);
  assertEquals(admission.clients, 5000);
});

claim("by default one user leaves a tenth of the places to others", () => {
  const { maxClients, maxClientsPerUid } = defaultLimits(20_000);
  assertEquals([maxClients, maxClientsPerUid], [19_808, 17_827]);
  assertEquals(defaultLimits(1).maxClients, 2);
  assertEquals(defaultLimits(64).maxClients, 32);
  assertEquals(defaultLimits(2 ** 30).maxClients, 1_048_576 - 192);
});
