import { assert, assertEquals, assertRejects } from "@std/assert";
import { spawn } from "../../src/spawn/spawn.ts";
import { claim } from "../claim.ts";

const encoder = new TextEncoder();

claim("a pipe to standard input stays open until it is closed, however late it is used", async () => {
  const child = spawn({ command: "cat", stdin: "piped", stdout: "piped" });
  const reader = child.stdout.getReader();
  const writer = child.stdin.getWriter();
  for (const text of ["first", "second"]) {
    // The answer comes through another process: the event loop has turned by then.
    await writer.write(encoder.encode(text));
    const { value } = await reader.read();
    assertEquals(new TextDecoder().decode(value), text);
  }
  assert(!child.hasEnded);
  await writer.close();
  assert((await reader.read()).done);
  assertEquals((await child.status).code, 0);
});

claim("a pipe to standard input that is closed unused is the end of the input", async () => {
  const child = spawn({ command: "sh", args: ["-c", "echo ready; cat; echo over"], stdin: "piped", stdout: "piped" });
  const reader = child.stdout.getReader();
  assertEquals(new TextDecoder().decode((await reader.read()).value), "ready\n");
  await child.stdin.close();
  assertEquals(new TextDecoder().decode((await reader.read()).value), "over\n");
  assert((await reader.read()).done);
  assertEquals((await child.status).code, 0);
});

claim("writing to a child that reads no more is an error", async () => {
  const child = spawn({ command: "true", stdin: "piped" });
  await child.status;
  await assertRejects(() => child.stdin.getWriter().write(encoder.encode("anybody?")));
});
