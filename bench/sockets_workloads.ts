/** What is measured: messages over which socket, how large, one by one or many at once. */

import { REFERENCE, type Workload } from "./matrix.ts";

/** How it is sent: a call each, 64 in a call, from a file, or from one through a pipe. */
export type Mode = "one" | "many" | "file" | "pipe";

/** Messages over a bare socket. */
export interface SocketWorkload extends Workload {
  socket: "stream" | "seqpacket" | "dgram";
  mode: Mode;
}

const SIZES = [64, 4096, 65_536];
const LARGE = 1 << 20;

function bytes(size: number): string {
  return size >= LARGE ? `${size / LARGE} MiB` : size >= 1024 ? `${size / 1024} KiB` : `${size} bytes`;
}

function target(least: number): { candidate: string; by: string; least: number }[] {
  return [{ candidate: "ipcx", by: REFERENCE, least }];
}

function messages(socket: SocketWorkload["socket"], size: number, mode: "one" | "many"): SocketWorkload {
  const isMany = mode === "many";
  return {
    name: `${socket}-${size}${isMany ? "-many" : ""}`,
    title: `${socket}, ${bytes(size)} each, ${isMany ? "64 in a call" : "a call each"}`,
    socket,
    size,
    mode,
    isBulk: size >= 65_536,
    targets: target(isMany ? 0.95 : 0.85),
  };
}

function moved(mode: "file" | "pipe", title: string): SocketWorkload {
  return {
    name: mode === "file" ? "sendfile" : "splice",
    title,
    socket: "stream",
    size: LARGE,
    mode,
    isBulk: true,
    targets: target(0.95),
  };
}

/** All workloads, in the order in which they are run. */
export const WORKLOADS: readonly SocketWorkload[] = [
  ...(["seqpacket", "dgram"] as const).flatMap((socket) => [
    ...SIZES.map((size) => messages(socket, size, "one")),
    ...SIZES.slice(0, 2).map((size) => messages(socket, size, "many")),
  ]),
  ...[64, 65_536, LARGE].map((size) => messages("stream", size, "one")),
  moved("file", "1 MiB of memory to a stream, sendfile with another offset each time; the receiver is C"),
  moved("pipe", "the same through a pipe of 64 KiB, by splice; the receiver is C"),
];
