"""The first process of a pid namespace: starts the program that it is given, then processes whose number it chooses."""

import ctypes
import os
import signal
import socket
import subprocess
import sys

LAST_PID = "/proc/sys/kernel/ns_last_pid"
ATTEMPTS = 1000
PR_SET_NAME = 15
libc = ctypes.CDLL(None)


def connect(name):
    """A child that connects and waits until it is killed. Tells its number."""
    child = os.fork()
    if child == 0:
        peer = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        peer.connect("\0" + name.removeprefix("@"))
        signal.pause()
    return child


def replace(number):
    """Kills and reaps that child; another one gets its number."""
    number = int(number)
    os.kill(number, signal.SIGKILL)
    os.waitpid(number, 0)
    for _ in range(ATTEMPTS):
        reader, writer = os.pipe()
        with open(LAST_PID, "w") as file:
            file.write(str(number - 1))
        child = os.fork()
        if child == 0:
            libc.prctl(PR_SET_NAME, b"impostor", 0, 0, 0)
            os.write(writer, b"x")
            signal.pause()
        if child == number:
            os.read(reader, 1)
            return "replaced"
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(reader)
        os.close(writer)
    return "not replaced"


program = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
for line in program.stdout:
    if line.startswith("{"):
        print(line, end="", flush=True)
        continue
    word, argument = line.split()
    print({"connect": connect, "replace": replace}[word](argument), file=program.stdin, flush=True)
sys.exit(program.wait())
