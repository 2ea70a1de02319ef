"""Becomes a program whose connect(2) fails, as a security module would have it:

    without_connect.py COMMAND ARG…
"""

import ctypes
import errno
import os
import struct
import sys

CONNECT = {"x86_64": 42, "aarch64": 203}[os.uname().machine]
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
LOAD_WORD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, FAIL = 0x7FFF0000, 0x00050000 | errno.EPERM

FILTER = b"".join(
    struct.pack("HBBI", *instruction)
    for instruction in ((LOAD_WORD, 0, 0, 0), (JUMP_IF_EQUAL, 0, 1, CONNECT), (RETURN, 0, 0, FAIL), (RETURN, 0, 0, ALLOW))
)


class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_char_p)]


libc = ctypes.CDLL(None, use_errno=True)
program = Program(len(FILTER) // 8, FILTER)
for call in ((PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0)):
    if libc.prctl(*call) != 0:
        sys.exit(f"prctl: {os.strerror(ctypes.get_errno())}")
os.execvp(sys.argv[1], sys.argv[1:])
