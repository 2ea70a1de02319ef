#!/usr/bin/env python3
"""A client of the SocketPair Broker Protocol, as strict as libspbroker.

Exit status:
  0  paired, and the talk over the received socket ended well
  1  cannot connect, or the talk over the received socket failed
  2  wrong usage
  3  the broker broke the protocol (standard error says how)
  4  the broker closed the connection without a pair
  5  timeout

A broker that answers but does not then close the connection within the
timeout has broken the protocol: 3, not 5. So has one that hands over a
non-blocking socket: the flag belongs to the open file description, and the
reference's clients read from it as from a blocking one.

--reply-size 1044 (the default) is libspbroker built for 64 bits, and 1040 is
libspbroker built for i386: it asks in 1040 bytes and reads no more than that,
so that to it the 4 bytes of padding in a 64-bit broker's reply do not exist.
"""

import argparse
import os
import signal
import socket
import sys
from typing import List

import spb_wire as wire

EXIT_FAILED = 1
EXIT_VIOLATION = 3
EXIT_CLOSED = 4
EXIT_TIMEOUT = 5

REPLY_SIZES = {
    "any": (wire.MESSAGE_SIZE, wire.FIELDS_SIZE, wire.SHORT_REPLY_SIZE),
    "1044": (wire.MESSAGE_SIZE,),
    "1040": (wire.FIELDS_SIZE,),
    "20": (wire.SHORT_REPLY_SIZE,),
}

STEPS = ("connect", "partial", "request", "received")


class ClosedByBroker(Exception):
    pass


class TimedOut(Exception):
    pass


def start_timer(seconds: float) -> None:
    """Raises TimedOut in whatever call is under way after `seconds`.

    A timer, and not a socket timeout, because the latter would make the
    sockets non-blocking, which libspbroker's are not.
    """

    def expire(_signal, _frame):
        raise TimedOut

    signal.signal(signal.SIGALRM, expire)
    signal.setitimer(signal.ITIMER_REAL, seconds)


def die_if(step: str, die_after: str) -> None:
    if step == die_after:
        os.kill(os.getpid(), signal.SIGKILL)


def pieces(message: bytes, sizes: List[int]) -> List[bytes]:
    """The message cut into the given sizes, what remains being the last piece."""
    cut = []
    for size in sizes:
        cut.append(message[:size])
        message = message[size:]
    cut.append(message)
    return [piece for piece in cut if piece]


