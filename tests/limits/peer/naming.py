"""Names of sockets: files, abstract ones, and those that the kernel chooses."""
import ctypes
import os
import socket
import stat
import tempfile

from calls import DGRAM, STREAM, Owned, autobound, bind_to, error_of, libc, most, unnamed, works


def try_binding(path, kind=STREAM):
    made = unnamed(kind)
    bind_to(made, path)
    made.close()


def connect_to(path):
    made = unnamed(STREAM)
    made.connect(path)
    made.close()


def reported_length(bound):
    address, length = ctypes.create_string_buffer(128), ctypes.c_uint32(128)
    libc.getsockname(bound.fileno(), address, ctypes.byref(length))
    return length.value


def paths(directory):
    """In the directory itself, so that a name is all of its path."""
    os.chdir(directory)

    def attempt(length):
        try_binding(b"n" * length)
        os.unlink(b"n" * length)

    longest = most(1, lambda length: error_of(attempt, length) == "none")
    bound = unnamed(STREAM)
    bind_to(bound, b"n" * longest)

    deep = "d" * 200
    os.mkdir(deep)
    place = Owned(os.open(deep, os.O_PATH))
    listener = unnamed(STREAM)
    bind_to(listener, f"/proc/self/fd/{place}/socket".encode())
    listener.listen(1)
    through = works(connect_to, f"/proc/self/fd/{place}/socket")

    moved = unnamed(STREAM)
    bind_to(moved, b"before")
    moved.listen(1)
    file = Owned(os.open("before", os.O_PATH))
    os.rename("before", "behind")

    try_binding(b"stale")
    return {
        "path-most": longest,
        "path-most-reported": reported_length(bound),
        "path-beyond": error_of(attempt, longest + 1),
        "path-through-descriptor": through,
        "path-moved": works(connect_to, f"/proc/self/fd/{file}"),
        "path-stays": stat.S_ISSOCK(os.stat("stale").st_mode),
        "path-stale-connect": error_of(connect_to, "stale"),
        "path-stale-bind": error_of(try_binding, b"stale"),
    }


def own(length):
    return b"\0" + os.urandom(length)


def both(one, other, kind=STREAM):
    first, second = unnamed(STREAM), unnamed(kind)
    bind_to(first, one)
    return works(bind_to, second, other)


def bind_twice(name):
    first, second = unnamed(STREAM), unnamed(STREAM)
    bind_to(first, name)
    bind_to(second, name)


def abstract():
    longest = most(12, lambda length: error_of(try_binding, own(length)) == "none")
    every = [own(12) + bytes(range(first, first + 64)) for first in range(0, 256, 64)]
    name = own(12)
    try_binding(name)
    return {
        "abstract-most": longest,
        "abstract-beyond": error_of(try_binding, own(longest + 1)),
        "abstract-any-byte": all(works(try_binding, one) for one in every),
        "abstract-empty": error_of(try_binding, b"\0") in ("none", "EADDRINUSE"),
        "abstract-padding": both(name, name + b"\0"),
        "abstract-taken": error_of(bind_twice, name),
        "abstract-per-type": both(name, name, DGRAM),
        "abstract-freed": works(try_binding, name),
    }


def chosen():
    names = [autobound(STREAM)[1] for _ in range(16)]
    lengths = {len(name) - 1 for name in names}
    return {
        "autobind-length": lengths.pop() if len(lengths) == 1 else None,
        "autobind-hexadecimal": all(set(name[1:]) <= set(b"0123456789abcdef") for name in names),
    }


def ports():
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.listen(1)
    with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as file:
        lowest, highest = map(int, file.read().split())
    return {
        "tcp-listen-unbound": lowest <= listener.getsockname()[1] <= highest,
        "tcp-port-lowest": lowest,
        "tcp-port-highest": highest,
        "unix-listen-unbound": error_of(unnamed(STREAM).listen, 1),
    }


def measure():
    with tempfile.TemporaryDirectory(prefix="ipcx-peer-") as directory:
        before = os.getcwd()
        try:
            found = paths(directory)
        finally:
            os.chdir(before)
    return {**found, **abstract(), **chosen(), **ports()}
