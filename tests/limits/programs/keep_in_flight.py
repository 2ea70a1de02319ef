"""Keeps so many descriptors in flight until standard input ends."""
import os
import socket
import struct
import sys

ends = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
null = os.open("/dev/null", os.O_RDONLY)
left = int(sys.argv[1])
while left > 0:
    count = min(left, 253)
    ends[0].sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, struct.pack(f"{count}i", *[null] * count))])
    left -= count
print("kept", file=sys.stderr, flush=True)
sys.stdin.read()
