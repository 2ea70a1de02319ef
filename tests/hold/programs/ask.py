"""Asks a holder as a program without ipcx does, and as another user:

    ask.py UID GROUPS ADDRESS REQUEST [PATH...]

Becomes the user UID, with the group of the same number and the supplementary
GROUPS (numbers with commas between), sends REQUEST with the files opened along,
and prints the reply, then a line with what each descriptor stands for that came
with it.
"""

import os
import socket
import sys

uid, groups, address, request, *paths = sys.argv[1:]
files = [os.open(path, os.O_RDONLY) for path in paths]
os.setgroups([int(group) for group in groups.split(",") if group])
os.setresgid(int(uid), int(uid), int(uid))
os.setresuid(int(uid), int(uid), int(uid))
holder = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
holder.connect("\0" + address[1:] if address.startswith("@") else address)
socket.send_fds(holder, [request.encode()], files)
reply, fds, flags, _ = socket.recv_fds(holder, 262144, 253)
print(reply.decode())
for fd in fds:
    print(os.readlink(f"/proc/self/fd/{fd}"))
