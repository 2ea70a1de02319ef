#!/usr/bin/env python3
"""A small broker of the SocketPair Broker Protocol that can also misbehave.

Prints `ready` once it listens, then one JSON object a line:
  {"event": "accepted", "client": 1}
  {"event": "request", "client": 1, "mode": "client", "key": "6b6579", "len": 3}
  {"event": "paired", "clients": [1, 2]}
  {"event": "closed", "client": 1, "reason": "paired"}

A broker told to misbehave (any flag but --reply-size and --split) gives its
bad answer to each request at once, so that one client suffices for a test.
SIGTERM or SIGINT ends it with status 0 and removes the socket file.
"""

import argparse
import json
import os
import selectors
import signal
import socket
import sys
from collections import deque
from typing import Deque, Dict, List, Optional, Tuple

import spb_wire as wire

FAULTS = {
    "close-without-answer": "close the connection in place of an answer",
    "no-descriptor": "answer without a descriptor",
    "two-descriptors": "answer with two descriptors",
    "wrong-version": "answer in version 2",
    "wrong-request": "answer with GET_PAIR's number",
    "garbage": "answer with bytes that mean nothing, and a descriptor",
    "stall": "never answer",
}

# Whom each mode is paired with: none with none, client with server.
OPPOSITE = {0: 0, 1: 2, 2: 1}


def report(event: str, **fields) -> None:
    print(json.dumps({"event": event, **fields}), flush=True)


class Client:
    def __init__(self, number: int, sock: socket.socket) -> None:
        self.number = number
        self.sock = sock
        self.received = b""
        self.request: Optional[wire.Request] = None


class Broker:
    """Owns the listener, every client's connection, and who waits for whom."""

    def __init__(self, listener: socket.socket, args: argparse.Namespace) -> None:
        self.listener = listener
        self.args = args
        self.accepted = 0
        self.waiting: Dict[wire.Request, Deque[Client]] = {}
        self.selector = selectors.DefaultSelector()
        listener.setblocking(False)
        self.selector.register(listener, selectors.EVENT_READ)

    def run(self) -> None:
        while True:
            for key, _ in self.selector.select():
                # A client handled earlier in this batch may have taken this one with it.
                if key.fileobj is self.listener:
                    self.accept()
                elif key.data.sock.fileno() >= 0:
                    self.read(key.data)

    def accept(self) -> None:
        try:
            sock, _ = self.listener.accept()
        except BlockingIOError:
            return
        sock.setblocking(False)
        self.accepted += 1
        client = Client(self.accepted, sock)
        self.selector.register(sock, selectors.EVENT_READ, client)
        report("accepted", client=client.number)

    def read(self, client: Client) -> None:
        try:
            data, fds = wire.receive(client.sock, wire.MESSAGE_SIZE)
            wire.close_all(fds)
            if fds:
                raise wire.ProtocolError("%d descriptors with a request" % len(fds))
            if not data:
                self.end_of_input(client)
            else:
                self.take(client, data)
        except BlockingIOError:
            return
        except wire.ProtocolError as error:
            self.close(client, "protocol error: %s" % error)
        except OSError as error:
            self.close(client, "read: %s" % error.strerror)

    def end_of_input(self, client: Client) -> None:
        """A client may half-close once its request is whole, and still be served."""
        if client.request is None or wire.hung_up(client.sock):
            self.close(client, "left")
        else:
            # It would be readable for ever; `partner_of` sees when it leaves.
            self.selector.unregister(client.sock)

    def take(self, client: Client, data: bytes) -> None:
        client.received += data
        if len(client.received) > wire.MESSAGE_SIZE:
            raise wire.ProtocolError("bytes after the request")
        # The padding after the fields may come, come later, or not at all.
        if client.request is not None or len(client.received) < wire.FIELDS_SIZE:
            return
        client.request = request = wire.check_get_pair(client.received)
        report("request", client=client.number, mode=wire.MODES[request.mode],
               key=request.key.hex(), len=len(request.key))
        if self.args.fault:
            self.misbehave(client)
            return
        partner = self.partner_of(request)
        if partner is None:
            self.waiting.setdefault(request, deque()).append(client)
        else:
            self.pair(partner, client)

    def partner_of(self, request: wire.Request) -> Optional[Client]:
        """The one that has waited longest, taken off the queue."""
        queue = self.waiting.get(wire.Request(OPPOSITE[request.mode], request.key), ())
        while queue:
            candidate = queue.popleft()
            if not wire.hung_up(candidate.sock):
                return candidate
            self.close(candidate, "left")
        return None

    def pair(self, first: Client, second: Client) -> None:
        reply = wire.pack_set_pair(self.args.reply_size)
        ends = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        outcome = []
        for client, end in zip((first, second), ends):
            with end:
                outcome.append(self.answer(client, reply, [end.fileno()]))
        if all(outcome):
            report("paired", clients=[first.number, second.number])
        for client, sent in zip((first, second), outcome):
            self.close(client, "paired" if sent else "cannot be answered")

    def answer(self, client: Client, reply: bytes, fds: List[int]) -> bool:
        # The kernel ends a recvmsg after the piece that carried descriptors,
        # so the two halves cannot be read as one.
        cut = len(reply) // 2 if self.args.split else len(reply)
        try:
            if fds:
                socket.send_fds(client.sock, [reply[:cut]], fds)
            else:
                client.sock.sendall(reply[:cut])
            if cut < len(reply):
                client.sock.sendall(reply[cut:])
        except OSError:
            return False
        return True

    def misbehave(self, client: Client) -> None:
        fault = self.args.fault
        if fault == "stall":
            return
        if fault != "close-without-answer":
            ends = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
            fds = [end.fileno() for end in ends]
            self.answer(client, *bad_answer(fault, self.args.reply_size, fds))
            for end in ends:
                end.close()
        self.close(client, fault)

    def close(self, client: Client, reason: str) -> None:
        if client.sock in self.selector.get_map():
            self.selector.unregister(client.sock)
        queue = self.waiting.get(client.request, ())
        if client in queue:
            queue.remove(client)
        client.sock.close()
        report("closed", client=client.number, reason=reason)


