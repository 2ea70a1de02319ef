"""Runs a program on a terminal of its own, as a user in front of it would:

    on_terminal.py ROWS COLUMNS CMD ARG...

Lines of JSON on standard input are what the user does: {"type": "TEXT"} or
{"resize": [ROWS, COLUMNS]}; its end hangs up. Standard output is
what the terminal shows. What is typed is not echoed. We end as CMD does.
"""

import fcntl
import json
import os
import pty
import struct
import sys
import termios
import threading


def resize(terminal, rows, columns):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", int(rows), int(columns), 0, 0))


child, terminal = pty.fork()
if child == 0:
    settings = termios.tcgetattr(0)
    settings[3] &= ~termios.ECHO
    termios.tcsetattr(0, termios.TCSANOW, settings)
    resize(0, *sys.argv[1:3])
    os.execvp(sys.argv[3], sys.argv[3:])


def act():
    for line in sys.stdin:
        for action, what in json.loads(line).items():
            if action == "type":
                os.write(terminal, what.encode())
            else:
                resize(terminal, *what)
    # Closing it does not do while it is being read.
    os._exit(129)


threading.Thread(target=act, daemon=True).start()
try:
    while shown := os.read(terminal, 65536):
        os.write(1, shown)
except OSError:
    # Nobody has the terminal open any more.
    pass
status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
# Without waiting for the thread, which may never hear of an end.
os._exit(status if status >= 0 else 128 - status)
