import { assertEquals } from "@std/assert";
import { asUser, withDescriptorLimit } from "../broker/daemon.ts";
import { claim, NEEDS_ROOT } from "../claim.ts";
import { BOUNDED, WIRES } from "./wires.ts";

const PROGRAM = new URL("./programs/send_until_refused.ts", import.meta.url).pathname;
const LIMIT = 128;

/** The kernel counts by user, so each process is one of its own. */
let users = 300_000 + Deno.pid % 100_000;

async function asUserWithoutPrivilege(options: object, many: number): Promise<Record<string, unknown>> {
  const program = [Deno.execPath(), "run", "-A", "--quiet", "--no-lock", PROGRAM, JSON.stringify(options), `${many}`];
  const [first, ...args] = [...withDescriptorLimit(LIMIT), ...asUser(users += 100_000), ...program];
  const { stdout, stderr } = await new Deno.Command(first, { args, stdin: "null" }).output();
  const decoder = new TextDecoder();
  assertEquals(decoder.decode(stderr), "");
  return JSON.parse(decoder.decode(stdout));
}

claim(
  "when too many descriptors are in flight the message is refused, and can be sent once they are received",
  async () => {
    for (const options of WIRES) {
      const { sent, refused, again } = await asUserWithoutPrivilege(options, 0);
      assertEquals({ sent, refused, again }, { sent: LIMIT + 1, refused: "ETOOMANYREFS", again: 1 });
    }
  },
  { skip: NEEDS_ROOT },
);

claim("a message whose first lot of descriptors was sent, and whose second is refused, ends the sending", async () => {
  for (const options of BOUNDED) {
    const { many, later, atReceiver } = await asUserWithoutPrivilege(options, 300);
    assertEquals({ many, later, atReceiver }, { many: "ETOOMANYREFS", later: "cut-off", atReceiver: "cut-off" });
  }
}, { skip: NEEDS_ROOT });
