#!/bin/sh
# A worker of nothing but sh and curl: says who it is, and what it was sent.
head=$(mktemp) body=$(mktemp)
trap 'rm -f "$head" "$body"' EXIT
trap 'exit 0' TERM

while :; do
  curl --silent --unix-socket "$REPLY_SOCKET" --dump-header "$head" --output "$body" "$NEXT_URL" || exit 1
  read -r _ status _ < "$head"
  case $status in
    200) ;;
    204) continue ;;
    *) exit 0 ;;
  esac
  url=$(sed -n 's/^urocket-reply-url: *\([^[:space:]]*\).*/\1/Ip' "$head")
  { printf '%s says ' "$$"; cat "$body"; } |
    curl --silent --unix-socket "$REPLY_SOCKET" --output /dev/null --data-binary @- \
      -H 'Content-Type: text/plain' "$url"
done
