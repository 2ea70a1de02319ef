/**
 * Numbers of the Linux interface that only probing needs, the same on x86-64
 * and arm64.
 *
 * @module
 */

/** Options of sockets beside those of src/core/linux.ts. */
export const SO = {
  ERROR: 4,
  SNDBUF: 7,
  RCVBUF: 8,
  PASSCRED: 16,
  PEERCRED: 17,
  TIMESTAMP: 29,
  PEERSEC: 31,
  SNDBUFFORCE: 32,
  PEEK_OFF: 42,
  PEERGROUPS: 59,
  ZEROCOPY: 60,
  PASSPIDFD: 76,
  PEERPIDFD: 77,
  PASSRIGHTS: 83,
  INQ: 84,
  RIGHTS_NOTRUNC: 85,
} as const;

/** Flags of sendmsg(2) and recvmsg(2). */
export const MSG = { OOB: 0x1, PEEK: 0x2, CTRUNC: 0x8, TRUNC: 0x20, CMSG_CLOEXEC: 0x40000000 } as const;

/** Commands of fcntl(2). */
export const F = {
  SETPIPE_SZ: 1031,
  GETPIPE_SZ: 1032,
  ADD_SEALS: 1033,
  GET_SEALS: 1034,
} as const;

/** The largest number that an option can be given. */
export const INT_MAX = 0x7fffffff;
