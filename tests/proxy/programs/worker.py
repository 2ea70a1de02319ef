"""A worker that does what each request says."""

import http.client
import json
import os
import signal
import socket
import sys
import time


class ReplySocket(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(os.environ["REPLY_SOCKET"])


replies = ReplySocket("localhost")


def send(method, url, body=None, headers={}):
    replies.request(method, url.removeprefix("http://localhost"), body, headers)
    answer = replies.getresponse()
    return answer, answer.read()


def note(name, text):
    with open(name + ".new", "w") as file:
        file.write(str(text))
    os.rename(name + ".new", name)


def wait_for(name):
    while not os.path.exists(name):
        time.sleep(0.005)


def perform(request, payload):
    """Returns the answer; None if there is to be none."""
    command, _, rest = payload.decode("latin1").partition(" ")
    match command:
        case "pid":
            return str(os.getpid())
        case "head":
            return json.dumps({name.lower(): value for name, value in request.headers.items()})
        case "die":
            sys.stderr.write("dying words\n")
            sys.stderr.flush()
            os._exit(int(rest))
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "hang":
            if rest == "on":
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
            note("hanging", os.getpid())
            wait_for("never")
        case "wait":
            note("waiting", os.getpid())
            wait_for(rest)
            return str(os.getpid())
        case "forget":
            return None
        case "print":
            for at in range(int(rest)):
                print("line", at)
            sys.stdout.flush()
            return "printed"
    return payload


def main():
    if "dies" in sys.argv:
        sys.exit("no reason to live")
    if "noisy" in sys.argv:
        sys.stderr.write("noise " * 2_000_000)
    while True:
        request, payload = send("GET", os.environ["NEXT_URL"])
        if request.status == 410:
            return
        if request.status != 200:
            continue
        answer = perform(request, payload)
        if answer is None:
            continue
        url = request.headers["Urocket-Reply-Url"]
        confirmation, _ = send("POST", url, answer, {"Content-Type": "text/plain"})
        if payload.startswith(b"wait"):
            note("confirmed", confirmation.status)
        if payload.startswith(b"twice"):
            note("second", send("POST", url, "again", {"Content-Type": "text/plain"})[0].status)


main()
