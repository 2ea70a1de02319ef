"""Asks a real zsh what may stand in place of the last word of a line:

    zsh_complete.py SCRIPT LINE

Prints the matches, one a line. zsh completes only at a terminal, so it is given
one, and its compadd is replaced by one that writes down what it is told.
"""

import os
import pty
import sys
import tempfile

SETUP = r"""
PROMPT= RPROMPT=
autoload -Uz compinit && compinit -u -D
source $IPCX_SCRIPT
zstyle ':completion:*' completer _complete
zstyle ':completion:*' verbose no
compadd() {
  # Calls that only fill arrays offer nothing.
  if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then
    builtin compadd "$@"
    return
  fi
  local -a matching
  builtin compadd -A matching "$@"
  print -rl -- $matching >> $IPCX_MATCHES
  builtin compadd "$@"
}
report() { _main_complete; compstate[insert]= compstate[list]=; }
zle -C report complete-word report
finish() { zle report; exit; }
zle -N finish
bindkey '^I' finish
"""

script, line = sys.argv[1:]
with tempfile.TemporaryDirectory() as folder:
    matches = f"{folder}/matches"
    open(matches, "w").close()
    with open(f"{folder}/.zshrc", "w") as setup:
        setup.write(SETUP + "print -r READY\n")
    environment = {**os.environ, "ZDOTDIR": folder, "IPCX_SCRIPT": script, "IPCX_MATCHES": matches, "TERM": "dumb"}
    child, terminal = pty.fork()
    if child == 0:
        os.execvpe("zsh", ["zsh", "-d", "-i"], environment)
    seen = b""
    while b"READY" not in seen:
        seen += os.read(terminal, 4096)
    os.write(terminal, line.encode() + b"\t")
    try:
        while os.read(terminal, 4096):
            pass
    except OSError:
        # The terminal is gone: zsh has ended.
        pass
    os.waitpid(child, 0)
    with open(matches) as found:
        print("\n".join(sorted(set(found.read().split("\n")))))
