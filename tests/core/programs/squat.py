"""Listens where it should not, and tells how much it is sent."""

import socket
import sys

address = sys.argv[1]
listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
listener.bind("\0" + address[1:] if address.startswith("@") else address)
if not address.startswith("@"):
    import os

    os.chmod(address, 0o777)
listener.listen()
print("listens", flush=True)
while True:
    peer, _ = listener.accept()
    print(f"received {len(peer.recv(100))} bytes", flush=True)
