#!/usr/bin/env python3
"""Does one wrong (or odd) thing to a broker and prints what the broker did.

Prints one line:
  closed      the broker closed the connection
  open        the connection was still open, and silent, after --timeout seconds,
              or after a minute where something else is expected
  answered N  the broker sent N bytes
  left        the case closes the connection itself; nothing was to be seen

Exit status: 0 the broker did what the protocol asks for, 1 cannot connect,
2 wrong usage, 3 the broker did something else (standard error says what was
expected). The exit status never depends on how fast the broker is, except
that a broker with a handshake timeout below --timeout closes where `open` is
expected.
"""

import argparse
import os
import random
import select
import socket
import sys
from typing import Callable, Dict, List, NamedTuple

import spb_wire as wire

EXIT_FAILED = 1
EXIT_UNEXPECTED = 3

# How long a broker may take, however busy it is, to do what has to come.
PATIENCE_S = 60.0


class Case(NamedTuple):
    expected: str
    act: Callable[[socket.socket, argparse.Namespace], None]


CASES: Dict[str, Case] = {}


def case(expected: str):
    """Registers a case under its function's name."""

    def register(act):
        CASES[act.__name__] = Case(expected, act)
        return act

    return register


def malformed(name: str, mode: int = 0, **fields: int) -> None:
    """Registers a GET_PAIR that is whole and right but for the given fields."""

    def act(sock, args):
        sock.sendall(wire.pack_get_pair(mode, args.key, **fields))

    CASES[name] = Case("closed", act)


malformed("wrong_version", flags=2)
malformed("version_0", flags=0)
malformed("extra_flag", flags=wire.VERSION | 0x10)
malformed("highest_flag", flags=wire.VERSION | 0x80000000)
malformed("wrong_request", request=7)
malformed("request_0", request=0)
malformed("wrong_size", size=wire.GET_PAIR_PAYLOAD.size - 1)
malformed("mode_3", mode=3)
malformed("key_len_0", key_len=0)
malformed("key_len_1025", key_len=wire.KEY_MAX + 1)


def good_request(args: argparse.Namespace) -> bytes:
    return wire.pack_get_pair(0, args.key)


def send_with_descriptors(sock: socket.socket, message: bytes, count: int) -> None:
    fd = os.open(os.devnull, os.O_RDONLY)
    try:
        # The receiver gets `count` descriptors, even if all are sent from one.
        socket.send_fds(sock, [message], [fd] * count)
    finally:
        os.close(fd)


@case("closed")
def set_pair_to_broker(sock, args):
    send_with_descriptors(sock, wire.pack_set_pair(), 1)


@case("closed")
def with_descriptor(sock, args):
    send_with_descriptors(sock, good_request(args), 1)


@case("closed")
def with_many_descriptors(sock, args):
    send_with_descriptors(sock, good_request(args), wire.MAX_FDS)


@case("closed")
def descriptor_in_second_piece(sock, args):
    message = good_request(args)
    sock.sendall(message[:500])
    wire.wait_until_read(sock)
    send_with_descriptors(sock, message[500:], 1)


@case("open")
def without_padding(sock, args):
    # Legal: what libspbroker sends on i386, and all that the document defines.
    sock.sendall(good_request(args)[: wire.FIELDS_SIZE])


@case("open")
def padding_later(sock, args):
    message = good_request(args)
    sock.sendall(message[: wire.FIELDS_SIZE])
    wire.wait_until_read(sock)
    sock.sendall(message[wire.FIELDS_SIZE :])


@case("closed")
def two_requests_glued(sock, args):
    # Mode none would pair with itself, were the second one a client of its own.
    sock.sendall(good_request(args) * 2)


@case("closed")
def two_requests_glued_without_padding(sock, args):
    sock.sendall(good_request(args)[: wire.FIELDS_SIZE] * 2)


@case("closed")
def second_request_later(sock, args):
    sock.sendall(good_request(args))
    wire.wait_until_read(sock)
    sock.sendall(good_request(args))


@case("closed")
def one_byte_after_request(sock, args):
    sock.sendall(good_request(args))
    wire.wait_until_read(sock)
    sock.sendall(b"\0")


@case("closed")
def short_then_half_close(sock, args):
    sock.sendall(good_request(args)[:100])
    sock.shutdown(socket.SHUT_WR)


@case("left")
def short_then_close(sock, args):
    sock.sendall(good_request(args)[:100])
    sock.close()


@case("open")
def half_close_after_request(sock, args):
    sock.sendall(good_request(args))
    sock.shutdown(socket.SHUT_WR)


@case("open")
def key_padding_not_zero(sock, args):
    # Legal: only the first key_len bytes of the field are the key.
    sock.sendall(wire.pack_get_pair(0, args.key.ljust(wire.KEY_MAX, b"\xff"),
                                    key_len=len(args.key)))


@case("open")
def one_byte_then_wait(sock, args):
    sock.sendall(good_request(args)[:1])


@case("open")
def nothing_then_wait(sock, args):
    pass


@case("closed")
def random_bytes(sock, args):
    # At least one whole message, so that the broker cannot be waiting for more.
    source = random.Random(args.seed)
    size = source.randint(wire.MESSAGE_SIZE, 4 * wire.MESSAGE_SIZE)
    sock.sendall(bytes(source.getrandbits(8) for _ in range(size)))


def observe(sock: socket.socket, seconds: float) -> str:
    if sock.fileno() < 0:
        return "left"
    if not select.select([sock], [], [], seconds)[0]:
        return "open"
    data = sock.recv(2 * wire.MESSAGE_SIZE)
    return "answered %d" % len(data) if data else "closed"


def run(name: str, args: argparse.Namespace) -> str:
    with wire.connect(args.socket) as sock:
        try:
            CASES[name].act(sock, args)
            # That nothing comes can only be seen for a while.
            expects_nothing = CASES[name].expected == "open"
            return observe(sock, args.timeout if expects_nothing else PATIENCE_S)
        except (BrokenPipeError, ConnectionResetError):
            # A broker that closes on bytes it has not read resets the connection.
            return "closed"


def parse_args(argv: List[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--socket", metavar="ADDR", help="path or @abstract")
    parser.add_argument("--case", choices=CASES, metavar="NAME")
    parser.add_argument("--list", action="store_true", help="print the case names and end")
    parser.add_argument("--key", type=wire.parse_key, default=b"spb_bad-%d" % os.getpid(),
                        help="must pair with nobody (default: from the process id)")
    parser.add_argument("--seed", type=int, default=0, help="for random_bytes")
    parser.add_argument("--timeout", type=float, default=1.0, metavar="S")
    args = parser.parse_args(argv)
    if not args.list and not (args.socket and args.case):
        parser.error("--socket and --case, or --list")
    return args


def main() -> int:
    args = parse_args(sys.argv[1:])
    if args.list:
        print("\n".join(CASES))
        return 0
    try:
        outcome = run(args.case, args)
    except OSError as error:
        print("%s: %s" % (args.socket, error), file=sys.stderr)
        return EXIT_FAILED
    print(outcome)
    if outcome != CASES[args.case].expected:
        print("expected: %s" % CASES[args.case].expected, file=sys.stderr)
        return EXIT_UNEXPECTED
    return 0


if __name__ == "__main__":
    sys.exit(main())
