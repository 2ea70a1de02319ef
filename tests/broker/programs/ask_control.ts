/** Asks a control socket for its status, as whatever user this is run as. */
import { askControl } from "ipcx";

try {
  const { status } = await askControl(Deno.args[0], "GET", "/status");
  console.log(`status ${status}`);
} catch {
  console.log("no answer");
}
