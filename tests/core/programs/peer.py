"""A peer that does what it is told, line by line, and answers each line with its pid."""

import os
import socket
import sys

peer = None


def connect(name):
    global peer
    peer = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    peer.connect("\0" + name.removeprefix("@"))


def take():
    """The descriptor that is sent becomes the socket."""
    global peer
    _, [fd], _, _ = socket.recv_fds(peer, 1, 1)
    peer = socket.socket(fileno=fd)


def send(text):
    peer.send(text.encode())


def claim(pid, uid, gid):
    """Sends with somebody else's credentials."""
    import struct

    credentials = struct.pack("iII", int(pid), int(uid), int(gid))
    try:
        peer.sendmsg([b"claimed"], [(socket.SOL_SOCKET, socket.SCM_CREDENTIALS, credentials)])
    except OSError as error:
        return os.strerror(error.errno)


def drop(uid):
    """Gives up the rights of root."""
    os.setgroups([])
    os.setresgid(int(uid), int(uid), int(uid))
    os.setresuid(int(uid), int(uid), int(uid))


def become(*words):
    """Another program, which has the socket as its standard input."""
    os.dup2(peer.fileno(), 0)
    print(os.getpid())
    os.execv(words[0], words)


def fork():
    """A child goes on; who has connected ends."""
    if os.fork():
        os._exit(0)


def forget(name):
    """A child connects and ends, and stays a zombie."""
    child = os.fork()
    if child == 0:
        connect(name)
        os._exit(0)
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    return child


COMMANDS = [connect, take, send, claim, drop, become, fork, forget]

for line in sys.stdin:
    word, *rest = line.split()
    told = {command.__name__: command for command in COMMANDS}[word](*rest)
    print(os.getpid() if told is None else told)
