import { assertEquals } from "@std/assert";
import { claim } from "../claim.ts";
import { WIRES } from "./wires.ts";

const PROGRAM = new URL("./programs/receive_at_limit.ts", import.meta.url).pathname;
const LIMIT = 200;

/** Runs the program with few descriptors. */
async function atLimit(options: object): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await new Deno.Command("prlimit", {
    args: [`--nofile=${LIMIT}:${LIMIT}`, Deno.execPath(), "run", "-A", "--quiet", "--no-lock", "--no-check", PROGRAM]
      .concat(
        JSON.stringify(options),
      ),
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  assertEquals([code, decoder.decode(stderr)], [0, ""]);
  return JSON.parse(decoder.decode(stdout));
}

claim(
  "at RLIMIT_NOFILE a message's descriptors are lost, its bytes are not, and the next one is received",
  async () => {
    for (const options of WIRES) {
      const { one } = await atLimit(options);
      assertEquals(one, [[["descriptors-lost", 5, true], [6, 0, false], [5, 1, false]], 0]);
    }
  },
);

claim("what is received ahead at that limit costs no more than one message at a time its descriptors", async () => {
  for (const wire of WIRES) {
    const lost = async (readAhead: boolean): Promise<number> => {
      const [outcomes] = (await atLimit({ ...wire, readAhead })).ahead as [unknown[][]];
      return outcomes.filter(([code]) => code === "descriptors-lost").length;
    };
    // Five find room, and the sixth tells that the next ones would not.
    assertEquals([await lost(true), await lost(false)], [5, 0]);
  }
});

claim("if only some of many descriptors can be delivered, none leaks and none is kept", async () => {
  for (const options of WIRES.slice(1)) {
    const { some, lots, large } = await atLimit(options);
    assertEquals(some, [[["descriptors-lost", 5, true], [6, 0, false], [5, 1, false]], 0]);
    assertEquals(lots, [[["descriptors-lost", 5, true], [6, 0, false], [5, 1, false]], 0]);
    assertEquals(large, [[["descriptors-lost", 100_000, true], [6, 0, false], [5, 1, false]], 0]);
  }
});

claim("if the memory for large messages cannot be delivered the beam ends", async () => {
  for (const options of WIRES.slice(1)) {
    const { memory } = await atLimit(options);
    assertEquals(memory, [[["descriptors-lost", "no data", false]], -1]);
  }
});

claim("if the sender has no descriptor for memory a large message goes through the socket", async () => {
  for (const options of WIRES.slice(1)) {
    const { sender } = await atLimit(options);
    assertEquals(sender, [["sent"], [500_000, 0, false], [500_000, 1, false], [1]]);
  }
});
