#!/usr/bin/env bash
# The first process of a machine in namespaces of its own: makes the mounts that a container manager would make
# (systemd's CONTAINER_INTERFACE) and becomes systemd.
#   unshare --mount --pid --fork --kill-child --uts --ipc --net --cgroup -- test/package/boot.sh TREE
set -euo pipefail
tree=$1

mount --make-rprivate /
mount --bind "$tree" "$tree"
mount -t proc proc "$tree/proc"
mount -t sysfs -o ro sysfs "$tree/sys"
if [[ -f /sys/fs/cgroup/cgroup.controllers ]]; then
  mount -t cgroup2 cgroup2 "$tree/sys/fs/cgroup"
else
  mount -t tmpfs tmpfs "$tree/sys/fs/cgroup"
  mkdir "$tree"/sys/fs/cgroup/{unified,systemd}
  mount -t cgroup2 cgroup2 "$tree/sys/fs/cgroup/unified"
  mount -t cgroup -o none,name=systemd cgroup "$tree/sys/fs/cgroup/systemd"
fi
for directory in run tmp dev; do mount -t tmpfs tmpfs "$tree/$directory"; done
for device in null zero full random urandom tty; do
  touch "$tree/dev/$device"
  mount --bind "/dev/$device" "$tree/dev/$device"
done
mkdir "$tree"/dev/{pts,shm}
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$tree/dev/pts"
mount -t tmpfs tmpfs "$tree/dev/shm"
ln -s pts/ptmx "$tree/dev/ptmx"
ln -s /proc/self/fd "$tree/dev/fd"
ip link set lo up

cd "$tree"
pivot_root . mnt
umount -l /mnt
# As systemd expects it: credentials of a service are mounted by a child with a mount namespace of its own.
mount --make-rshared /
exec env -i container=spacelet-test PATH=/usr/sbin:/usr/bin:/sbin:/bin /sbin/init </dev/null
