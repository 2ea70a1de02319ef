import { assertEquals, assertMatch } from "@std/assert";
import { claim } from "../../claim.ts";
import { ROOT, runProgram } from "../../cli/program.ts";

const EXAMPLE = [Deno.execPath(), "run", "--quiet", "--allow-all", `${ROOT}examples/beam_services.ts`];

claim("the example finds services by name, and outlives the death of one within a request", async () => {
  const { status, out, err } = await runProgram(EXAMPLE);
  assertEquals([status, err], [0, ""], out);
  const lines = out.trimEnd().split("\n");
  const pids = [lines[0], lines[3]].map((line) => /rocess (\d+)/.exec(line)?.[1]);
  assertEquals(lines.length, 6);
  assertMatch(lines[1], /^2\. "time" says \d{4}-\d\d-\d\dT[\d:.]+Z$/);
  assertEquals(lines[2], '3. no connection to "lower": the peer does not accept this name');
  assertEquals(lines[4], "5. THE ANSWER COMES ALL THE SAME");
  assertEquals(lines[5], "6. The beam is closed, and the service has ended by itself: true");
  assertEquals(new Set(pids).size, 2);
});
