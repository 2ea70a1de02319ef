"""How large messages and buffers are."""
import errno
import socket

from calls import (DGRAM, INT_MAX, MOST_BYTES, MOST_PARTS, SEQPACKET, STREAM, batch, count_until_refused, error_of,
                   most, pair, unnamed)

SOL, SNDBUF, RCVBUF, SNDBUFFORCE = socket.SOL_SOCKET, socket.SO_SNDBUF, socket.SO_RCVBUF, 32
NOTHING = bytes(MOST_BYTES + 1)


def send_and_take(ends, size):
    left, right = ends
    for attempt in range(3):
        try:
            left.send(memoryview(NOTHING)[:size])
            break
        except OSError as error:
            # A moment later there may be memory in one piece.
            if error.errno != errno.ENOBUFS or attempt == 2:
                raise
    right.recv(1)


def raised(ends):
    try:
        ends[0].setsockopt(SOL, SNDBUFFORCE, INT_MAX)
    except PermissionError:
        ends[0].setsockopt(SOL, SNDBUF, INT_MAX)
    return ends


def lowered(ends):
    ends[0].setsockopt(SOL, SNDBUF, 0)
    return ends


def largest(ends):
    return most(1, lambda size: size <= MOST_BYTES and error_of(send_and_take, ends, size) == "none")


def beyond(ends):
    return error_of(send_and_take, ends, largest(ends) + 1)


def packets(name, kind):
    return {
        f"{name}-largest": largest(pair(kind)),
        f"{name}-beyond": beyond(pair(kind)),
        f"{name}-least": largest(lowered(pair(kind))),
        f"{name}-most": largest(raised(pair(kind))),
        f"{name}-most-beyond": beyond(raised(pair(kind))),
    }


def buffers_in_one_message():
    left, right = pair(SEQPACKET)

    def attempt(count):
        left.sendmsg([b"x"] * count)
        right.recv(1)

    found = most(1, lambda count: error_of(attempt, count) == "none")
    return {"parts-most": found, "parts-beyond": error_of(attempt, found + 1)}


def batches():
    left, _right = pair(STREAM)
    gone, ended = pair(STREAM)
    gone.close()
    return {
        "sendmmsg-most": batch("sendmmsg", left.fileno(), MOST_PARTS),
        "recvmmsg-most": batch("recvmmsg", ended.fileno(), MOST_PARTS),
    }


def buffer_when_asked(size, option=SNDBUF):
    made = unnamed(DGRAM)
    made.setsockopt(SOL, option, size)
    return made.getsockopt(SOL, SNDBUF)


def forced():
    try:
        return buffer_when_asked(INT_MAX, SNDBUFFORCE)
    except OSError as error:
        return errno.errorcode[error.errno]


def held(kind, receive_buffer, size):
    left, right = pair(kind)
    right.setsockopt(SOL, RCVBUF, receive_buffer)
    return count_until_refused(lambda: left.send(bytes(size)))


def does_receive_buffer_count():
    return any(held(kind, 0, size) != held(kind, 1 << 20, size)
               for kind in (STREAM, DGRAM, SEQPACKET) for size in (1, 4096))


def measure():
    stream, _reader = pair(STREAM)
    return {
        **packets("dgram", DGRAM),
        **packets("seqpacket", SEQPACKET),
        "stream-at-once": stream.send(memoryview(NOTHING)[:1 << 20]),
        **buffers_in_one_message(),
        **batches(),
        "sndbuf-default": unnamed(DGRAM).getsockopt(SOL, SNDBUF),
        "sndbuf-asked": buffer_when_asked(32768),
        "sndbuf-least": buffer_when_asked(0),
        "sndbuf-most": buffer_when_asked(INT_MAX),
        "sndbuf-force": forced(),
        "rcvbuf-counts": does_receive_buffer_count(),
    }
