"""Somebody else in a shared directory: does the same thing again and again until its input ends, then tells what it saw."""

import ctypes
import itertools
import json
import os
import socket
import stat
import sys
import threading

RENAME_EXCHANGE = 2
AT_FDCWD = -100
libc = ctypes.CDLL(None, use_errno=True)

attack, *places = sys.argv[1:]
seen = set()


def swap(one, other):
    """Exchanges two files, whatever they are."""
    libc.renameat2(AT_FDCWD, one.encode(), AT_FDCWD, other.encode(), RENAME_EXCHANGE)


def turn(link, one, other):
    """Lets a link lead to one directory, then to the other."""
    for target in (one, other):
        os.symlink(target, link + ".new")
        os.rename(link + ".new", link)


def watch(path):
    """Looks at the owner and mode of a file, and tries to connect."""
    try:
        status = os.lstat(path)
        seen.add((status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)))
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.connect(path)
            seen.add("connected")
    except (FileNotFoundError, PermissionError):
        pass
    except ConnectionRefusedError:
        seen.add("refused")


def take(path, precious):
    """Puts one thing after the other where somebody else wants to listen."""

    def bind(backlog=None):
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(path)
        if backlog is not None:
            listener.listen(backlog)
        return listener

    things = [
        lambda: os.symlink(precious, path),
        lambda: os.symlink(path, path),
        lambda: os.mkfifo(path),
        lambda: os.close(os.open(path, os.O_CREAT | os.O_EXCL)),
        lambda: bind().close(),
        lambda: bind(),
        lambda: bind(1),
        lambda: os.link(precious, path),
    ]
    for make in things:
        made = None
        try:
            made = make()
            seen.add("taken")
        except OSError:
            pass
        try:
            os.unlink(path)
        except OSError:
            pass
        if made:
            made.close()


stopped = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), stopped.set()), daemon=True).start()
print("ready", flush=True)
for count in itertools.count(1):
    {"swap": swap, "turn": turn, "watch": watch, "take": take}[attack](*places)
    if stopped.is_set():
        break
print(json.dumps({"count": count, "seen": sorted(map(str, seen))}))
