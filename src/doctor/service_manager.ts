/**
 * Whether a service manager listens to what is told to it (sd_notify(3)).
 *
 * @module
 */

import { AddressError, UnixAddress } from "../core/address.ts";
import { check, SystemError } from "../core/errors.ts";
import { Fd } from "../core/fd.ts";
import { native } from "../core/native.ts";
import { typeNumber } from "../core/options.ts";
import { reach } from "../core/reach.ts";
import { type Check, type Judgement, ok, warning } from "./finding.ts";
import { isThere } from "./proc_text.ts";

/** What there is to know of a service manager. */
export interface ManagerFacts {
  /** Whether systemd runs the host. */
  isSystemd: boolean;
  /** NOTIFY_SOCKET. */
  notify?: string;
  /** Why nothing can be told there. */
  refused?: string;
}

/** Judges a service manager. */
export function judgeManager({ isSystemd, notify, refused }: ManagerFacts): Judgement {
  const systemd = isSystemd ? "systemd runs this host" : "systemd does not run this host";
  if (!notify) return ok(`${systemd}; NOTIFY_SOCKET is not set: this process is not one of its services`);
  if (refused === undefined) return ok(`${systemd}; NOTIFY_SOCKET is ${notify}, and somebody listens`);
  return warning(
    `NOTIFY_SOCKET is ${notify}: ${refused}`,
    "the manager is not told when a service is ready (READY=1): Type=notify runs into its time-out",
    "unset it if no manager has set it, else let the service reach it: NotifyAccess=all, and its path in a container",
  );
}

function refusalOf(target: string): string | undefined {
  try {
    using fd = new Fd(check(native.ipcx_socket(typeNumber("dgram")), "socket"));
    using name = reach(
      target.startsWith("@") ? UnixAddress.abstract(target.slice(1)) : UnixAddress.path(target),
      "connect",
    );
    const result = native.ipcx_connect(fd.number, name.bytes, name.bytes.length);
    return result < 0 ? new SystemError("", -result).code : undefined;
  } catch (error) {
    if (error instanceof SystemError) return error.code;
    if (error instanceof AddressError) return error.message;
    throw error;
  }
}

/** Whether a service manager listens. */
export const SERVICE_MANAGER: Check = {
  name: "service-manager",
  examine() {
    const notify = Deno.env.get("NOTIFY_SOCKET");
    return judgeManager({
      isSystemd: isThere("/run/systemd/system"),
      notify,
      refused: notify ? refusalOf(notify) : undefined,
    });
  },
};
