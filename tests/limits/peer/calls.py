"""System calls that Python's own modules do not offer, or not with any value."""
import ctypes
import errno
import os
import socket
import struct

libc = ctypes.CDLL(None, use_errno=True)

STREAM, DGRAM, SEQPACKET = socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET
TYPES = {"stream": STREAM, "dgram": DGRAM, "seqpacket": SEQPACKET}

INT_MAX = 0x7FFFFFFF
MOST_BYTES = 16 * 1024 * 1024
MOST_PARTS = 2048


class Part(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]


class Message(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_void_p), ("name_length", ctypes.c_uint32),
        ("parts", ctypes.c_void_p), ("part_count", ctypes.c_size_t),
        ("control", ctypes.c_void_p), ("control_length", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    ]


class BatchMessage(ctypes.Structure):
    _fields_ = [("header", Message), ("length", ctypes.c_uint)]


class Owned(int):
    """A descriptor that is closed when nobody has it any more."""

    def __del__(self, close=os.close):
        close(int(self))


def pipe():
    return tuple(Owned(fd) for fd in os.pipe())


def memory(flags=0):
    return Owned(os.memfd_create("peer", flags | os.MFD_CLOEXEC))


def checked(result):
    """Raises what the C library left in errno."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def error_of(call, *arguments):
    """The name of the error that a call fails with."""
    try:
        call(*arguments)
    except OSError as error:
        if error.errno in (errno.EMFILE, errno.ENFILE):
            raise
        return errno.errorcode[error.errno]
    return "none"


def works(call, *arguments):
    return error_of(call, *arguments) == "none"


def pair(kind):
    ends = socket.socketpair(socket.AF_UNIX, kind)
    for end in ends:
        end.setblocking(False)
    return ends


def unnamed(kind):
    made = socket.socket(socket.AF_UNIX, kind)
    made.setblocking(False)
    return made


def autobound(kind):
    """A socket whose name the kernel chose, and the name."""
    made = unnamed(kind)
    bind_to(made, b"")
    return made, made.getsockname()


def bind_to(bound, path):
    address = struct.pack("H", socket.AF_UNIX) + path
    checked(libc.bind(bound.fileno(), address, len(address)))


def most(low, works_for):
    """The largest number for which it works: doubled until it does not, then taken back bit by bit."""
    step = 1
    while works_for(low + step):
        step *= 2
    found = low
    while step >= 1:
        if works_for(found + step):
            found += step
        step //= 2
    return found


def count_until_refused(attempt, limit=8192):
    """How often something works, and the name of the error that ends it."""
    for count in range(limit):
        try:
            attempt()
        except OSError as error:
            return count, errno.errorcode[error.errno]
    return limit, "none"


def rights(*fds):
    return (socket.SOL_SOCKET, socket.SCM_RIGHTS, struct.pack(f"{len(fds)}i", *fds))


def fds_in(ancillary, close=True):
    """The descriptors of received control messages."""
    found = []
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            found += struct.unpack(f"{len(data) // 4}i", data[:len(data) // 4 * 4])
    if close:
        for fd in found:
            os.close(fd)
    return found


def batch(name, fd, count):
    messages = (BatchMessage * count)()
    if name == "sendmmsg":
        return checked(libc.sendmmsg(fd, messages, count, socket.MSG_DONTWAIT))
    return checked(libc.recvmmsg(fd, messages, count, socket.MSG_DONTWAIT, None))


def system_call(number, *arguments):
    return checked(libc.syscall(number, *arguments))
