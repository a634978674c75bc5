#!/bin/sh
# usage: unshare -m --propagation private native.sh ROOT PROGRAM [ARG...]
# Runs a program natively in a root that stays as it is: changes go to memory and are gone at the end.
set -e
root=$1
shift
base=/tmp/.umwelt-native-$$
mkdir "$base"
trap 'umount -R -l "$base"; rmdir "$base"' EXIT
mount -t tmpfs none "$base"
mkdir "$base/upper" "$base/work" "$base/root"
mount -t overlay overlay -o "lowerdir=$root,upperdir=$base/upper,workdir=$base/work" "$base/root"
mount -t proc proc "$base/root/proc"
mount --rbind /dev "$base/root/dev"
chroot "$base/root" "$@"
