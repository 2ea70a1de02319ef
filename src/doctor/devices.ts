/**
 * Whether there are the devices that programs are given.
 *
 * @module
 */

import { check, SystemError } from "../core/errors.ts";
import { Fd } from "../core/fd.ts";
import { OPEN } from "../core/linux.ts";
import { native } from "../core/native.ts";
import { openPath } from "../core/reach.ts";
import { type Check, fails, type Judgement, ok, warning } from "./finding.ts";

/** What there is to know of devices. */
export interface DeviceFacts {
  /** Why /dev/null cannot be used, such as `"ENOENT"`. */
  nothing?: string;
  /** Why no pseudo-terminal can be made. */
  terminal?: string;
}

/** Judges devices. */
export function judgeDevices({ nothing, terminal }: DeviceFacts): Judgement {
  if (nothing !== undefined) {
    return fails(
      `/dev/null: ${nothing}`,
      "programs that 'proxy', 'pair', 'recv' and 'beam recv' start get no standard streams",
      "mknod -m 666 /dev/null c 1 3, or mount a /dev",
    );
  }
  if (terminal === undefined) return ok("/dev/null is there, and pseudo-terminals can be made");
  return warning(
    `no pseudo-terminal can be made: /dev/ptmx: ${terminal}`,
    "'spawn --pty' does not work",
    "mount -t devpts -o ptmxmode=666 none /dev/pts, and ln -s pts/ptmx /dev/ptmx",
  );
}

function failureOf(attempt: () => void): string | undefined {
  try {
    attempt();
    return undefined;
  } catch (error) {
    return error instanceof SystemError ? error.code : (error as Error).message;
  }
}

function useNothing(): void {
  openPath("/dev/null", OPEN.READ | OPEN.WRITE).close();
  if (!Deno.statSync("/dev/null").isCharDevice) throw new Error("it is no device, and keeps what is written to it");
}

function makeTerminal(): void {
  const ends = new Int32Array(2);
  check(native.ipcx_terminal(0, ends), "open");
  for (const end of ends) new Fd(end).close();
}

/** Whether there are devices. */
export const DEVICES: Check = {
  name: "devices",
  examine: () => judgeDevices({ nothing: failureOf(useNothing), terminal: failureOf(makeTerminal) }),
};
