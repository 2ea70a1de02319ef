/**
 * What listening without a name gives.
 *
 * @module
 */

import { check } from "../core/errors.ts";
import { Fd } from "../core/fd.ts";
import { native } from "../core/native.ts";
import { errorIn, newSocket } from "./calls.ts";
import type { Finding, Probe } from "./probe.ts";

const AF_INET = 2;
const SOCK_STREAM = 1;

function portRange(): [lowest: number, highest: number] {
  const [lowest, highest] = Deno.readTextFileSync("/proc/sys/net/ipv4/ip_local_port_range").trim().split(/\s+/);
  return [Number(lowest), Number(highest)];
}

function isPortChosen(): boolean | Finding {
  using socket = new Fd(check(native.ipcx_probe_socket(AF_INET, SOCK_STREAM, 0), "socket"));
  const result = native.ipcx_listen(socket.number, 1);
  if (result < 0) return { value: false, note: errorIn(result) };
  const host = new Uint8Array(64);
  const port = check(native.ipcx_internet_name(socket.number, host, host.length), "getsockname");
  const [lowest, highest] = portRange();
  return { value: port >= lowest && port <= highest, note: `this time ${port}` };
}

/** What listening without a name gives. */
export const PORTS: readonly Probe[] = [
  {
    name: "tcp-listen-unbound",
    title: "a TCP socket that listens without bind is given a port of the ephemeral range",
    unit: "yes or no",
    source: "listen(2), ip(7)",
    measure: isPortChosen,
  },
  {
    name: "tcp-port-lowest",
    title: "lowest port of the ephemeral range",
    unit: "port",
    source: "net.ipv4.ip_local_port_range: ip(7)",
    measure: () => portRange()[0],
  },
  {
    name: "tcp-port-highest",
    title: "highest port of the ephemeral range",
    unit: "port",
    source: "net.ipv4.ip_local_port_range: ip(7)",
    measure: () => portRange()[1],
  },
  {
    name: "unix-listen-unbound",
    title: "error of listen for a Unix socket that was not bound",
    unit: "error",
    source: "unix_listen() in net/unix/af_unix.c",
    measure: () => {
      using socket = newSocket("stream");
      return errorIn(native.ipcx_listen(socket.number, 1));
    },
  },
];
