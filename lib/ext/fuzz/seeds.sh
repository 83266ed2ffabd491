#!/bin/sh
# SPDX-License-Identifier: ISC
# Makes the seeds of ext_fuzz in the folder named by the first argument: small volumes of each kind,
# the same bytes on every run.
set -eu
PATH=/usr/sbin:/sbin:$PATH
folder=$1
mkdir -p "$folder"
tree=$(mktemp -d)
attributes=$(mktemp)
trap 'rm -rf "$tree" "$attributes"' EXIT
mkdir "$tree/dir" "$tree/many"
head -c 20000 /dev/zero | tr '\0' 'x' >"$tree/big"
echo small >"$tree/dir/small"
ln -s target "$tree/fast"
ln -s "$(printf %0100d 7)" "$tree/slow"
for number in $(seq 60); do : >"$tree/many/a-file-with-quite-a-long-name-for-an-entry-$number"; done
for block in 0 3 6 9 12 15 18 300; do
    printf data | dd of="$tree/holes" bs=1024 seek="$block" conv=notrunc 2>/dev/null
done
find "$tree" -exec touch -h -d @1700000000 {} +

cat >"$attributes" <<'END'
ea_set dir/small user.small value
ea_set big user.a-name-that-is-rather-long a-value-that-does-not-fit-into-the-inode-beside-the-others
ea_set big user.b another-value-that-is-long-enough-to-be-in-a-block-with-the-first-one-of-them-all
ea_set big security.selinux system_u:object_r:something_t:s0
ea_set fast trusted.link x
END

seed() {
    name=$1
    shift
    rm -f "$folder/$name"
    truncate -s 256K "$folder/$name"
    E2FSPROGS_FAKE_TIME=1700000000 mke2fs -q -F -N 96 -U 12345678-1234-1234-1234-123456789abc \
        -E hash_seed=12345678-1234-1234-1234-123456789abc "$@" -d "$tree" "$folder/$name"
    E2FSPROGS_FAKE_TIME=1700000000 debugfs -w -f "$attributes" "$folder/$name" >/dev/null 2>&1
    E2FSPROGS_FAKE_TIME=1700000000 E2FSCK_TIME=1700000000 e2fsck -fyD "$folder/$name" \
        >/dev/null 2>&1 </dev/null || [ $? -le 1 ]
}
seed ext2 -t ext2 -b 1024 -I 128
seed ext2-4k -t ext2 -b 4096
seed ext4 -t ext4 -O ^has_journal -b 1024
seed ext4-plain -t ext4 -O ^has_journal,^metadata_csum,^64bit -b 1024
seed ext4-groups -t ext4 -O ^has_journal,^metadata_csum,uninit_bg,^resize_inode -b 1024 -g 256
seed ext4-inline -t ext4 -O ^has_journal,inline_data,^metadata_csum -b 1024 -I 512
seed ext4-meta -t ext4 -O ^has_journal,^resize_inode,meta_bg,^metadata_csum -b 1024 -g 256
seed ext4-quota -t ext4 -O ^has_journal,quota,project,^metadata_csum -b 1024
