"""Sends memory to who listens at the given name: of so many bytes, with these seals, filled with sevens."""

import fcntl
import os
import socket
import sys

name, size, *seals = sys.argv[1:]
memory = os.memfd_create("foreign", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
os.truncate(memory, int(size))
os.pwrite(memory, b"\7" * min(int(size), 4096), 0)
for seal in seals:
    fcntl.fcntl(memory, fcntl.F_ADD_SEALS, getattr(fcntl, f"F_SEAL_{seal}"))
peer = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
peer.connect("\0" + name.removeprefix("@"))
socket.send_fds(peer, [b"x"], [memory])
