"""Does things with sockets of its own, one after the other, then says so and
waits until its input ends:

    sockets.py WORD…

    stream:NAME, seqpacket:NAME, dgram:NAME   binds one; NAME in hex, without its NUL
    listen, listen:BACKLOG    lets the last one listen
    serve                     accepts each connection to it and closes it at once
    probe:NAME:COUNT          connects as often, and closes each connection
    comm:NAME                 calls itself like that
    chroot:DIR                has nothing but that directory
    in-child                  goes on in a child, which is not reaped when it ends
    in-reaped-child           goes on in a child, which is
    leave                     goes on in a child and ends
"""

import os
import socket
import sys
import threading

TYPES = {"stream": socket.SOCK_STREAM, "seqpacket": socket.SOCK_SEQPACKET, "dgram": socket.SOCK_DGRAM}
made = []
pids = []


def name(text):
    return b"\0" + bytes.fromhex(text)


def serve(listener):
    while True:
        listener.accept()[0].close()


def probe(address, count):
    for _ in range(int(count)):
        with socket.socket(socket.AF_UNIX) as client:
            client.setblocking(False)
            client.connect_ex(name(address))


def go_on_in_child(reaps):
    child = os.fork()
    if child:
        if reaps:
            os.waitpid(child, 0)
        sys.stdin.read()
        os._exit(0)
    pids.append(os.getpid())


def leave():
    if os.fork():
        os._exit(0)
    pids.append(os.getpid())


for word in sys.argv[1:]:
    verb, _, rest = word.partition(":")
    if verb in TYPES:
        made.append(socket.socket(socket.AF_UNIX, TYPES[verb]))
        made[-1].bind(name(rest))
    elif verb == "listen":
        made[-1].listen(int(rest or 4096))
    elif verb == "serve":
        threading.Thread(target=serve, args=made[-1:], daemon=True).start()
    elif verb == "probe":
        probe(*rest.split(":"))
    elif verb == "comm":
        with open("/proc/self/comm", "wb") as file:
            file.write(bytes.fromhex(rest))
    elif verb == "chroot":
        os.chroot(rest)
        os.chdir("/")
    elif verb in ("in-child", "in-reaped-child"):
        go_on_in_child(verb == "in-reaped-child")
    elif verb == "leave":
        leave()
print("ready", *pids, file=sys.stderr, flush=True)
sys.stdin.read()
