#!/bin/sh
# Starts systemd in namespaces of its own: boot.sh DIRECTORY DENO DENO_DIR PROJECT
#
# Its root is a copy of this system's that lasts as long as the namespace does. Nothing of this system's services is in
# it: it finds units only in /etc/systemd/system, where what is to be tested is put.
set -eu
directory=$1 deno=$2 cache=$3 project=$4

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

# Root has its own cache and perhaps its own deno, in folders that services cannot see into.
mkdir -p srv/ipcx var/cache/deno usr/lib/deno
mount --bind "$project" srv/ipcx
mount --bind "$cache" var/cache/deno
: > usr/lib/deno/deno
mount --bind "$(readlink -f "$deno")" usr/lib/deno/deno
cat > usr/bin/ipcx << 'END'
#!/bin/sh
DENO_DIR=/var/cache/deno exec /usr/lib/deno/deno run --quiet --allow-all --cached-only --no-lock /srv/ipcx/cli.ts "$@"
END
chmod 755 usr/bin/ipcx

# As the package installs it.
rm -rf etc/systemd/system etc/ipcx
mkdir -p etc/systemd/system etc/ipcx
cp lib/systemd/system/*.target lib/systemd/system/*.slice etc/systemd/system/
cp srv/ipcx/deploy/systemd/* etc/systemd/system/
cp srv/ipcx/deploy/etc/* etc/ipcx/
cp srv/ipcx/deploy/default/* etc/default/
chroot . systemd-sysusers /srv/ipcx/deploy/sysusers.d/ipcx.conf 2> /dev/null
printf '[Unit]\nRequires=sysinit.target\n' > etc/systemd/system/default.target
mkdir etc/systemd/system/service.d
# There is no journal.
printf '[Service]\nStandardOutput=append:/run/%%N.log\nStandardError=inherit\n' > etc/systemd/system/service.d/log.conf

exec chroot . env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin container=ipcx-test SYSTEMD_UNIT_PATH=/etc/systemd/system \
  /lib/systemd/systemd --system --show-status=no
