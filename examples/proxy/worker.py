"""A worker that keeps its connection: says how many requests it has had, and what it was sent."""

import http.client
import json
import os
import socket


class Gateway(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(os.environ["REPLY_SOCKET"])


gateway = Gateway("localhost")


def call(method, url, body=None, headers={}):
    gateway.request(method, url.removeprefix("http://localhost"), body, headers)
    response = gateway.getresponse()
    return response, response.read()


count = 0
while True:
    request, payload = call("GET", os.environ["NEXT_URL"])
    if request.status == 204:
        continue
    if request.status != 200:
        break
    count += 1
    parameters = json.loads(request.headers["Urocket-Parameters"])
    answer = {"count": count, "name": parameters["path"].get("name"), "length": len(payload)}
    call("POST", request.headers["Urocket-Reply-Url"], json.dumps(answer), {"Content-Type": "application/json"})
