"""Takes memory from who listens at the given name, tries to change it in every way, and answers with what came of it."""

import errno
import fcntl
import mmap
import os
import socket
import sys

peer = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
peer.connect("\0" + sys.argv[1].removeprefix("@"))
_, fds, _, _ = socket.recv_fds(peer, 1, 1)
(memory,) = fds
seals = fcntl.fcntl(memory, fcntl.F_GET_SEALS)
answer = [name for name in ("shrink", "grow") if seals & getattr(fcntl, f"F_SEAL_{name.upper()}")]
attempts = {
    "write": lambda: os.pwrite(memory, b"j", 0),
    "map": lambda: mmap.mmap(memory, 0),
    "seal": lambda: fcntl.fcntl(memory, fcntl.F_ADD_SEALS, fcntl.F_SEAL_GROW),
}
for name, attempt in attempts.items():
    try:
        attempt()
        answer.append(f"{name}:changed")
    except OSError as error:
        answer.append(f"{name}:{errno.errorcode[error.errno]}")
answer.append(mmap.mmap(memory, 0, prot=mmap.PROT_READ)[:5].decode())
peer.sendall(" ".join(answer).encode())
