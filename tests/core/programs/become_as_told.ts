/** Becomes another program without a descriptor; with signals held, after SIGTERM has come. */
import { exec } from "../../../src/core/exec.ts";
import { native } from "../../../src/core/native.ts";

const [options, command, ...args] = Deno.args;
const { signalsHeld, argv0 } = JSON.parse(options);
if (signalsHeld) {
  native.ipcx_hold_signals();
  Deno.kill(Deno.pid, "SIGTERM");
}
exec(command, args, { argv0, signalsHeld });
