import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { checkExpiry, checkHolderLimits, defaultHolderLimits } from "../../src/hold/limits.ts";
import { claim } from "../claim.ts";

claim("the limits by default are in their ranges and leave room, whatever RLIMIT_NOFILE is", () => {
  fc.assert(fc.property(fc.integer({ min: 16, max: 2 ** 31 - 1 }), (descriptors) => {
    const limits = defaultHolderLimits(descriptors);
    checkHolderLimits(limits);
    assert(limits.maxHeld + limits.maxClients < descriptors);
    assert(limits.maxHeldPerUid <= limits.maxHeld && limits.maxClientsPerUid <= limits.maxClients);
  }));
  assertEquals(defaultHolderLimits(20_000), {
    maxHeld: 19_427,
    maxHeldPerUid: 17_484,
    maxClients: 256,
    maxClientsPerUid: 64,
    requestTimeout: 5000,
  });
});

claim("the limits of one user follow those that are set", () => {
  const { maxHeldPerUid, maxClientsPerUid, maxHeld } = defaultHolderLimits(20_000, { maxHeld: 10, maxClients: 8 });
  assertEquals([maxHeld, maxHeldPerUid, maxClientsPerUid], [10, 9, 2]);
  assertEquals(defaultHolderLimits(20_000, { maxHeld: 1, maxClients: 1 }).maxHeldPerUid, 1);
});

claim("limits out of their ranges are named", () => {
  const limits = defaultHolderLimits(1024);
  const wrong: [Partial<typeof limits>, string][] = [
    [{ maxHeld: 0 }, "maxHeld is a whole number of 1 or more, not 0"],
    [{ maxHeldPerUid: 1.5 }, "maxHeldPerUid is a whole number of 1 or more, not 1.5"],
    [{ maxClients: -1 }, "maxClients is a whole number of 1 or more, not -1"],
    [{ maxClientsPerUid: NaN }, "maxClientsPerUid is a whole number of 1 or more, not NaN"],
    [{ requestTimeout: -1 }, "requestTimeout is a whole number of 0 or more, not -1"],
    [{ requestTimeout: 2 ** 31 }, "requestTimeout is at most 2147483647 ms, not 2147483648"],
  ];
  for (const [change, message] of wrong) {
    assertEquals(assertThrows(() => checkHolderLimits({ ...limits, ...change }), RangeError).message, message);
  }
});

claim("a time to hold is one that can be waited for", () => {
  for (const ms of [0, 1, 2 ** 31 - 1]) assertEquals(checkExpiry(ms), ms);
  for (const ms of [-1, 0.5, 2 ** 31, NaN, Infinity]) {
    const { message } = assertThrows(() => checkExpiry(ms), RangeError);
    assertEquals(message, `expire is a whole number of milliseconds from 0 to 2147483647, not ${ms}`);
  }
});
