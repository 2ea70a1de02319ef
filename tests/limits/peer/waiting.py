"""How much waits in queues, and datagrams as they arrive."""
import os
import select
import socket
import struct

from calls import DGRAM, INT_MAX, STREAM, TYPES, autobound, count_until_refused, error_of, pair, unnamed

SENT = 200


def named_queue():
    receiver, name = autobound(DGRAM)
    total = 0
    while True:
        sender = unnamed(DGRAM)
        count, _ = count_until_refused(lambda: sender.sendto(b"x", name), 8192 - total)
        total += count
        if count == 0 or total == 8192:
            return total


def pairs():
    found = {}
    for name, kind in TYPES.items():
        ends = pair(kind)
        found[f"{name}-pair-queue"], found[f"{name}-full"] = count_until_refused(lambda: ends[0].send(b"x"))
    return found


def backlog():
    listener, name = autobound(STREAM)
    listener.listen(4)
    clients = []

    def connect():
        clients.append(unnamed(STREAM))
        clients[-1].connect(name)

    count, refusal = count_until_refused(connect)
    return {"backlog": count, "backlog-full": refusal}


def largest_backlog():
    """Asks sock_diag for the queue of a listener (struct unix_diag_req)."""
    listener, _ = autobound(STREAM)
    listener.listen(INT_MAX)
    inode = os.fstat(listener.fileno()).st_ino
    with socket.socket(16, socket.SOCK_RAW, 4) as netlink:
        request = struct.pack("=BBHIIIII", socket.AF_UNIX, 0, 0, 0xFFFFFFFF, inode, 0x10, 0xFFFFFFFF, 0xFFFFFFFF)
        netlink.send(struct.pack("=IHHII", 16 + len(request), 20, 1, 0, 0) + request)
        answer = netlink.recv(4096)
    rest = answer[16 + 16:]
    while rest:
        length, kind = struct.unpack_from("=HH", rest)
        if kind == 4:
            return struct.unpack_from("=II", rest, 4)[1]
        rest = rest[(length + 3) // 4 * 4:]
    return None


def exchange():
    receiver, name = autobound(DGRAM)
    sender = unnamed(DGRAM)
    received = []
    for number in range(SENT):
        while error_of(sender.sendto, bytes([number]), name) == "EAGAIN":
            received.append(receiver.recv(1)[0])
    while error_of(receiver.recv, 1, socket.MSG_PEEK) == "none":
        received.append(receiver.recv(1)[0])
    return received


def writable_while_full(connected):
    receiver, name = autobound(DGRAM)
    count_until_refused(lambda: unnamed(DGRAM).sendto(b"x", name))
    sender = unnamed(DGRAM)
    if connected:
        sender.connect(name)
    poll = select.poll()
    poll.register(sender, select.POLLOUT)
    return bool(poll.poll(0))


def connected_datagrams():
    def three():
        return autobound(DGRAM), autobound(DGRAM), autobound(DGRAM)

    def received(socket_):
        return error_of(socket_.recv, 1) == "none"

    found = {}
    (receiver, name), (partner, partner_name), (stranger, _) = three()
    stranger.sendto(b"x", name)
    receiver.connect(partner_name)
    found["dgram-connected-earlier"] = received(receiver)
    found["dgram-connected-stranger"] = error_of(stranger.sendto, b"x", name)

    (receiver, name), (partner, partner_name), (_, next_name) = three()
    partner.connect(name)
    receiver.connect(partner_name)
    partner.send(b"x")
    receiver.connect(next_name)
    found["dgram-reconnected-earlier"] = received(receiver)
    found["dgram-reconnected-told"] = partner.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 104

    receiver, name = autobound(DGRAM)
    sender = unnamed(DGRAM)
    sender.connect(name)
    receiver.close()
    found["dgram-receiver-gone"] = error_of(sender.send, b"x")
    return found


def measure():
    received = exchange()
    return {
        "dgram-queue": named_queue(),
        **pairs(),
        **backlog(),
        "backlog-most": largest_backlog(),
        "dgram-lost": SENT - len(set(received)),
        "dgram-duplicated": len(received) - len(set(received)),
        "dgram-in-order": received == sorted(received),
        "dgram-full-writable": writable_while_full(False),
        "dgram-full-writable-connected": writable_while_full(True),
        **connected_datagrams(),
    }
