"""Leaves the file system and the rights of root behind, and connects and listens all the same."""

import os
import socket
import sys

root, outside, inside, file = sys.argv[1:]
os.chroot(root)
os.chdir("/")
os.setgroups([])
os.setresgid(65534, 65534, 65534)
os.setresuid(65534, 65534, 65534)


def abstract(name):
    return "\0" + name.removeprefix("@")


listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
listener.bind(abstract(inside))
listener.listen()
try:
    socket.socket(socket.AF_UNIX, socket.SOCK_STREAM).connect(file)
    refusal = "connected"
except OSError as error:
    refusal = os.strerror(error.errno)
peer = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
peer.connect(abstract(outside))
peer.sendall(f"from an empty root: {os.listdir('/')} {refusal}".encode())
client, _ = listener.accept()
client.sendall(b"welcome")
