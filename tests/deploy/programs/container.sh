#!/bin/sh
# Runs a command as a container runtime does: container.sh DIRECTORY IPCX FILTER USER CMD ARG...
#
# The root holds ipcx and what a runtime puts there, and cannot be written to; the filter refuses clone3(2).
set -eu
directory=$1 ipcx=$2 filter=$3 user=$4
shift 4

mount --make-rprivate /
mount -t tmpfs tmpfs "$directory"
mkdir -p "$directory/usr/bin" "$directory/proc" "$directory/dev" "$directory/run"
: > "$directory/usr/bin/ipcx"
mount --bind "$ipcx" "$directory/usr/bin/ipcx"
mount -t proc proc "$directory/proc"
for device in null zero full random urandom; do
  : > "$directory/dev/$device"
  mount --bind /dev/$device "$directory/dev/$device"
done
mount -t tmpfs -o "uid=${user%:*},mode=0750" tmpfs "$directory/run"
mount -o remount,ro "$directory"
cd /
exec "$filter" chroot --userspec="$user" --groups= "$directory" "$@"
