/** Listens where and when it is told to, round after round. */
import type { SystemError } from "../../../src/core/errors.ts";
import { UnixListener } from "../../../src/core/listener.ts";

console.log("ready");
let listener: UnixListener | undefined;
let rest = "";
for await (const chunk of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
  const lines = (rest + chunk).split("\n");
  rest = lines.pop()!;
  for (const line of lines) {
    if (line === "close") {
      listener?.close();
      listener = undefined;
      console.log("closed");
      continue;
    }
    const [start, path] = line.split(" ");
    while (Date.now() < Number(start));
    try {
      listener = UnixListener.listen(path);
      console.log("listens");
    } catch (error) {
      console.log((error as SystemError).code ?? String(error));
    }
  }
}
