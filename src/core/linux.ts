/**
 * Numbers of the Linux interface, the same on x86-64 and arm64.
 *
 * @module
 */

/** `struct msghdr` flags and flags of sendmsg(2) and recvmsg(2). */
export const MSG = {
  PEEK: 0x2,
  CTRUNC: 0x8,
  TRUNC: 0x20,
  MORE: 0x8000,
} as const;

/** Events of epoll(7). */
export const EPOLL = {
  IN: 0x1,
  PRI: 0x2,
  OUT: 0x4,
  ERR: 0x8,
  HUP: 0x10,
  RDHUP: 0x2000,
  ONESHOT: 0x40000000,
  ET: 0x80000000,
} as const;

/** Operations of epoll_ctl(2). */
export const EPOLL_CTL = { ADD: 1, DEL: 2, MOD: 3 } as const;

/** Error numbers that decisions are made on. */
export const ERRNO = {
  EPERM: 1,
  ENOENT: 2,
  ESRCH: 3,
  ENOEXEC: 8,
  EBADF: 9,
  EAGAIN: 11,
  ENOMEM: 12,
  EACCES: 13,
  EBUSY: 16,
  ENOTDIR: 20,
  EINVAL: 22,
  ENFILE: 23,
  EMFILE: 24,
  ESPIPE: 29,
  EPIPE: 32,
  ENODATA: 61,
  EADDRINUSE: 98,
  EAFNOSUPPORT: 97,
  ENOBUFS: 105,
  ETIMEDOUT: 110,
  ECONNREFUSED: 111,
  ETOOMANYREFS: 109,
} as const;

/** What opening a place can insist on, and whether for more: `enum ipcx_open` in ffi/ipcx.h. */
export const OPEN = { DIRECTORY: 1, NO_FOLLOW: 2, READ: 4, WRITE: 8, CREATE: 16, EMPTY: 32, APPEND: 64 } as const;

/** How bytes are spliced: `enum ipcx_splice` in ffi/ipcx.h. */
export const SPLICE = { FROM_AT: 1, TO_AT: 2, MORE: 4 } as const;

/** The address family of Unix sockets. */
export const AF_UNIX = 1;

/** The protocol level of options that every socket has. */
export const SOL_SOCKET = 1;

/** Options of socket(7) and unix(7). */
export const SO = {
  TYPE: 3,
  SNDBUF: 7,
  RCVBUF: 8,
  OOBINLINE: 10,
  PASSCRED: 16,
  PEERCRED: 17,
  TIMESTAMP: 29,
  ACCEPTCONN: 30,
  SNDBUFFORCE: 32,
  DOMAIN: 39,
  PEEK_OFF: 42,
  MEMINFO: 55,
  PEERGROUPS: 59,
  PASSPIDFD: 76,
  PEERPIDFD: 77,
  PASSRIGHTS: 83,
} as const;

/** The most descriptors that one message can carry (SCM_MAX_FD). */
export const MAX_FDS_PER_MESSAGE = 253;

/** The most bytes of a path in `sun_path`, with room for its NUL. */
export const MAX_PATH_BYTES = 107;

/** The most bytes of an abstract name, after its leading NUL. */
export const MAX_ABSTRACT_BYTES = 107;

/** The bytes that a socket's name can have when the kernel reports it. */
export const NAME_SIZE = 112;
