"""What sockets tell of their peers, and flags that not every kernel has."""
import os
import socket
import struct

from calls import DGRAM, STREAM, error_of, fds_in, pair, rights, system_call, works
from waiting import largest_backlog

SOL = socket.SOL_SOCKET
PIDFD_GETFD = 438


def peer_pidfd(one):
    os.close(struct.unpack("i", one.getsockopt(SOL, 77, 4))[0])


def are_groups_told(one):
    """More groups than there is room for are told as ERANGE, which only a kernel with the option says."""
    return error_of(one.getsockopt, SOL, 59, 1024) in ("none", "ERANGE")


def orphaned():
    """One end of a pair whose maker has ended and was waited for: it sends us both."""
    near, far = socket.socketpair(socket.AF_UNIX, STREAM)
    child = os.fork()
    if child == 0:
        ends = socket.socketpair(socket.AF_UNIX, STREAM)
        far.sendmsg([b"x"], [rights(ends[0].fileno(), ends[1].fileno())])
        os._exit(0)
    os.waitpid(child, 0)
    fds = fds_in(near.recvmsg(1, 64)[1], close=False)
    return [socket.socket(fileno=fd) for fd in fds]


def pid_of_message(late):
    left, right = pair(DGRAM)
    if not late:
        right.setsockopt(SOL, socket.SO_PASSCRED, 1)
    left.send(b"x")
    if late:
        right.setsockopt(SOL, socket.SO_PASSCRED, 1)
    for _, kind, data in right.recvmsg(1, socket.CMSG_SPACE(12))[1]:
        if kind == 2:
            return struct.unpack("iII", data)[0]
    return None


def is_pidfd_passed():
    left, right = pair(DGRAM)
    if not works(right.setsockopt, SOL, 76, 1):
        return False
    left.send(b"x")
    return any(kind == 4 for _, kind, _ in right.recvmsg(1, 64)[1])


def are_rights_refused():
    left, right = pair(STREAM)
    if not works(right.setsockopt, SOL, 83, 0):
        return False
    return not works(left.sendmsg, [b"x"], [rights(0)])


def out_of_band():
    left, right = pair(STREAM)
    left.send(b"a")
    return works(left.send, b"!", socket.MSG_OOB) and right.recv(1, socket.MSG_OOB) == b"!"


def peek_offset():
    left, right = pair(STREAM)
    left.send(b"abc")
    return works(right.setsockopt, SOL, 42, 1) and right.recv(1, socket.MSG_PEEK) == b"b"


def rest_told():
    left, right = pair(STREAM)
    left.send(b"abc")
    return works(right.setsockopt, SOL, 84, 1) and bool(right.recvmsg(1, 64)[1])


def pidfd_getfd():
    pidfd = os.pidfd_open(os.getpid())
    os.close(system_call(PIDFD_GETFD, pidfd, pidfd, 0))


def measure():
    left, right = pair(STREAM)
    orphan, _other = orphaned()
    pid, user, _ = struct.unpack("iII", left.getsockopt(SOL, socket.SO_PEERCRED, 12))
    return {
        "kernel-release": os.uname().release,
        "peer-credentials": (pid, user) == (os.getpid(), os.getuid()),
        "peer-groups": are_groups_told(left),
        "peer-security": works(left.getsockopt, SOL, 31, 1024),
        "peer-pidfd": works(peer_pidfd, left),
        "peer-pidfd-reaped": works(peer_pidfd, orphan),
        "message-credentials": pid_of_message(False) == os.getpid(),
        "message-credentials-late": pid_of_message(True),
        "message-pidfd": is_pidfd_passed(),
        "rights-refused": are_rights_refused(),
        "rights-not-truncated": works(right.setsockopt, SOL, 85, 1),
        "out-of-band": out_of_band(),
        "peek-offset": peek_offset(),
        "rest-told": rest_told(),
        "zero-copy-send": works(left.setsockopt, SOL, 60, 1),
        "sock-diag": works(largest_backlog),
        "pidfd-getfd": works(pidfd_getfd),
    }
