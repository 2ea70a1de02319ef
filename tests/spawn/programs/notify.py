"""Sends states to NOTIFY_SOCKET: `notify.py WHO STATE…`, WHO being self or child."""

import os
import socket
import sys
import time

name = os.environ["NOTIFY_SOCKET"]
address = "\0" + name[1:] if name.startswith("@") else name


def send(state):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        # As sd_notify_barrier(3): the other end is closed when what came before was read.
        near, far = os.pipe()
        sender.sendto(state.encode(), address)
        passed = (socket.SOL_SOCKET, socket.SCM_RIGHTS, far.to_bytes(4, sys.byteorder))
        sender.sendmsg([b"BARRIER=1"], [passed], 0, address)
        os.close(far)
        os.read(near, 1)
        os.close(near)


who, states = sys.argv[1], sys.argv[2:]
if who == "child" and os.fork() != 0:
    os.wait()
else:
    for one in states:
        send(one)
        print("sent", one, flush=True)
    if who == "child":
        os._exit(0)
time.sleep(3600)
