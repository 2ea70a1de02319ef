"""Descriptors in messages, and in flight."""
import errno
import os
import resource
import socket
import struct

from calls import DGRAM, SEQPACKET, STREAM, count_until_refused, error_of, fds_in, libc, most, pair, pipe, rights

NULL = os.open("/dev/null", os.O_RDWR)


def send(kind, *counts, data=b"x"):
    left, right = pair(kind)
    left.sendmsg([data], [rights(*[NULL] * count) for count in counts])
    return left, right


def arriving(ends, room, flags=0):
    _data, ancillary, told, _ = ends[1].recvmsg(16, room, flags)
    return len(fds_in(ancillary)), bool(told & socket.MSG_CTRUNC), len(ancillary)


def arriving_if_any(ends):
    try:
        return arriving(ends, 256)[0]
    except OSError as error:
        if error.errno != errno.EAGAIN:
            raise
        return 0


def is_lost_to_read():
    ends = send(STREAM, 1)
    os.read(ends[1].fileno(), 1)
    return error_of(ends[1].recvmsg, 1, 256) == "EAGAIN"


def is_peeked_twice():
    ends = send(STREAM, 1)
    first = fds_in(ends[1].recvmsg(1, 256, socket.MSG_PEEK)[1], close=False)
    second = fds_in(ends[1].recvmsg(1, 256)[1], close=False)
    return len(first) == len(second) == 1 and first != second


def is_close_on_exec(flags):
    ends = send(STREAM, 1)
    (fd,) = fds_in(ends[1].recvmsg(1, 256, flags)[1], close=False)
    return not os.get_inheritable(fd)


def bytes_up_to_descriptor():
    left, right = pair(STREAM)
    left.send(b"aaaa")
    left.sendmsg([b"b"], [rights(NULL)])
    left.send(b"cc")
    return len(right.recvmsg(16, 256)[0])


def drop_rights():
    """Becomes a user whom nobody is, or at least has no capability any more."""
    try:
        user = 0x60000000 + os.getpid()
        os.setresuid(user, user, user)
    except OSError:
        header, nothing = struct.pack("Ii", 0x20080522, 0), bytes(24)
        libc.capset(header, nothing)


def attempt(limit, privileged=False):
    """Sends descriptors from a child that can open no more than that."""
    reader, writer = pipe()
    child = os.fork()
    if child == 0:
        try:
            if not privileged:
                drop_rights()
            ends = pair(DGRAM)
            most_open = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(limit, most_open), most_open))
            count, refusal = count_until_refused(lambda: ends[0].sendmsg([b"x"], [rights(NULL)]))
            os.write(writer, f"{count} {refusal}".encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    count, refusal = os.read(reader, 100).decode().split()
    return int(count), refusal


def in_flight():
    """With 64 more than the user has in flight elsewhere."""
    elsewhere = 0
    while attempt(elsewhere)[0] == 0:
        elsewhere += 1
    return attempt(elsewhere + 64)


def measure():
    found = most(1, lambda count: error_of(send, SEQPACKET, count) == "none")
    count, refusal = in_flight()
    return {
        "fds-most": found,
        "fds-beyond": error_of(send, SEQPACKET, found + 1),
        "fds-two-controls-beyond": error_of(send, SEQPACKET, found, 1),
        "fds-two-controls": arriving(send(STREAM, 1, 1), 256)[2],
        "fds-room-for-one": arriving(send(STREAM, 3), socket.CMSG_SPACE(4))[0],
        "fds-cut-told": arriving(send(STREAM, 3), socket.CMSG_SPACE(4))[1],
        "fds-stream-empty": arriving_if_any(send(STREAM, 1, data=b"")),
        "fds-seqpacket-empty": arriving(send(SEQPACKET, 1, data=b""), 256)[0],
        "fds-read-loses": is_lost_to_read(),
        "fds-peek-duplicates": is_peeked_twice(),
        "fds-close-on-exec": is_close_on_exec(0),
        "fds-close-on-exec-asked": is_close_on_exec(socket.MSG_CMSG_CLOEXEC),
        "fds-stream-barrier": bytes_up_to_descriptor(),
        "fds-in-flight": count,
        "fds-in-flight-beyond": refusal,
        "fds-in-flight-limited": attempt(64, privileged=True)[1] == "ETOOMANYREFS",
        "fds-open": resource.getrlimit(resource.RLIMIT_NOFILE)[1],
    }
