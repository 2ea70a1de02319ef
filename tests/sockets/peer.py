#!/usr/bin/env python3
"""Lists Unix sockets by sock_diag(7), written from the manual page alone.

Prints one JSON array: for each socket its inode, type, state, name (hex),
peer, queues and uid, and of a listener the inodes of those who wait.
"""

import json
import socket
import struct

NETLINK_SOCK_DIAG = 4
SOCK_DIAG_BY_FAMILY = 20
NLM_F_REQUEST, NLM_F_DUMP = 1, 0x300
NLMSG_ERROR, NLMSG_DONE = 2, 3
NAME, PEER, ICONS, RQLEN, UID = 1, 4, 8, 16, 64
TCP_LISTEN = 10


def request(show, states=0xFFFFFFFF, inode=0):
    flags = NLM_F_REQUEST | (0 if inode else NLM_F_DUMP)
    body = struct.pack("=BBHIII2I", socket.AF_UNIX, 0, 0, states, inode, show, 0xFFFFFFFF, 0xFFFFFFFF)
    return struct.pack("=IHHII", 16 + len(body), SOCK_DIAG_BY_FAMILY, flags, 1, 0) + body


def attributes(data):
    found = {}
    while data:
        length, kind = struct.unpack_from("=HH", data)
        found[kind] = data[4:length]
        data = data[(length + 3) & ~3 :]
    return found


def answers(netlink, single):
    while True:
        piece = netlink.recv(1 << 16)
        while piece:
            length, kind = struct.unpack_from("=IH", piece)
            if kind in (NLMSG_DONE, NLMSG_ERROR):
                return
            yield piece[16:length]
            if single:
                return
            piece = piece[(length + 3) & ~3 :]


def u32(data):
    return list(struct.unpack("=%dI" % (len(data) // 4), data))


def waiting(netlink, inode):
    netlink.send(request(ICONS, inode=inode))
    for body in answers(netlink, True):
        return u32(attributes(body[16:])[3])
    return []


def main():
    netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_SOCK_DIAG)
    netlink.send(request(NAME | PEER | RQLEN | UID))
    listed = []
    for body in answers(netlink, False):
        _, kind, state, _, inode = struct.unpack_from("=BBBBI", body)
        told = attributes(body[16:])
        listed.append(
            {
                "inode": inode,
                "type": kind,
                "state": state,
                "name": told.get(0, b"").hex(),
                "peer": u32(told[2])[0] if 2 in told else None,
                "queues": u32(told[4]),
                "uid": u32(told[7])[0],
            }
        )
    for one in listed:
        if one["state"] == TCP_LISTEN:
            one["waiting"] = waiting(netlink, one["inode"])
    print(json.dumps(listed))


main()
