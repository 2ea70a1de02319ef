#!/bin/sh
# Answers at the socket: whoever speaks HTTP over a Unix socket can, here curl.
echo "$GREETING, request $REQUEST_ID" # goes to the log: logstdout
printf '%s' "$1" | curl --silent --output /dev/null --unix-socket "$REPLY_SOCKET" --data-binary @- \
  -H 'Content-Type: application/json' -H 'Urocket-Status: 201' "$REPLY_URL"
