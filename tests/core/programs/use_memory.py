"""Takes memory from who listens at the given name, tries to change its size, and answers with what is in it."""

import errno
import mmap
import os
import socket
import sys

peer = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
peer.connect("\0" + sys.argv[1].removeprefix("@"))
_, fds, _, _ = socket.recv_fds(peer, 1, 1)
answer = []
for size in [0, 4096, 1 << 20]:
    try:
        os.truncate(fds[0], size)
        answer.append("changed")
    except OSError as error:
        answer.append(errno.errorcode[error.errno])
memory = mmap.mmap(fds[0], 0)
answer.append(memory[:5].decode())
answer.append(str(len(memory)))
memory[:5] = b"there"
peer.sendall(" ".join(answer).encode())
