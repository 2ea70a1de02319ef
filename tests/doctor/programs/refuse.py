"""Refuses system calls, as a container's seccomp filter does, and becomes a program.

refuse.py CALL[=FIRST_ARGUMENT]:ERRNO… -- PROGRAM…
"""
import ctypes
import os
import platform
import struct
import sys

NUMBERS = {
    "x86_64": {"ptrace": 101, "setns": 308, "unshare": 272, "memfd_create": 319, "waitid": 247, "socket": 41},
    "aarch64": {"ptrace": 117, "setns": 268, "unshare": 97, "memfd_create": 279, "waitid": 95, "socket": 198},
}[platform.machine()]
NUMBERS.update(pidfd_send_signal=424, pidfd_open=434, clone3=435, close_range=436)

LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, ERROR = 0x7FFF0000, 0x00050000
NUMBER_AT, ARGUMENT_AT = 0, 16
PR_SET_SECCOMP, FILTER, PR_SET_NO_NEW_PRIVS = 22, 2, 38


def instructions(rule):
    call, error = rule.split(":")
    name, _, argument = call.partition("=")
    last = struct.pack("HBBI", RETURN, 0, 0, ERROR | int(error))
    if argument:
        last = struct.pack("HBBI", LOAD, 0, 0, ARGUMENT_AT) + struct.pack("HBBI", EQUAL, 0, 1, int(argument)) + last
    return (
        struct.pack("HBBI", LOAD, 0, 0, NUMBER_AT)
        + struct.pack("HBBI", EQUAL, 0, len(last) // 8, NUMBERS[name])
        + last
    )


at = sys.argv.index("--")
program = b"".join(map(instructions, sys.argv[1:at])) + struct.pack("HBBI", RETURN, 0, 0, ALLOW)
code = ctypes.create_string_buffer(program, len(program))
libc = ctypes.CDLL(None, use_errno=True)


class Filter(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_void_p)]


filters = Filter(len(program) // 8, ctypes.addressof(code))
if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(PR_SET_SECCOMP, FILTER, ctypes.byref(filters), 0, 0):
    sys.exit(f"refuse.py: {os.strerror(ctypes.get_errno())}")
os.execvp(sys.argv[at + 1], sys.argv[at + 1:])
