#!/bin/sh
# A worker without anything but curl.
head=$(mktemp) body=$(mktemp)
trap 'rm -f "$head" "$body"' EXIT
trap 'exit 0' TERM
while :; do
  curl -s --unix-socket "$REPLY_SOCKET" -D "$head" -o "$body" http://localhost/next || exit 1
  read -r _ status _ < "$head"
  case $status in
    200) ;;
    204) continue ;;
    *) exit 0 ;;
  esac
  url=$(sed -n 's/^urocket-reply-url: *\([^[:space:]]*\).*/\1/Ip' "$head")
  { printf '%s says ' "$$"; cat "$body"; } |
    curl -s --unix-socket "$REPLY_SOCKET" -H 'Content-Type: text/plain' --data-binary @- "$url" > /dev/null
done
