#!/bin/sh
# The command that it is called by. It becomes Deno with the program of this package: nothing stays in between, so
# descriptors, arguments of any bytes, signals and the exit status need no passing on.

fail() { # fail MESSAGE
  printf '%s: %s\n' "${0##*/}" "$1" >&2
  exit 1
}

# The caller's PATH may be anything: what the system itself has is taken.
script=$(command -p readlink -f -- "$0") && [ -n "$script" ] || fail "cannot tell which file '$0' is"
package=${script%/bin/*}

builds=
[ -e /lib64/ld-linux-x86-64.so.2 ] && builds=linux-x64-glibc
[ -e /lib/ld-linux-aarch64.so.1 ] && builds="$builds linux-arm64-glibc"
if [ -z "$builds" ]; then
  machine=$(command -p uname -m)
  case $machine in
    x86_64 | aarch64) fail "Deno needs glibc, which is not here (Alpine has another C library)" ;;
    *) fail "there is no Deno for this processor ($machine), only for x86_64 and aarch64" ;;
  esac
fi

# The program of Deno itself; what npm has put into .bin may be a script for Node.
find_deno() { # find_deno FOLDER: in the node_modules of a folder
  deno=$1/node_modules/deno/deno
  [ -f "$deno" ] && [ -x "$deno" ] && return
  # Where no script is run after an installation, it is where it was unpacked.
  for build in $builds; do
    for place in node_modules/@deno ../@deno; do
      deno=$1/node_modules/deno/$place/$build/deno
      [ -f "$deno" ] && [ -x "$deno" ] && return
    done
  done
  return 1
}

folder=$package
until find_deno "$folder"; do
  [ -n "$folder" ] || fail "the npm package 'deno' is not installed as it should be: npm install --include=optional deno"
  folder=${folder%/*}
done

case ${0##*/} in
  nsexec | one-socket)
    case ${1-} in
      --version | -V) ;;
      *) set -- "${0##*/}" "$@" ;;
    esac
    ;;
esac
set -- "$deno" run --quiet --allow-all --no-config --no-lock --no-npm --no-remote --no-code-cache \
  "$package/program/boot.js" "$@"

# env(1) takes a path with '=' for a variable; nice(1) does not.
case $deno in
  *=*) set -- "$(command -pv nice)" -n 0 "$@" ;;
esac

# env(1) is given the environment twice, as its own and as arguments, of a quarter of the stack or 6 MiB: execve(2). What
# does not fit is passed on by the shell. Pointers and quotes are not counted apart: a third is left for those.
fits() { # fits ENVIRONMENT ARGUMENT…
  most=$(ulimit -s 2>/dev/null) || return 0
  case $most in
    '' | *[!0-9]*) most=24576 ;;
  esac
  [ "$most" -lt 24576 ] || most=24576
  [ "$most" -gt 512 ] || most=512
  all=$*
  [ $(((${#1} + ${#all} + 9 * $#) * 3 / 2)) -lt $((most * 256)) ]
}

# A shell drops variables whose names it could not use itself, and adds others: the kernel has what the caller gave. It
# is asked by a shell that waits for sed(1), since what a program was given is gone as soon as another is in its place.
# The three that stand before are for Deno, and taken out again by program/boot.js; at a terminal it would complain of a
# directory that cannot be.
{
  environment=$(
    {
      LC_ALL=C command -p sed -z "/^[^=]\{1,\}=/!d; s/'/'\\\\''/g; s/.*/'&' /"
      exit $?
    } </proc/self/environ
  )
} 2>/dev/null && fits "$environment" "$@" && eval "exec /usr/bin/env -i -- DENO_DIR=/proc/self/ipcx DENO_LOG=error,deno::cache::cache_db=off DENO_NO_UPDATE_CHECK=ipcx $environment \"\$@\""

DENO_DIR=${DENO_DIR-/proc/self/ipcx} DENO_LOG=${DENO_LOG-error,deno::cache::cache_db=off} DENO_NO_UPDATE_CHECK=${DENO_NO_UPDATE_CHECK-ipcx} exec "$@"
