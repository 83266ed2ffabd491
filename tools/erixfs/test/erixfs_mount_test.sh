#!/bin/sh
# SPDX-License-Identifier: ISC
# Volumes through `erixfs mount`: what people do, then random operations against models, in the
# kernel's way and by the library alone; afterwards e2fsck must have nothing to say. The arguments
# are erixfs, random_contents and random_trees; seeds are fixed, ERIX_SEED adds to them.
set -u
PATH=/usr/sbin:/sbin:$PATH
erixfs=$(realpath "$1")
. "$(dirname "$(realpath "$0")")/checks.sh"
random_contents=$(realpath "$2")
random_trees=$(realpath "$3")
seed=${ERIX_SEED:-0}
folder=$(mktemp -d -p /dev/shm)
cleanup() {
    mountpoint -q "$folder/there" && fusermount3 -u -z "$folder/there"
    rm -rf "$folder"
}
trap cleanup EXIT
cd "$folder" || exit 1
mkdir there model

make_volume() {
    rm -f t.img
    # shellcheck disable=SC2086 # several words
    mke2fs -q -F -E root_owner="$(id -u):$(id -g)" $1 t.img 64M >/dev/null 2>&1 || exit 1
    rm -rf model
    mkdir model
}
show() {
    "$erixfs" mount -f "$@" t.img there 2>mount.log &
    process=$!
    until mountpoint -q there; do
        kill -0 $process 2>/dev/null || { cat mount.log; return 1; }
    done
}
# The volume is unmounted in order, the program ends with status 0 and has found nothing.
hide() {
    fusermount3 -u there && wait $process && silent t.img && [ ! -s mount.log ] && return 0
    cat mount.log
    return 1
}

use() {
    mkdir there/a && echo hello >there/a/file && ln there/a/file there/a/again &&
        ln -s file there/a/link && [ "$(cat there/a/link)" = hello ] &&
        [ "$(stat -c %h there/a/again)" = 2 ] && mv there/a there/b && [ -d there/b ] && [ ! -e there/a ]
}
keeps_open_files() {
    exec 3<>there/open || return 1
    echo before >&3
    rm there/open
    echo after >&3
    said=$(cat /proc/self/fd/3)
    exec 3>&-
    [ "$said" = "before
after" ]
}
copies() {
    cp -r /usr/include/linux there/copied && diff -r /usr/include/linux there/copied &&
        tar -C there -c copied | tar -t | wc -l >/dev/null && rm -r there/copied
}
read_by_erixfs() { [ "$("$erixfs" cat t.img /b/again)" = hello ]; }
refuses_change() { ! touch there/new 2>err && grep -q 'Read-only file system' err; }
busy() { ! "$erixfs" rm t.img /b/file 2>err && grep -q 'in use by another erixfs' err; }
full() {
    ! dd if=/dev/zero of=there/large bs=1M count=100 2>err && grep -q 'No space left' err &&
        rm there/large && [ "$(stat -f -c %f there)" = "$1" ]
}
is_killed() {
    show || return 1
    echo kept >there/kept
    sync there/kept
    kill -KILL $process
    wait $process 2>/dev/null
    fusermount3 -u there
}
needs_replay() { ! "$erixfs" mount t.img there 2>err && grep -q 'erixfs replay t.img' err; }
is_replayed() { "$erixfs" replay t.img >/dev/null && silent t.img && [ "$("$erixfs" cat t.img /kept)" = kept ]; }
in_background() {
    "$erixfs" mount t.img there && mountpoint -q there && echo x >there/background &&
        fusermount3 -u there && flock -w 60 t.img true && silent t.img
}

make_volume '-t ext4 -b 1024'
check mount show
check use use
check keeps_open_files keeps_open_files
check copies copies
check busy busy
check full full "$(stat -f -c %f there)"
check unmount hide
check read_by_erixfs read_by_erixfs
check mount_read_only show -o ro
check refuses_change refuses_change
check unmount_read_only hide
check is_killed is_killed
check needs_replay needs_replay
check is_replayed is_replayed
check in_background in_background
no_folder() { ! "$erixfs" mount t.img nothing 2>err && grep -q 'nothing: cannot mount there' err && silent t.img; }
check no_folder no_folder
bad_option() { "$erixfs" mount -o rx t.img there 2>err; [ $? = 2 ] && grep -q 'there are ro and allow_other' err; }
check bad_option bad_option

# The comparison sees differences: of names, of bytes, of permissions.
different() { ! "$random_trees" model there 1 0 2>err >/dev/null && grep -q "$1" err; }
make_volume '-t ext4 -b 1024'
check mount_compared show
"$random_trees" model there $((seed + 1)) 2000
mkdir -p there/z model/z
echo 12 >there/z/same && echo 12 >model/z/same
"$random_trees" model there 1 0
echo 13 >there/z/same
check sees_bytes different 'other bytes'
echo 12 >there/z/same
chmod 700 there/z/same
check sees_permissions different 'the mode'
rm there/z/same
check sees_names different 'the count of names'
check unmount_compared hide

trees() { "$random_trees" model there $1 $2; }
contents() { "$random_contents" "$@"; }
number=0
while read -r options; do
    number=$((number + 1))
    echo "# $options"
    make_volume "$options"
    check mount_$number show
    check trees_$number trees $((seed + number)) 14000
    check contents_by_kernel_$number contents kernel there/subject $((seed + number)) 2000
    check unmount_$number hide
    check contents_by_library_$number contents library t.img $((seed + number)) 10000
    check silent_$number silent t.img
done <<END
-t ext2 -b 1024 -I 128
-t ext2 -b 4096 -O ^dir_index,^filetype
-t ext3 -b 1024 -J size=4
-t ext3 -b 2048 -I 512
-t ext4 -b 1024
-t ext4 -b 4096
-t ext4 -b 1024 -I 256 -O inline_data,quota
-t ext4 -b 4096 -O bigalloc -C 16384
END
exit $failed
