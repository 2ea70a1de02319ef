"""Starts a program as systemd starts one that has sockets:

    activate.py NAME=ADDRESS... -- CMD ARG...

Listens at each address, passes the listeners on from descriptor 3 and becomes
CMD. An address is a path, an abstract name that begins with @, or HOST:PORT with
an IPv4 address; a NAME that is empty leaves LISTEN_FDNAMES unset, and
LISTEN_PID=N before it all is passed on as it is.
"""

import os
import socket
import sys

words, command = sys.argv[1 : sys.argv.index("--")], sys.argv[sys.argv.index("--") + 1 :]
os.environ["LISTEN_PID"] = str(os.getpid())
if words[0].startswith("LISTEN_PID="):
    os.environ["LISTEN_PID"] = words.pop(0).partition("=")[2]

listeners, names = [], []
for word in words:
    name, _, address = word.partition("=")
    host, _, port = address.partition(":")
    if port:
        listener = socket.socket(socket.AF_INET)
        listener.bind((host, int(port)))
    else:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind("\0" + address[1:] if address.startswith("@") else address)
    listener.listen()
    # Out of the way of the numbers that are to be filled.
    listeners.append(os.dup2(listener.fileno(), 100 + len(listeners)))
    listener.detach()
    names.append(name)

for at, fd in enumerate(listeners):
    os.dup2(fd, 3 + at, inheritable=True)
    os.set_inheritable(fd, False)
os.environ["LISTEN_FDS"] = str(len(listeners))
if any(names):
    os.environ["LISTEN_FDNAMES"] = ":".join(names)
os.execvp(command[0], command)
