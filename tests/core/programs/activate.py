"""Starts a program with sockets at 3, 4, … as systemd would.

Arguments: the sockets' types, LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES ("-" for none), the program.
"""

import os
import socket
import sys

types, pid, count, names = sys.argv[1:5]
opened = []
for type in types.split(","):
    opened.append(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM if type == "dgram" else socket.SOCK_STREAM))
    if type == "listener":
        opened[-1].bind("")
        opened[-1].listen()
# Out of the way first: the numbers wanted may be in use.
high = [os.dup2(one.fileno(), 100 + at) for at, one in enumerate(opened)]
for at, number in enumerate(high):
    os.dup2(number, 3 + at, inheritable=True)
os.closerange(3 + len(high), 64)
variables = {
    "LISTEN_PID": str(os.getpid()) if pid == "own" else pid,
    "LISTEN_FDS": str(len(high)) if count == "all" else count,
    "LISTEN_FDNAMES": names,
}
for number in high:
    os.set_inheritable(number, False)
for name, value in variables.items():
    if value != "-":
        os.environ[name] = value
os.execvp(sys.argv[5], sys.argv[5:])
