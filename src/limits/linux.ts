/**
 * Numbers of the Linux interface that only probing needs, beside those of
 * src/core/linux.ts.
 *
 * @module
 */

import { MSG as CORE_MSG, SO as CORE_SO } from "../core/linux.ts";

/** Options of sockets. */
export const SO = { ...CORE_SO, ERROR: 4, PEERSEC: 31, ZEROCOPY: 60, INQ: 84, RIGHTS_NOTRUNC: 85 } as const;

/** Flags of sendmsg(2) and recvmsg(2). */
export const MSG = { ...CORE_MSG, OOB: 0x1, CMSG_CLOEXEC: 0x40000000 } as const;

/** Commands of fcntl(2). */
export const F = { SETPIPE_SZ: 1031, GETPIPE_SZ: 1032, ADD_SEALS: 1033, GET_SEALS: 1034 } as const;

/** The largest number that an option can be given. */
export const INT_MAX = 0x7fffffff;
