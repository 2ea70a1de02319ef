#!/bin/sh
# Answers on its standard output.
case "$2" in
  it) sound=miao ;;
  *) sound=meow ;;
esac
printf '{"id": "%s", "says": "%s"}\n' "$(printf '%s' "$1" | tr -dc 'A-Za-z0-9-')" "$sound"
