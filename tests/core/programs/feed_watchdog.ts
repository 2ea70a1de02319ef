/** Feeds its watchdog for some milliseconds, then stops and goes on for as long again; 0 leaves it running. */
import { notify, startWatchdog } from "../../../src/core/notify.ts";

const ms = Number(Deno.args[0]);
const watchdog = startWatchdog();
if (ms > 0) {
  await new Promise((resolve) => setTimeout(resolve, ms));
  watchdog[Symbol.dispose]();
  notify({ STOPPING: 1 });
  await new Promise((resolve) => setTimeout(resolve, ms / 2));
}
