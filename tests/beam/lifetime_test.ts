import { assertEquals } from "@std/assert";
import { claim } from "../claim.ts";

const PROGRAM = new URL("./programs/wait_unreferenced.ts", import.meta.url).pathname;

/** Runs the program to its end; a signal ends it if it does not. */
async function lines(how: string): Promise<string[]> {
  const args = ["run", "-A", "--quiet", "--no-lock", PROGRAM, how];
  const child = new Deno.Command(Deno.execPath(), { args, stdin: "null", signal: AbortSignal.timeout(60_000) });
  const { code, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  assertEquals([code, decoder.decode(stderr)], [0, ""]);
  return decoder.decode(stdout).trim().split("\n");
}

claim("what is awaited of a beam keeps the process alive until it comes", async () => {
  // Who sends is told of the end, and so is who receives: with something unread it is no plain one.
  assertEquals(await lines("ref"), ["waits", "told", "told"]);
});

claim("a beam of which nothing is awaited keeps nobody, nor does one that was unreferenced", async () => {
  assertEquals(await lines("nothing"), ["waits"]);
  assertEquals(await lines("unref"), ["waits"]);
});
