#!/bin/sh
# In a mount namespace of its own: boot the machine, and boot it again whenever it reboots. What it writes lies in
# memory, lasts over reboots, and is gone with the last process.
# Usage: power.sh LOWER HERE SHARED, as boot.sh; HERE is an empty directory
set -u
mount --make-rprivate / || exit
mount -t tmpfs tmpfs "$2" || exit
mkdir "$2/upper" "$2/work" "$2/root" || exit
while
  setpriv --pdeathsig KILL unshare --fork --kill-child --pid --mount --uts --ipc --net --cgroup \
    "$(dirname "$0")/boot.sh" "$@"
  [ $? -eq 129 ] # reboot(2): where a machine would restart, a PID namespace's first process dies of SIGHUP
do :; done
