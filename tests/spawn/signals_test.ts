import { assertEquals, assertThrows } from "@std/assert";
import { signalName, signalNumber } from "../../src/spawn/signals.ts";
import { claim } from "../claim.ts";

/** What bash, which has its names from the C library, calls the signals below 32. */
function namesOfShell(): [number, string][] {
  const { stdout } = new Deno.Command("bash", { args: ["-c", "kill -l"], stdin: "null" }).outputSync();
  return Array.from(
    new TextDecoder().decode(stdout).matchAll(/(\d+)\) (SIG\w+)/g),
    ([, number, name]): [number, string] => [Number(number), name],
  ).filter(([number]) => number < 32);
}

claim("signals have the names and numbers that the shell has for them", () => {
  const names = namesOfShell();
  assertEquals(names.length, 31);
  for (const [number, name] of names) {
    assertEquals(signalName(number), name);
    assertEquals(signalNumber(name), number);
  }
});

claim("a name may lack its SIG, and be written small", () => {
  for (const name of ["SIGTERM", "TERM", "term", "sigterm", "15", 15]) assertEquals(signalNumber(name), 15);
});

claim("a signal without a name has one that is understood", () => {
  for (let number = 1; number <= 64; number++) assertEquals(signalNumber(signalName(number)), number);
  assertEquals(signalName(40), "SIG40");
});

claim("what is no signal is refused", () => {
  for (const wrong of ["", "SIG", "0", 0, 65, "65", -1, "-9", 1.5, "9 ", "NONE", "SIGSIGTERM", "+9", NaN, "009"]) {
    assertThrows(() => signalNumber(wrong), TypeError, `there is no signal '${wrong}'`);
  }
});