def bad_answer(fault: str, size: int, fds: List[int]) -> Tuple[bytes, List[int]]:
    if fault == "no-descriptor":
        return wire.pack_set_pair(size), []
    if fault == "two-descriptors":
        return wire.pack_set_pair(size), fds[:2]
    if fault == "wrong-version":
        return wire.pack_set_pair(size, flags=2), fds[:1]
    if fault == "wrong-request":
        return wire.pack_set_pair(size, request=wire.GET_PAIR), fds[:1]
    return b"\xa5" * size, fds[:1]


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--socket", required=True, metavar="ADDR", help="path or @abstract")
    parser.add_argument("--reply-size", type=int, default=wire.MESSAGE_SIZE,
                        choices=(wire.MESSAGE_SIZE, wire.FIELDS_SIZE, wire.SHORT_REPLY_SIZE),
                        help="1044 (default): 64-bit reference; 1040: i386; 20: the document")
    parser.add_argument("--split", action="store_true",
                        help="answer in two pieces, the descriptor with the first")
    faults = parser.add_mutually_exclusive_group()
    for name, text in FAULTS.items():
        faults.add_argument("--" + name, dest="fault", action="store_const", const=name, help=text)
    return parser.parse_args()


def main() -> int:
    args = parse_args()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        try:
            listener.bind(wire.parse_address(args.socket))
        except OSError as error:
            print("%s: %s" % (args.socket, error), file=sys.stderr)
            return 1
        try:
            listener.listen(socket.SOMAXCONN)
            print("ready", flush=True)
            Broker(listener, args).run()
        finally:
            if not args.socket.startswith("@"):
                os.unlink(args.socket)
    return 0


if __name__ == "__main__":
    sys.exit(main())
