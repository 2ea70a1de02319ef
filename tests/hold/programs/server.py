"""A server that is given its listeners by LISTEN_FDS (sd_listen_fds(3)):

    server.py VERSION

Answers one connection at a time: a line with VERSION and the same line. SIGTERM
lets it finish the one it has, and end.
"""

import os
import select
import signal
import socket
import sys

version = sys.argv[1]
assert os.environ["LISTEN_PID"] == str(os.getpid())
listeners = [socket.socket(fileno=3 + at) for at in range(int(os.environ["LISTEN_FDS"]))]
woken, waker = os.pipe()
os.set_blocking(waker, False)
signal.set_wakeup_fd(waker)
stopping = []
signal.signal(signal.SIGTERM, lambda *_: stopping.append(True))
poll = select.poll()
poll.register(woken, select.POLLIN)
for listener in listeners:
    listener.setblocking(False)
    poll.register(listener, select.POLLIN)
ready = {listener.fileno(): listener for listener in listeners}
while not stopping:
    for number, _ in poll.poll():
        if stopping or number == woken:
            continue
        try:
            connection, _ = ready[number].accept()
        except BlockingIOError:
            # Another version was faster.
            continue
        connection.setblocking(True)
        line = connection.makefile("rb").readline()
        connection.sendall(version.encode() + b" " + line)
        connection.close()
