/**
 * Dials itself with no descriptors left, then with one left, two left, and so on,
 * until it succeeds; started with a limit of descriptors. Prints what came of each.
 *
 * @module
 */

import { Beam, BeamEndpoint, startReactor, UnixSocket } from "ipcx";
import { openRuntimesOwn } from "../../core/open_descriptors.ts";

openRuntimesOwn();
startReactor();
const [near, far] = Beam.pair();
using client = new BeamEndpoint(near, { onError: () => {} });
using service = new BeamEndpoint(far, { onError: () => {} });
service.accept("upper", async (connection) => {
  for await (const { text } of connection) await connection.send(text.toUpperCase());
});

/** What a dial comes to: an answer, or the error's code. */
async function dial(): Promise<string> {
  try {
    using connection = await client.dial("upper", { timeout: 60_000 });
    await connection.send("ok");
    return (await connection.receive())?.text ?? "end";
  } catch (error) {
    const { code, reason, name } = error as { code?: string; reason?: string; name: string };
    return reason ?? (name === "TimeoutError" ? name : code ?? name);
  }
}

const before = Array.from(Deno.readDirSync("/proc/self/fd")).length;
const hoard: Disposable[] = [];
const fill = (): void => {
  try {
    for (;;) {
      const [one, other] = UnixSocket.pair();
      hoard.push(one, other);
    }
  } catch {
    // The limit is reached, but perhaps for one.
  }
  try {
    for (;;) hoard.push(near.fd.duplicate());
  } catch {
    // Now it is.
  }
};
fill();
const outcomes: string[] = [];
while (outcomes.at(-1) !== "OK" && outcomes.length < 20) {
  outcomes.push(await dial());
  hoard.pop()?.[Symbol.dispose]();
}
for (const one of hoard) one[Symbol.dispose]();
outcomes.push(await dial());
console.log(outcomes.join(" "));
while (Array.from(Deno.readDirSync("/proc/self/fd")).length > before) await new Promise((done) => setTimeout(done, 5));
console.log("nothing leaked");
