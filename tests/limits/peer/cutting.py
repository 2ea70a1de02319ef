"""What becomes of messages that are too large for their receiver, or empty."""
import socket

from calls import TYPES, error_of, pair


def with_ten(kind):
    left, right = pair(kind)
    left.send(b"0123456789")
    return left, right


def rest_behind(kind):
    _left, right = with_ten(kind)
    right.recv(4)
    return 0 if error_of(right.recv, 10, socket.MSG_PEEK) == "EAGAIN" else len(right.recv(10))


def is_empty_received(kind):
    left, right = pair(kind)
    left.send(b"")
    return error_of(right.recv, 1) == "none"


def is_empty_like_end(named=False, stamped=False):
    left, right = pair(socket.SOCK_SEQPACKET)
    if named:
        left.bind("")
    if stamped:
        right.setsockopt(socket.SOL_SOCKET, 29, 1)
    left.send(b"")

    def look():
        data, ancillary, flags, sender = right.recvmsg(1, 64)
        return data, [kind for _, kind, _ in ancillary], flags, sender or None

    empty = look()
    left.close()
    return empty == look()


def measure():
    found = {}
    for name, kind in TYPES.items():
        found[f"{name}-cut-lost"] = 6 - rest_behind(kind)
        found[f"{name}-empty"] = is_empty_received(kind)
        if name == "stream":
            continue
        found[f"{name}-cut-told"] = bool(with_ten(kind)[1].recvmsg(4)[2] & socket.MSG_TRUNC)
        found[f"{name}-cut-length"] = with_ten(kind)[1].recv_into(bytearray(4), 4, socket.MSG_TRUNC)
    found["seqpacket-empty-like-end"] = is_empty_like_end()
    found["seqpacket-empty-like-end-named"] = is_empty_like_end(named=True)
    found["seqpacket-empty-like-end-stamped"] = is_empty_like_end(stamped=True)
    return found
