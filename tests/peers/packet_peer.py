#!/usr/bin/env python3
"""A peer with plain sockets, which knows nothing of ipcx.

    packet_peer.py receive|send|echo listen|connect|bind stream|seqpacket|dgram ADDRESS [--credentials]

It listens, connects, or binds a datagram socket (to send, ADDRESS is then the
receiver's, and it has no name), and says "ready" on standard error as soon as
others can come.

receive  prints a line of JSON for each message until the end, or the empty line
         that a datagram "end" stands for: its bytes in hexadecimal digits, what
         its descriptors hold, whether it was cut, who sent it
send     reads lines of JSON: {"hex":…, "files":[…], "repeat":N}, and sends each;
         an error is printed by its name
echo     answers each message in capital letters, to whoever sent it

ADDRESS is a path, or an abstract name with an @ in front.
"""

import array
import errno
import json
import os
import socket
import struct
import sys

TYPES = {"stream": socket.SOCK_STREAM, "seqpacket": socket.SOCK_SEQPACKET, "dgram": socket.SOCK_DGRAM}
LARGEST = 1 << 20
SCM_CREDENTIALS = 2


def address_of(text):
    return "\0" + text[1:] if text.startswith("@") else text


def told(name):
    text = name.decode() if isinstance(name, bytes) else name
    return "@" + text[1:] if text.startswith("\0") else text


def meet(how, kind, address, role, credentials):
    """The socket to talk on, and where to send from it if it is not connected."""
    sock = socket.socket(socket.AF_UNIX, TYPES[kind])
    if credentials:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    if how == "connect" or (how == "bind" and role == "send"):
        sock.connect(address)
        return sock
    sock.bind(address)
    if how == "bind":
        print("ready", file=sys.stderr, flush=True)
        return sock
    sock.listen(8)
    print("ready", file=sys.stderr, flush=True)
    connection, _ = sock.accept()
    sock.close()
    return connection


def contents(fd):
    with os.fdopen(fd, "rb") as file:
        return file.read().decode()


def receive(sock, kind):
    while True:
        data, ancillary, flags, sender = sock.recvmsg(LARGEST, socket.CMSG_SPACE(253 * 4) + socket.CMSG_SPACE(12))
        fds, who = array.array("i"), None
        for level, what, content in ancillary:
            if (level, what) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                fds.frombytes(content)
            elif (level, what) == (socket.SOL_SOCKET, SCM_CREDENTIALS):
                who = struct.unpack("3i", content)
        if kind == "dgram" and data == b"end":
            return
        if kind != "dgram" and not data and not fds:
            return
        message = {"hex": data.hex(), "files": [contents(fd) for fd in fds], "cut": bool(flags & socket.MSG_TRUNC)}
        if who:
            message["who"] = who
        if sender:
            message["from"] = told(sender)
        print(json.dumps(message), flush=True)


def send(sock):
    for line in sys.stdin:
        message = json.loads(line)
        files = [open(path, "rb") for path in message.get("files", [])]
        rights = array.array("i", [file.fileno() for file in files])
        ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)] if files else []
        try:
            for _ in range(message.get("repeat", 1)):
                sock.sendmsg([bytes.fromhex(message["hex"])], ancillary)
        except OSError as error:
            print(errno.errorcode[error.errno], flush=True)
        for file in files:
            file.close()


def echo(sock, kind):
    while True:
        data, sender = sock.recvfrom(LARGEST)
        if kind == "dgram":
            sock.sendto(data.upper(), sender)
        elif data:
            sock.sendall(data.upper()) if kind == "stream" else sock.send(data.upper())
        else:
            return


def main():
    role, how, kind, address, *options = sys.argv[1:]
    sock = meet(how, kind, address_of(address), role, "--credentials" in options)
    if role == "receive":
        receive(sock, kind)
    elif role == "send":
        send(sock)
    else:
        echo(sock, kind)


main()
