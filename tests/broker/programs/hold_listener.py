"""Starts a program with a listener of which another process keeps a copy:

    hold_listener.py NAME CMD ARG...

Listens at the abstract NAME, passes the listener on as systemd does, and becomes
CMD. The copy is kept as long as CMD lives; it is shut down once somebody
connects to NAME-holder, who reads the end of file when that is done.
"""

import ctypes
import os
import signal
import socket
import sys

BACKLOG = 4096
PR_SET_PDEATHSIG = 1


def listen_at(name):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind("\0" + name)
    listener.listen(BACKLOG)
    return listener


name, command = sys.argv[1].removeprefix("@"), sys.argv[2:]
shared, holder = listen_at(name), listen_at(name + "-holder")
if os.fork() == 0:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    # Nobody must wait for the end of output that is ours.
    for number in range(3):
        os.dup2(os.open("/dev/null", os.O_RDWR), number)
    asked, _ = holder.accept()
    shared.shutdown(socket.SHUT_RDWR)
    asked.close()
    signal.pause()

if shared.fileno() == 3:
    os.set_inheritable(3, True)
else:
    os.dup2(shared.fileno(), 3, inheritable=True)
os.environ["LISTEN_PID"], os.environ["LISTEN_FDS"] = str(os.getpid()), "1"
os.execvp(command[0], command)
