import { assertEquals, assertThrows } from "@std/assert";
import { capabilityNumbers } from "../../src/spawn/capabilities.ts";
import { claim } from "../claim.ts";

/** What a header of the kernel defines, by name, or `undefined` where it is not installed. */
function defined(header: string, pattern: RegExp): [string, number][] | undefined {
  try {
    const found = Deno.readTextFileSync(`/usr/include/${header}`).matchAll(pattern);
    return Array.from(found, ([, name, number]) => [name, Number(number)]);
  } catch {
    return undefined;
  }
}

const capabilities = defined("linux/capability.h", /^#define (CAP_\w+)\s+(\d+)$/gm);

claim("capabilities have the numbers that the kernel's header gives them", () => {
  assertEquals(capabilities!.length >= 38, true);
  for (const [name, number] of capabilities!) assertEquals(capabilityNumbers([name]), [number], name);
}, { skip: !capabilities && "linux/capability.h is not installed" });

claim("a name may lack its CAP_, and be written in any case", () => {
  for (const name of ["CAP_NET_ADMIN", "net_admin", "Net_Admin", "cap_net_admin"]) {
    assertEquals(capabilityNumbers([name]), [12]);
  }
});

claim("each is there once, in their order", () => {
  assertEquals(capabilityNumbers(["sys_admin", "chown", "CAP_CHOWN", "kill"]), [0, 5, 21]);
  assertEquals(capabilityNumbers([]), []);
});

claim("ALL are those that this kernel has, even if nobody knows their names", () => {
  const last = Number(Deno.readTextFileSync("/proc/sys/kernel/cap_last_cap"));
  for (const names of [["ALL"], ["all"], ["kill", "CAP_ALL"]]) {
    assertEquals(capabilityNumbers(names), Array.from({ length: last + 1 }, (_, number) => number));
  }
});

claim("what is no capability is refused", () => {
  for (const wrong of ["", "CAP_", "NONE", "21", "sys admin", "cap_cap_chown"]) {
    assertThrows(() => capabilityNumbers(["chown", wrong]), TypeError, `there is no capability '${wrong}'`);
  }
});
