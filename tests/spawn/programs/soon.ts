/** Starts a process by `spawnSoon`, does nothing that would keep it alive, and says what it hears. */
import { spawnSoon } from "../../../src/spawn/mod.ts";

const [script, isFree] = Deno.args;
spawnSoon({ command: "sh", args: ["-c", script], deathSignal: "SIGKILL" }, {
  onStarted({ child }) {
    console.log(child.hasEnded ? "ended already" : "runs");
    if (isFree) child.unref();
    child.status.then(({ code }) => console.log(`status ${code}`));
  },
  onFailed: (error) => console.log((error as Error).message),
});
