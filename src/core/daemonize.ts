/**
 * Going to the background, once there is something to come back for.
 *
 * @module
 */

import { UnixAddress } from "./address.ts";
import { OPEN } from "./linux.ts";
import { native } from "./native.ts";
import { openPath } from "./reach.ts";
import { UnixSocket } from "./socket.ts";

/** Marks the process that is to serve; its value is of no importance. */
const MARK = "IPCX_DAEMONIZED";

/** Deno asks the network for a newer version of itself when a program starts, unless this is set: not for a daemon. */
const NO_UPDATE_CHECK = "DENO_NO_UPDATE_CHECK", OURS = "ipcx";

/**
 * Tells whether this process was started by {@linkcode daemonize}, and if so
 * leaves the terminal's session, so that no hang-up reaches it.
 *
 * @returns `true` in the background process.
 */
export function isDaemonized(): boolean {
  if (Deno.env.get(MARK) === undefined) return false;
  Deno.env.delete(MARK);
  if (Deno.env.get(NO_UPDATE_CHECK) === OURS) Deno.env.delete(NO_UPDATE_CHECK);
  native.ipcx_new_session();
  return true;
}

/** This program with its arguments, without one of them. */
function commandLineWithout(option: string): string[] {
  const all = Deno.readTextFileSync("/proc/self/cmdline").split("\0").slice(0, -1);
  const own = all.length - Deno.args.length;
  return [...all.slice(1, own), ...Deno.args.filter((arg) => arg !== option)];
}

/**
 * Starts this program again in the background, without a terminal, and waits
 * until it says that it is ready (READY=1, sd_notify(3)).
 *
 * What it writes to standard error until then is passed on. Its working
 * directory stays, standard input and output are /dev/null.
 *
 * @param option The argument to leave out, such as `"--daemonize"`.
 * @returns The exit status for this process: 0, or what the other ended with.
 * @throws {SystemError} ENOENT where there is no /dev/null.
 */
export async function daemonize(option: string): Promise<number> {
  // Without it the program itself would be said to be missing.
  openPath("/dev/null", OPEN.READ | OPEN.WRITE).close();
  using notifications = UnixSocket.bound(UnixAddress.unnamed);
  // Anybody may send to an abstract name.
  notifications.setOption("passCredentials", true);
  const child = new Deno.Command(Deno.execPath(), {
    args: commandLineWithout(option),
    env: {
      [MARK]: "1",
      [NO_UPDATE_CHECK]: Deno.env.get(NO_UPDATE_CHECK) ?? OURS,
      NOTIFY_SOCKET: `${notifications.address}`,
    },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const relay = child.stderr.pipeTo(Deno.stderr.writable, { preventClose: true }).catch(() => {});
  const stop = new AbortController();
  const ready = async (): Promise<number> => {
    for (;;) {
      using message = await notifications.receive({ signal: stop.signal });
      if (message?.credentials?.pid === child.pid && /^READY=1$/m.test(message.text)) return 0;
    }
  };
  const ended = async (): Promise<number> => {
    const { code } = await child.status;
    await relay;
    return code || 1;
  };
  const status = await Promise.race([ready(), ended()]);
  stop.abort();
  child.unref();
  return status;
}
