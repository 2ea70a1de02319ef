"""Ways around copying, and memory that is sealed."""
import ctypes
import fcntl
import mmap
import os

from calls import DGRAM, MOST_BYTES, Part, SEQPACKET, STREAM, checked, error_of, libc, memory, pair, pipe, works

SETPIPE_SZ, GETPIPE_SZ, ADD_SEALS, GET_SEALS = 1031, 1032, 1033, 1034
SEAL, SHRINK, GROW, WRITE, FUTURE_WRITE, EXEC = 1, 2, 4, 8, 16, 32
ALLOW_SEALING, NOEXEC_SEAL, EXECUTABLE = 2, 8, 16


def is_spliced_to(kind):
    reader, writer = pipe()
    left, right = pair(kind)
    os.write(writer, b"text")
    return os.splice(reader, left.fileno(), 4) == 4 and right.recv(16) == b"text"


def is_spliced_from(kind):
    reader, writer = pipe()
    left, right = pair(kind)
    left.send(b"text")
    return os.splice(right.fileno(), writer, 4) == 4 and os.read(reader, 16) == b"text"


def is_file_sent():
    file = memory()
    os.write(file, b"text")
    left, right = pair(STREAM)
    return os.sendfile(left.fileno(), file, 0, 4) == 4 and right.recv(16) == b"text"


def tee(source, target):
    return checked(libc.tee(source, target, ctypes.c_size_t(4), 2))


def is_teed():
    (reader, writer), (other_reader, other_writer) = pipe(), pipe()
    os.write(writer, b"text")
    return tee(reader, other_writer) == 4 and os.read(reader, 16) == os.read(other_reader, 16) == b"text"


def vmsplice(target, pages):
    part = Part(ctypes.addressof(ctypes.c_char.from_buffer(pages)), 4096)
    return checked(libc.vmsplice(target, ctypes.byref(part), ctypes.c_size_t(1), 2))


def is_memory_read_later():
    reader, writer = pipe()
    pages = mmap.mmap(-1, 4096)
    vmsplice(writer, pages)
    pages[0:4] = b"late"
    return os.read(reader, 4) == b"late"


def largest_pipe():
    _reader, writer = pipe()
    size = fcntl.fcntl(writer, GETPIPE_SZ)
    while size < MOST_BYTES and works(fcntl.fcntl, writer, SETPIPE_SZ, 2 * size):
        size *= 2
    return fcntl.fcntl(writer, GETPIPE_SZ)


def is_sealed(flags, seals):
    def seal():
        file = memory(flags)
        fcntl.fcntl(file, ADD_SEALS, seals)
        assert fcntl.fcntl(file, GET_SEALS) & seals == seals

    return works(seal)


def write_to_sealed():
    file = memory(ALLOW_SEALING)
    fcntl.fcntl(file, ADD_SEALS, WRITE)
    os.write(file, b"x")


def measure():
    left, right = pair(STREAM)
    left.send(b"text")
    reader, writer = pipe()
    return {
        "sendfile": is_file_sent(),
        "splice-to-stream": is_spliced_to(STREAM),
        "splice-from-stream": is_spliced_from(STREAM),
        "splice-to-packets": is_spliced_to(DGRAM) and is_spliced_to(SEQPACKET),
        "splice-from-packets": is_spliced_from(DGRAM) and is_spliced_from(SEQPACKET),
        "tee": is_teed(),
        "tee-socket": error_of(tee, right.fileno(), writer),
        "vmsplice-later": is_memory_read_later(),
        "vmsplice-socket": error_of(vmsplice, left.fileno(), mmap.mmap(-1, 4096)),
        "pipe-default": fcntl.fcntl(reader, GETPIPE_SZ),
        "pipe-most": largest_pipe(),
        "memory-seals": is_sealed(ALLOW_SEALING, GROW | SHRINK | WRITE | SEAL),
        "memory-sealed-write": error_of(write_to_sealed),
        "memory-seal-future-write": is_sealed(ALLOW_SEALING, FUTURE_WRITE),
        "memory-seal-exec": is_sealed(ALLOW_SEALING, EXEC),
        "memory-not-executable": works(memory, NOEXEC_SEAL),
        "memory-executable": works(memory, EXECUTABLE),
    }
