#!/bin/sh
# Inside fresh namespaces: put the machine's file systems together, and become its systemd.
# Usage: boot.sh LOWER HERE SHARED
#   LOWER   the cached root, which stays as it is
#   HERE    with the directories upper, work and root: what the machine writes, and where it is put together
#   SHARED  seen read-only in the machine as /checkout
set -eu
lower=$1 here=$2 shared=$3

mount -t overlay overlay -o "lowerdir=$lower,upperdir=$here/upper,workdir=$here/work" "$here/root"
cd "$here/root"

mkdir -p checkout
mount --bind "$shared" checkout
mount -o remount,ro,bind checkout
mount -t proc proc proc
mount --bind proc/sys proc/sys
mount -o remount,ro,bind proc/sys
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=755 tmpfs dev
for node in null zero full random urandom tty; do
  : >"dev/$node"
  mount --bind "/dev/$node" "dev/$node"
done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts
mount -t tmpfs -o mode=1777 tmpfs dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd

hostname beamline
pivot_root . mnt
umount -l mnt
exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 /usr/lib/systemd/systemd --show-status=no
