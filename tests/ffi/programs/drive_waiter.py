"""Drives a build of the waiter through one case, as ipcx would:

    drive_waiter.py WAITER CASE

A process creates a child and becomes the waiter, with all signals blocked. Says
nothing and ends with 0 if all was as it should be.
"""

import json
import os
import pty
import signal
import socket
import sys
import tempfile
import time

ALL = signal.valid_signals()


class Waiter:
    """A waiter with a child that calls a function; it gets environment variables
    without their IPCX_, and descriptors by their numbers."""

    def __init__(self, child, fds={}, **orders):
        self.pid = os.fork()
        if self.pid:
            return
        try:
            signal.pthread_sigmask(signal.SIG_BLOCK, ALL)
            pid = os.fork()
            if pid == 0:
                signal.pthread_sigmask(signal.SIG_SETMASK, [])
                os._exit(child() or 0)
            for number, fd in fds.items():
                os.dup2(fd, number)
            environment = {f"IPCX_{name}": str(value) for name, value in orders.items()}
            kept = {name: os.environ[name] for name in os.environ if name.endswith("SAN_OPTIONS")}
            os.execve(sys.argv[1], ["ipcx"], {"IPCX_CHILD": str(pid), **kept, **environment})
        finally:
            os._exit(99)

    def end(self):
        """Its exit status, or minus its signal."""
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def expect(found, wanted):
    if found != wanted:
        sys.exit(f"{found!r} instead of {wanted!r}")


def read_all(fd):
    data = b""
    while piece := os.read(fd, 65536):
        data += piece
    os.close(fd)
    return data


def pause():
    while True:
        signal.pause()


def die_of(number):
    os.kill(os.getpid(), number)
    pause()


def exits():
    for status in (0, 1, 7, 255):
        expect(Waiter(lambda: status).end(), status)


def signals():
    for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGSEGV, signal.SIGRTMAX):
        expect(Waiter(lambda: die_of(number)).end(), -number)


def forwarded():
    def child():
        signal.pthread_sigmask(signal.SIG_BLOCK, ALL)
        for number in (signal.SIGUSR1, signal.SIGINT, signal.SIGRTMIN, signal.SIGTERM):
            os.kill(os.getppid(), signal.SIGWINCH)
            os.kill(os.getppid(), number)
            if signal.sigwait(ALL) != number:
                return 1
        return 5

    expect(Waiter(child).end(), 5)


def timeout():
    report, told = os.pipe()

    def deaf():
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        os.write(told, b"\n")
        pause()

    expect(Waiter(lambda: die_of(signal.SIGSTOP), TIMEOUT=30, GRACE=10000).end(), 124)
    # It has to be deaf before its time is up.
    waiter = Waiter(deaf, {5: told}, TIMEOUT=2000, GRACE=30, STATUS_FD=5)
    os.close(told)
    expect(waiter.end(), 124)
    expect(json.loads(read_all(report).strip())["signal"], "SIGKILL")


def status_line():
    for end, code, name in ((lambda: 7, 7, None), (lambda: die_of(15), 143, "SIGTERM"), (lambda: die_of(40), 168, "SIG40")):
        report, told = os.pipe()
        waiter = Waiter(end, {5: told}, STATUS_FD=5)
        os.close(told)
        waiter.end()
        line = json.loads(read_all(report))
        expect((line["event"], line["code"], line["signal"], len(line["usage"])), ("exited", code, name, 9))
    report, told = os.pipe()
    os.close(report)
    expect(Waiter(lambda: 3, {5: told}, STATUS_FD=5).end(), 3)


def relayed_socket():
    data = os.urandom(1 << 20)
    ours, childs = socket.socketpair()

    def child():
        ours.close()
        while piece := childs.recv(65536):
            childs.sendall(piece)
        return 3

    to_waiter, source = os.pipe()
    sink, from_waiter = os.pipe()
    os.set_inheritable(to_waiter, True)
    feeder = os.fork()
    if feeder == 0:
        os.close(sink)
        os.close(to_waiter)
        os.close(from_waiter)
        ours.close()
        childs.close()
        for at in range(0, len(data), 65536):
            os.write(source, data[at : at + 65536])
        os._exit(0)
    os.close(source)
    waiter = Waiter(child, {0: to_waiter, 1: from_waiter, 7: ours.fileno()}, CHANNEL=7)
    for end in (ours, childs):
        end.close()
    os.close(to_waiter)
    os.close(from_waiter)
    expect(read_all(sink) == data, True)
    expect(waiter.end(), 3)
    os.waitpid(feeder, 0)


