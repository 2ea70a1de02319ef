"""The SocketPair Broker Protocol on the wire, in plain Python.

Shared by the test peers in this directory. It is written from the protocol
document, not from the TypeScript codec, so that the two can disagree.
"""

import array
import fcntl
import os
import re
import select
import socket
import struct
import termios
import time
from typing import List, NamedTuple, Tuple

GET_PAIR = 1
SET_PAIR = 2
VERSION = 1
VERSION_MASK = 0xF
MODES = ("none", "client", "server")
KEY_MAX = 1024

# "=" is the host's byte order without padding between the fields.
HEADER = struct.Struct("=III")
GET_PAIR_PAYLOAD = struct.Struct("=HH%ds" % KEY_MAX)
SET_PAIR_PAYLOAD = struct.Struct("=Q")

# The fields of a GET_PAIR end here, and so does the reference's message on i386.
FIELDS_SIZE = HEADER.size + GET_PAIR_PAYLOAD.size
# In the reference's C the payload is a union with a u64. The struct around it
# is packed, the union is not, and where a u64 is aligned to 8 its 1028 bytes
# become 1032. libspbroker sends and expects these 4 bytes, both ways.
MESSAGE_SIZE = FIELDS_SIZE + 4
# The SET_PAIR of the protocol document, read literally.
SHORT_REPLY_SIZE = HEADER.size + SET_PAIR_PAYLOAD.size

# The reference takes up to 64 descriptors in one message before it judges them.
MAX_FDS = 64


class ProtocolError(Exception):
    """The other side sent something that the protocol does not allow."""


class Request(NamedTuple):
    mode: int
    key: bytes


def parse_address(text: str) -> str:
    """Turns `@name` into an abstract address; anything else is a path."""
    return "\0" + text[1:] if text.startswith("@") else text


def parse_key(text: str) -> bytes:
    r"""Turns text with `\xHH` escapes into key bytes of a legal length."""
    raw = os.fsencode(text)
    key = re.sub(
        rb"\\x([0-9a-fA-F]{2})", lambda hit: bytes([int(hit.group(1), 16)]), raw
    )
    if not 1 <= len(key) <= KEY_MAX:
        raise ValueError("a key has 1 to %d bytes, not %d" % (KEY_MAX, len(key)))
    return key


def connect(address: str) -> socket.socket:
    """A stream connection to the broker at `address`, as the user wrote it."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.connect(parse_address(address))
    except OSError:
        sock.close()
        raise
    return sock


def pack_get_pair(
    mode: int,
    key: bytes,
    *,
    request: int = GET_PAIR,
    flags: int = VERSION,
    size: int = GET_PAIR_PAYLOAD.size,
    key_len: int = -1,
    total: int = MESSAGE_SIZE,
) -> bytes:
    """A GET_PAIR of `total` bytes. The fields before that are there to say it wrongly."""
    length = len(key) if key_len < 0 else key_len
    message = HEADER.pack(request, flags, size) + GET_PAIR_PAYLOAD.pack(mode, length, key)
    return message.ljust(total, b"\0")


def pack_set_pair(
    total: int = MESSAGE_SIZE, *, request: int = SET_PAIR, flags: int = VERSION
) -> bytes:
    """A SET_PAIR, padded with zeros to the size that libspbroker wants."""
    message = HEADER.pack(request, flags, SET_PAIR_PAYLOAD.size)
    return (message + SET_PAIR_PAYLOAD.pack(0)).ljust(total, b"\0")


def check_header(message: bytes, request: int, size: int) -> None:
    """Raises ProtocolError unless the header is the one expected."""
    got_request, flags, got_size = HEADER.unpack_from(message)
    if flags & VERSION_MASK != VERSION:
        raise ProtocolError("version %d" % (flags & VERSION_MASK))
    if flags & ~VERSION_MASK:
        raise ProtocolError("flags 0x%08x" % flags)
    if got_request != request:
        raise ProtocolError("request %d where %d is expected" % (got_request, request))
    if got_size != size:
        raise ProtocolError("size %d where %d is expected" % (got_size, size))


def check_get_pair(message: bytes) -> Request:
    """The request in a message of FIELDS_SIZE bytes or more."""
    check_header(message, GET_PAIR, GET_PAIR_PAYLOAD.size)
    mode, key_len, field = GET_PAIR_PAYLOAD.unpack_from(message, HEADER.size)
    if mode >= len(MODES):
        raise ProtocolError("mode %d" % mode)
    if not 1 <= key_len <= KEY_MAX:
        raise ProtocolError("key length %d" % key_len)
    return Request(mode, field[:key_len])


def check_set_pair(message: bytes, fds: int, sizes: Tuple[int, ...]) -> None:
    """Raises ProtocolError unless this is a whole SET_PAIR with one descriptor."""
    if len(message) not in sizes:
        wanted = " or ".join(map(str, sizes))
        raise ProtocolError("reply of %d bytes where %s are expected" % (len(message), wanted))
    check_header(message, SET_PAIR, SET_PAIR_PAYLOAD.size)
    if fds != 1:
        raise ProtocolError("%d descriptors where 1 is expected" % fds)
    # The document asks for a zero u64. It says nothing of the bytes after it,
    # but anything there would be the broker's own memory leaking out.
    if any(message[HEADER.size :]):
        raise ProtocolError("SET_PAIR payload is not all zeros")


def receive(sock: socket.socket, size: int) -> Tuple[bytes, List[int]]:
    """One recvmsg; the caller owns the descriptors that come with it."""
    data, fds, flags, _ = socket.recv_fds(sock, size, MAX_FDS)
    if flags & (socket.MSG_TRUNC | socket.MSG_CTRUNC):
        close_all(fds)
        raise ProtocolError("truncated message, flags 0x%x" % flags)
    return data, fds


def close_all(fds: List[int]) -> None:
    for fd in fds:
        os.close(fd)


def wait_until_read(sock: socket.socket, seconds: float = 0.2) -> None:
    """Waits until the other side has taken all bytes sent so far.

    Pieces sent one after the other may otherwise be read as one. The wait is
    bounded, since a peer may rightly leave bytes in its queue for a while.
    """
    unread = array.array("i", [0])
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        fcntl.ioctl(sock, termios.TIOCOUTQ, unread)
        if unread[0] == 0:
            return
        time.sleep(0.0005)


def hung_up(sock: socket.socket) -> bool:
    """Whether the peer has closed, which a mere half-close does not amount to."""
    poll = select.poll()
    poll.register(sock, 0)
    return bool(poll.poll(0))
