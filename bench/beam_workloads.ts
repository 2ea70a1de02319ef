/** What is measured: messages of which kind, over which socket, and what the figures should be. */

import { REFERENCE, type Workload } from "./matrix.ts";

/** A name by which a workload is asked for. */
export type WorkloadName = "fd" | "fd-framed" | "plain" | "packet" | "large";

/** Messages of a beam. */
export interface BeamWorkload extends Workload {
  name: WorkloadName;
  socket: "stream" | "seqpacket";
  hasDescriptor: boolean;
  /** Whether a length stands before each message. */
  isFramed: boolean;
}

const SMALL = 16;
const LARGE = 1024 * 1024;

const withDescriptorByC = { candidate: "ipcx", by: REFERENCE, least: 0.85 };

/** All workloads, in the order in which they are run. */
export const WORKLOADS: readonly BeamWorkload[] = [
  {
    name: "fd",
    title: `${SMALL} bytes and a descriptor each, on the seed's wire: a stream that only the descriptors divide`,
    socket: "stream",
    size: SMALL,
    hasDescriptor: true,
    isFramed: false,
    isBulk: false,
    targets: [withDescriptorByC, { candidate: "ipcx", by: "Go, the seed", least: 1.4 }],
  },
  {
    name: "fd-framed",
    title: `${SMALL} bytes and a descriptor each, framed: a length before each, the descriptor on its first byte`,
    socket: "stream",
    size: SMALL,
    hasDescriptor: true,
    isFramed: true,
    isBulk: false,
    targets: [withDescriptorByC],
  },
  {
    name: "plain",
    title: `${SMALL} bytes each, framed, no descriptor`,
    socket: "stream",
    size: SMALL,
    hasDescriptor: false,
    isFramed: true,
    isBulk: false,
    targets: [],
  },
  {
    name: "packet",
    title: `${SMALL} bytes each, in packets (SOCK_SEQPACKET), no descriptor`,
    socket: "seqpacket",
    size: SMALL,
    hasDescriptor: false,
    isFramed: false,
    isBulk: false,
    targets: [],
  },
  {
    name: "large",
    title: "1 MiB each, framed, no descriptor; the receiver reads a byte of each 64",
    socket: "stream",
    size: LARGE,
    hasDescriptor: false,
    isFramed: true,
    isBulk: true,
    targets: [
      { candidate: "ipcx, shared memory", by: "ipcx, copying", least: 3 },
      { candidate: "ipcx, shared memory, one buffer", by: "ipcx, copying, one buffer", least: 3 },
    ],
  },
];