def relayed_terminal():
    for text in (b"", b"line\n", b"two\nlines", b"x" * 3000 + b"\n"):
        master, slave = pty.openpty()
        heard, hear = os.pipe()

        def child():
            os.close(source)
            os.setsid()
            os.close(os.open(os.ttyname(slave), os.O_RDWR))
            os.close(master)
            while piece := os.read(slave, 65536):
                os.write(hear, piece)
            os.write(slave, b"said\n")
            return 4

        to_waiter, source = os.pipe()
        sink, from_waiter = os.pipe()
        waiter = Waiter(child, {0: to_waiter, 1: from_waiter, 7: master}, CHANNEL=7, TERMINAL=1, LEADS_GROUP=1)
        for fd in (master, slave, hear, to_waiter, from_waiter):
            os.close(fd)
        os.write(source, text)
        os.close(source)
        expect(read_all(heard), text)
        expect(read_all(sink).endswith(b"said\r\n"), True)
        expect(waiter.end(), 4)


def stuck_output():
    """Nobody reads what a child has left, until the waiter is told to end."""
    ours, childs = socket.socketpair()
    sink, from_waiter = os.pipe()
    os.set_blocking(from_waiter, False)
    try:
        while True:
            os.write(from_waiter, bytes(4096))
    except BlockingIOError:
        os.set_blocking(from_waiter, True)

    begun, begin = os.pipe()

    def child():
        childs.sendall(bytes(1000))
        os.write(begin, b"\n")
        return 6

    waiter = Waiter(child, {1: from_waiter, 7: ours.fileno()}, CHANNEL=7)
    os.read(begun, 1)
    while open(f"/proc/{waiter.pid}/task/{waiter.pid}/children").read():
        time.sleep(0.001)
    os.kill(waiter.pid, signal.SIGTERM)
    expect(waiter.end(), 6)


def files():
    with tempfile.TemporaryDirectory() as folder:
        orders, fds = {}, {}

        def path(name):
            return f"{folder}/{name}"

        for number, name in enumerate(("a file: with spaces\n", "replaced", "mine"), 20):
            open(path(name), "w").close()
            fds[number] = os.open(path(name), os.O_PATH)
            orders[f"REMOVE_{number}"] = f"{number}:{path(name)}"
        orders["REMOVE_3"] = f"20:{path('never')}"
        for at, odd in enumerate(("", "x", "1", "99:", ":::", "9" * 400, f"77:{path('replaced')}")):
            orders[f"REMOVE_{at + 4}"] = odd

        def child():
            for fd in fds.values():
                os.close(fd)
            # The number of an inode is taken again as soon as nobody has it.
            os.unlink(path("replaced"))
            open(path("replaced"), "w").close()

        waiter = Waiter(child, fds, **orders)
        for fd in fds.values():
            os.close(fd)
        expect(waiter.end(), 0)
        expect(os.listdir(folder), ["replaced"])


def held():
    """What it is to hold it has open until its child has ended, and nothing else."""
    held, hold = os.pipe()
    other, another = os.pipe()
    awaited, go_on = os.pipe()

    def child():
        for fd in (hold, another, go_on):
            os.close(fd)
        return len(os.read(awaited, 1))

    waiter = Waiter(child, {40: hold, 41: another}, HOLD_0=40, HOLD_1="x", HOLD_12=99)
    for fd in (hold, another, awaited):
        os.close(fd)
    expect(read_all(other), b"")
    os.set_blocking(held, False)
    try:
        expect(os.read(held, 1), "nothing yet")
    except BlockingIOError:
        pass
    os.set_blocking(held, True)
    os.write(go_on, b"x")
    expect(read_all(held), b"")
    expect(waiter.end(), 1)


def orphans():
    """As a subreaper it reaps what is not its child, and goes on waiting for that."""

    def child():
        if os.fork() == 0:
            if os.fork() == 0:
                os._exit(1)
            os._exit(2)
        time.sleep(0.05)
        return 8

    expect(Waiter(child).end(), 8)


globals()[sys.argv[2]]()