def send_request(broker: socket.socket, args: argparse.Namespace) -> None:
    message = wire.pack_get_pair(
        wire.MODES.index(args.mode), args.key, total=args.request_size
    )
    sent = 0
    try:
        if args.die_after == "partial":
            broker.sendall(message[: len(message) // 2])
            die_if("partial", args.die_after)
        for number, piece in enumerate(pieces(message, args.chunks)):
            if number > 0:
                wire.wait_until_read(broker)
            sent += broker.send(piece)
    except (BrokenPipeError, ConnectionResetError):
        # A broker may answer once it has all the fields, before the padding.
        if sent < wire.FIELDS_SIZE:
            raise ClosedByBroker from None
    die_if("request", args.die_after)


def receive_pair(broker: socket.socket, args: argparse.Namespace) -> socket.socket:
    """The reply, in one recvmsg: a reply in pieces is no reply to libspbroker."""
    try:
        sizes = REPLY_SIZES[args.reply_size]
        reply, fds = wire.receive(broker, max(wire.FIELDS_SIZE, *sizes))
    except ConnectionResetError:
        raise ClosedByBroker from None
    die_if("received", args.die_after)
    if not reply:
        raise ClosedByBroker
    try:
        wire.check_set_pair(reply, len(fds), sizes)
        return connected_stream(fds.pop())
    finally:
        wire.close_all(fds)


def connected_stream(fd: int) -> socket.socket:
    """Takes over `fd`, which must be a connected, blocking Unix stream socket."""
    try:
        peer = socket.socket(fileno=fd)
    except OSError as error:
        os.close(fd)
        raise wire.ProtocolError("the descriptor is not a socket: %s" % error) from None
    try:
        if (peer.family, peer.type) != (socket.AF_UNIX, socket.SOCK_STREAM):
            raise wire.ProtocolError("not a Unix stream socket: %s" % peer)
        if not os.get_blocking(fd):
            raise wire.ProtocolError("the socket is non-blocking")
        try:
            peer.getpeername()
        except OSError as error:
            raise wire.ProtocolError("the socket has no peer: %s" % error) from None
    except wire.ProtocolError:
        peer.close()
        raise
    return peer


def expect_close(broker: socket.socket, args: argparse.Namespace) -> None:
    try:
        rest = broker.recv(wire.MESSAGE_SIZE)
        if args.reply_size == "1040" and rest == bytes(wire.MESSAGE_SIZE - wire.FIELDS_SIZE):
            rest = broker.recv(wire.MESSAGE_SIZE)
    except ConnectionResetError:
        return
    except TimedOut:
        raise wire.ProtocolError("connection left open after SET_PAIR") from None
    if rest:
        raise wire.ProtocolError("%d more bytes after SET_PAIR" % len(rest))


def say(peer: socket.socket, text: str) -> None:
    """Sends all before it reads: `text` has to fit in the socket's buffers."""
    peer.sendall(os.fsencode(text))
    peer.shutdown(socket.SHUT_WR)
    while True:
        data = peer.recv(65536)
        if not data:
            return
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()


def echo(peer: socket.socket) -> None:
    while True:
        data = peer.recv(65536)
        if not data:
            return
        peer.sendall(data.upper())


def run(args: argparse.Namespace) -> None:
    with wire.connect(args.socket) as broker:
        die_if("connect", args.die_after)
        send_request(broker, args)
        peer = receive_pair(broker, args)
        with peer:
            expect_close(broker, args)
            if args.say is not None:
                say(peer, args.say)
            elif args.echo:
                echo(peer)


def parse_chunks(text: str) -> List[int]:
    sizes = [int(size) for size in text.split(",")]
    if any(size < 1 for size in sizes):
        raise ValueError
    return sizes


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--socket", required=True, metavar="ADDR", help="path or @abstract")
    parser.add_argument("--key", required=True, type=wire.parse_key, help=r"may have \xHH")
    parser.add_argument("--mode", choices=wire.MODES, default="none")
    parser.add_argument("--reply-size", choices=REPLY_SIZES, default="1044")
    parser.add_argument("--request-size", type=int,
                        choices=(wire.MESSAGE_SIZE, wire.FIELDS_SIZE),
                        help="default: 1040 with --reply-size 1040, else 1044")
    parser.add_argument("--chunks", type=parse_chunks, default=[], metavar="N,N,...",
                        help="sizes of the sends; the rest goes in one more")
    parser.add_argument("--die-after", choices=STEPS, help="SIGKILL itself there")
    parser.add_argument("--timeout", type=float, default=60.0, metavar="S")
    talk = parser.add_mutually_exclusive_group()
    talk.add_argument("--echo", action="store_true")
    talk.add_argument("--say", metavar="TEXT")
    args = parser.parse_args()
    if args.request_size is None:
        args.request_size = wire.FIELDS_SIZE if args.reply_size == "1040" else wire.MESSAGE_SIZE
    return args


def main() -> int:
    args = parse_args()
    try:
        start_timer(args.timeout)
        run(args)
    except wire.ProtocolError as error:
        print("protocol violation: %s" % error, file=sys.stderr)
        return EXIT_VIOLATION
    except ClosedByBroker:
        print("closed by the broker without a pair", file=sys.stderr)
        return EXIT_CLOSED
    except TimedOut:
        print("timeout after %g s" % args.timeout, file=sys.stderr)
        return EXIT_TIMEOUT
    except OSError as error:
        print(error, file=sys.stderr)
        return EXIT_FAILED
    return 0


if __name__ == "__main__":
    sys.exit(main())
