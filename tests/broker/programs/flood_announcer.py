#!/usr/bin/env python3
"""Asks a broker for a key, and sends to who has announced it as much as it can.

Usage: flood_announcer.py ADDRESS KEY

Prints how many bytes there was room for, until the announcer closed.
"""

import os
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../peers"))

import spb_wire as wire

PIECE = bytes(200_000)

with wire.connect(sys.argv[1]) as broker:
    broker.sendall(wire.pack_get_pair(wire.MODES.index("client"), sys.argv[2].encode()))
    _, (fd,) = wire.receive(broker, wire.MESSAGE_SIZE)
count = 0
with socket.socket(fileno=fd) as announcer:
    try:
        while True:
            count += announcer.send(PIECE)
    except ConnectionError:
        print(count)
