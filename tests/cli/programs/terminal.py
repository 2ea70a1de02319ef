"""Runs a program with a terminal as its standard input:

    terminal.py CMD ARG...

What comes on our own standard input is typed there. CMD has our standard output
and error; we end as it does.
"""

import os
import pty
import subprocess
import sys
import threading

keyboard, terminal = pty.openpty()
program = subprocess.Popen(sys.argv[1:], stdin=terminal, start_new_session=True)
os.close(terminal)


def type_along():
    while typed := os.read(0, 4096):
        os.write(keyboard, typed)


threading.Thread(target=type_along, daemon=True).start()
# Without waiting for the thread, which may never hear of an end.
status = program.wait()
sys.stdout.flush()
os._exit(status if status >= 0 else 128 - status)
