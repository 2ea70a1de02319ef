#!/bin/sh
# Starts systemd in namespaces of its own: boot.sh DIRECTORY IPCX DEPLOY
#
# Its root is a copy of this system's that lasts as long as the namespace does. Nothing of this system's services is in
# it: it finds units only in /etc/systemd/system, where what is to be tested is put.
set -eu
directory=$1 ipcx=$2 deploy=$3

mount --make-rprivate /
mount -t tmpfs tmpfs "$directory"
cd "$directory"
mkdir upper work root
mount -t overlay -o "lowerdir=/,upperdir=$directory/upper,workdir=$directory/work" overlay root
cd root

mount -t proc proc proc
mount -t sysfs sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
for place in run tmp var/tmp dev; do mount -t tmpfs tmpfs $place; done
for device in null zero full random urandom tty; do
  : > dev/$device
  mount --bind /dev/$device dev/$device
done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd

# As the package installs it.
: > usr/bin/ipcx
mount --bind "$ipcx" usr/bin/ipcx
mkdir -p srv/deploy
mount --bind "$deploy" srv/deploy
rm -rf etc/systemd/system etc/ipcx
mkdir -p etc/systemd/system etc/ipcx
cp lib/systemd/system/*.target lib/systemd/system/*.slice etc/systemd/system/
cp srv/deploy/systemd/* etc/systemd/system/
cp srv/deploy/etc/* etc/ipcx/
cp srv/deploy/default/* etc/default/
chroot . systemd-sysusers /srv/deploy/sysusers.d/ipcx.conf 2> /dev/null
printf '[Unit]\nRequires=sysinit.target\n' > etc/systemd/system/default.target
mkdir etc/systemd/system/service.d
# There is no journal.
printf '[Service]\nStandardOutput=append:/run/%%N.log\nStandardError=inherit\n' > etc/systemd/system/service.d/log.conf

exec chroot . env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin container=ipcx-test SYSTEMD_UNIT_PATH=/etc/systemd/system \
  /lib/systemd/systemd --system --show-status=no
