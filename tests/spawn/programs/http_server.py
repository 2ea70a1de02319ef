"""An HTTP server on the listener at descriptor 3: says what it was asked."""

import http.server
import json
import os
import socket
import threading


class Echo(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def address_string(self):
        return "-"

    def log_message(self, form, *args):
        pass

    def body(self):
        if self.headers.get("transfer-encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("content-length") or 0))
        chunks = []
        while length := int(self.rfile.readline(), 16):
            chunks.append(self.rfile.read(length))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def answer(self):
        said = {
            "pid": os.getpid(),
            "method": self.command,
            "path": self.path,
            "body": self.body().decode(),
        }
        text = json.dumps(said).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = answer


def serve(connection):
    with connection:
        Echo(connection, None, None)


listener = socket.socket(fileno=3)
print("listening, and its calls wait:", os.get_blocking(3), flush=True)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
