#!/usr/bin/env python3
"""A peer that behaves as the Go code of Docker's beam does.

    beam_peer.py ADDRESS dial NAME [COUNT]   asks for a name as an application does, and talks on COUNT connections
    beam_peer.py ADDRESS accept NAME         answers who asks for the name with one connection each
    beam_peer.py ADDRESS advertise NAME      opens an endpoint unasked, and serves what is pushed into it
    beam_peer.py ADDRESS take                takes the first endpoint that is offered, and pushes a connection into it

A service answers what it reads in capital letters. ADDRESS is a path, or an
abstract name with an @ in front. It knows nothing of ipcx.
"""

import array
import socket
import sys
import threading


def send(conn, data, sock):
    """Send: one sendmsg, the attachment as SCM_RIGHTS."""
    rights = array.array("i", [sock.fileno()])
    conn.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])


def receive(conn):
    """Receive: 4096 bytes of each, messages without an attachment skipped; nothing at the end."""
    while True:
        data, ancillary, _, _ = conn.recvmsg(4096, 4096)
        fds = array.array("i")
        for level, kind, rights in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                fds.frombytes(rights[: len(rights) - len(rights) % fds.itemsize])
        if fds:
            first, *others = [socket.socket(fileno=fd) for fd in fds]
            for other in others:
                other.close()
            return data, first
        if not data:
            return None, None


def send_pipe(conn, data):
    """SendPipe: sends one end of a fresh pair, and returns the other."""
    local, remote = socket.socketpair()
    with remote:
        send(conn, data, remote)
    return local


def handle(conn):
    with conn:
        while data := conn.recv(4096):
            conn.sendall(data.upper())


def talk(conn):
    with conn:
        conn.sendall(b"hello from python")
        print(conn.recv(4096).decode(), flush=True)


def dial(conn, name, count="1"):
    with send_pipe(conn, name.encode()) as endpoint:
        for number in range(int(count)):
            # The first connection comes unasked; the name asks for another one.
            if number > 0:
                endpoint.sendall(name.encode())
            _, first = receive(endpoint)
            if first is None:
                print("nobody", flush=True)
                return
            talk(first)


def accept(conn, name):
    while True:
        wanted, endpoint = receive(conn)
        if endpoint is None:
            return
        with endpoint:
            if wanted == name.encode():
                service = send_pipe(endpoint, b"here you are")
                threading.Thread(target=handle, args=[service]).start()


def advertise(conn, name):
    with send_pipe(conn, name.encode()) as endpoint:
        while True:
            _, service = receive(endpoint)
            if service is None:
                return
            threading.Thread(target=handle, args=[service]).start()


def take(conn):
    name, endpoint = receive(conn)
    with endpoint:
        print(name.decode(), flush=True)
        talk(send_pipe(endpoint, b"for you"))


def main(address, mode, *args):
    with socket.socket(socket.AF_UNIX) as conn:
        conn.connect("\0" + address[1:] if address.startswith("@") else address)
        {"dial": dial, "accept": accept, "advertise": advertise, "take": take}[mode](conn, *args)


main(*sys.argv[1:])
