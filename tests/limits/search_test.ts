import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { SystemError } from "ipcx";
import { ERRNO } from "../../src/core/linux.ts";
import { largest, untilRefused } from "../../src/limits/search.ts";
import { claim } from "../claim.ts";

claim("the largest number that works is found, in few attempts", () => {
  fc.assert(fc.property(fc.nat(1000), fc.nat(1e9), fc.nat(1e9), (low, above, further) => {
    const limit = low + above;
    const high = limit + 1 + further;
    let attempts = 0;
    const found = largest("sendmsg", low, high, (number) => {
      attempts++;
      assert(number >= low && number < high);
      return number <= limit ? 0 : -ERRNO.EINVAL;
    });
    assertEquals(found, limit);
    assert(attempts <= 2 + Math.ceil(Math.log2(high - low)));
  }));
});

claim("where even the smallest number does not work, the error is that of the call", () => {
  const error = assertThrows(() => largest("bind", 1, 100, () => -ERRNO.EACCES), SystemError);
  assertEquals([error.syscall, error.code], ["bind", "EACCES"]);
});

claim("attempts are counted until the first that is refused, or as many as may be", () => {
  fc.assert(fc.property(fc.nat(50), fc.nat(50), (most, limit) => {
    let calls = 0;
    const { count, refusal } = untilRefused(most, (at) => {
      assertEquals(at, calls++);
      return at < limit ? 1 : -ERRNO.EAGAIN;
    });
    assertEquals(
      { count, refusal },
      limit < most ? { count: limit, refusal: -ERRNO.EAGAIN } : { count: most, refusal: 0 },
    );
  }));
});
