"""A worker: asks for a request, answers it, and asks for the next one."""

import http.client
import os
import socket


class Gateway(http.client.HTTPConnection):
    """A connection over a Unix socket."""

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(os.environ["REPLY_SOCKET"])


def call(method, url, body=None):
    gateway = Gateway("localhost")
    gateway.request(method, url.removeprefix("http://localhost"), body, {"Content-Type": "text/plain"})
    response = gateway.getresponse()
    return response, response.read()


count = 0
while True:
    request, payload = call("GET", os.environ["NEXT_URL"])
    if request.status == 204:
        continue  # there was nothing to do for a while
    if request.status != 200:
        break  # 410: it is to end
    count += 1
    answer = f"request {count}: {len(payload)} bytes\n"
    call("POST", request.headers["Urocket-Reply-Url"], answer)
