"""A foreign peer: a socket that does what it is told, one JSON command a line.

It knows nothing of ipcx. `Send` and `Receive` do what Docker's beam does
(pkg/beam/unix.go), `send_frame` and `receive_frame` what libchan's unix
transport does, as both are described; the rest are plain system calls.

A command is an array of a name and its arguments; bytes are written in
hexadecimal. The descriptors that it sends are pipes, with a text for their
reader; of those it receives it tells what can be read from them.
"""
import array
import fcntl
import json
import os
import resource
import signal
import socket
import struct
import sys

TYPES = {"stream": socket.SOCK_STREAM, "seqpacket": socket.SOCK_SEQPACKET}
FDS_BIT = 0x80000000
DEFAULT_CHUNK = 65536


def pipe_with(text):
    """A pipe to read the text from."""
    reader, writer = os.pipe()
    os.write(writer, text.encode())
    os.close(writer)
    return reader


def told(fds):
    """What can be read from descriptors, which are closed."""
    texts = []
    for fd in fds:
        texts.append(os.read(fd, 4096).decode())
        os.close(fd)
    return texts


def memory(kind, size):
    """Memory that is sealed, or is not what it should be."""
    flags = os.MFD_ALLOW_SEALING | (os.MFD_HUGETLB if kind == "huge pages" else 0)
    fd = os.memfd_create("test", flags)
    os.ftruncate(fd, size)
    seals = {
        "unsealed": 0,
        "sealed against growth alone": fcntl.F_SEAL_GROW,
        "sealed against writing": fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_WRITE,
    }.get(kind, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL)
    fcntl.fcntl(fd, fcntl.F_ADD_SEALS, seals)
    if kind == "open for reading":
        readable = os.open(f"/proc/self/fd/{fd}", os.O_RDONLY)
        os.close(fd)
        return readable
    return fd


class Peer:
    def __init__(self, kind, name):
        self.sock = socket.socket(socket.AF_UNIX, TYPES[kind])
        self.sock.connect("\0" + name[1:] if name.startswith("@") else name)

    def _sendmsg(self, data, fds):
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
        return self.sock.sendmsg([data], rights)

    def _recvmsg(self, size, control=4096):
        data, ancillary, _flags, _address = self.sock.recvmsg(size, control)
        fds = array.array("i")
        for level, kind, content in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                fds.frombytes(content[: len(content) - len(content) % fds.itemsize])
        return data, list(fds)

    def sendmsg(self, data, texts=()):
        """One sendmsg(2)."""
        fds = [pipe_with(text) for text in texts]
        sent = self._sendmsg(bytes.fromhex(data), fds)
        for fd in fds:
            os.close(fd)
        return sent

    def recvmsg(self, size=4096):
        """One recvmsg(2)."""
        data, fds = self._recvmsg(size)
        return {"data": data.hex(), "texts": told(fds)}

    def Send(self, data, text):
        """Docker's: always a descriptor, in one sendmsg(2)."""
        return self.sendmsg(data, [text])

    def Receive(self):
        """Docker's: 4096 bytes of each, skipping what has no descriptor, the first of several."""
        while True:
            data, fds = self._recvmsg(4096)
            if fds:
                return {"data": data.hex(), "text": told(fds)[0]}
            if not data:
                return None

    def send_bytes(self, data, step=DEFAULT_CHUNK):
        """Bytes, some at a time."""
        content = bytes.fromhex(data)
        for at in range(0, len(content), step):
            self.sock.sendall(content[at : at + step])

    def send_frame(self, data, text=None, step=DEFAULT_CHUNK):
        """libchan's: the header's first byte with the descriptor, the other three, the payload."""
        payload = bytes.fromhex(data)
        header = struct.pack(">I", len(payload) | (FDS_BIT if text is not None else 0))
        if text is not None:
            fd = pipe_with(text)
            self._sendmsg(header[:1], [fd])
            os.close(fd)
            header = header[1:]
        self.send_bytes(header.hex(), step)
        self.send_bytes(data, step)

    def _read_exactly(self, size):
        data, fds = b"", []
        while len(data) < size:
            more, came = self._recvmsg(size - len(data))
            if not more:
                return None, fds
            data += more
            fds += came
        return data, fds

    def receive_frame(self):
        """libchan's: four bytes and perhaps descriptors, then the payload."""
        header, fds = self._read_exactly(4)
        if header is None:
            return None
        (number,) = struct.unpack(">I", header)
        payload, others = self._read_exactly(number & (FDS_BIT - 1))
        return {
            "data": payload.hex(),
            "announced": bool(number & FDS_BIT),
            "texts": told(fds),
            "late": len(told(others)),
        }

    def flood(self, data, texts, count):
        """The same message again and again, as fast as it is taken, by a process of its own."""
        if os.fork() == 0:
            signal.signal(signal.SIGPIPE, signal.SIG_DFL)
            for _ in range(count):
                self.sendmsg(data, texts)
            os._exit(0)

    def limit_descriptors(self, most):
        """RLIMIT_NOFILE from now on."""
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))

    def send_memory(self, data, kind, size):
        """Bytes, with memory that a receiver may not want."""
        fd = memory(kind, size)
        self._sendmsg(bytes.fromhex(data), [fd])
        os.close(fd)

    def send_listener(self, data):
        """A TCP listener, which nobody but its receiver has then; tells its port."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self._sendmsg(bytes.fromhex(data), [listener.fileno()])
            return listener.getsockname()[1]

    def accept_from_received(self, text):
        """Accepts from a listener that it is sent, and answers with a text."""
        _data, fds = self._recvmsg(4096)
        with socket.socket(fileno=fds[0]) as listener:
            connection, _address = listener.accept()
            with connection:
                connection.sendall(text.encode())

    def answer_on_received(self, text):
        """Writes to a socket that it is sent, as to any file, and closes it."""
        _data, fds = self._recvmsg(4096)
        with os.fdopen(fds[0], "w") as file:
            file.write(text)

    def end(self):
        """Half-closes."""
        self.sock.shutdown(socket.SHUT_WR)

    def close(self):
        """Closes, which resets the connection if something was not read."""
        self.sock.close()


def main():
    peer = Peer(*sys.argv[1:])
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        try:
            answer = {"result": getattr(peer, name)(*arguments)}
        except OSError as error:
            answer = {"errno": error.strerror}
        print(json.dumps(answer), flush=True)


main()
