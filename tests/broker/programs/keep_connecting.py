"""Connects to the abstract name NAME and leaves, again and again, until it is killed."""

import socket
import sys

name = "\0" + sys.argv[1].removeprefix("@")
while True:
    with socket.socket(socket.AF_UNIX) as client:
        client.setblocking(False)
        try:
            client.connect(name)
        except OSError:
            # The backlog is full, or there is no listener any more.
            pass
