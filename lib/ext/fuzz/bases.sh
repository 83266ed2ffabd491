#!/bin/sh
# SPDX-License-Identifier: ISC
# Makes the volumes that fuzz targets change: bases.sh FOLDER NAME... The same bytes on every run.
set -eu
PATH=/usr/sbin:/sbin:/usr/bin:/bin
export E2FSPROGS_FAKE_TIME=1700000000 E2FSCK_TIME=1700000000 MKE2FS_SKIP_PROGRESS=1
folder=$1
shift
here=$(dirname "$0")
tree=$folder/tree
uuid=12345678-1234-1234-1234-123456789abc
mkdir -p "$tree/dir" "$tree/many"
head -c 20000 /dev/zero | tr '\0' 'x' >"$tree/big"
echo small >"$tree/dir/small"
ln -s target "$tree/fast"
ln -s "$(printf %0100d 7)" "$tree/slow"
for number in $(seq 60); do : >"$tree/many/a-file-with-quite-a-long-name-for-an-entry-$number"; done
for block in 0 3 6 9 12 15 18 300; do
    printf data | dd of="$tree/holes" bs=1024 seek="$block" conv=notrunc 2>/dev/null
done
find "$tree" -exec touch -h -d @1700000000 {} +

cat >"$folder/attributes" <<END
set_current_time @1700000000
ea_set dir/small user.small value
ea_set big user.a-name-that-is-rather-long a-value-that-does-not-fit-into-the-inode-beside-the-others
ea_set big user.b another-value-that-is-long-enough-to-be-in-a-block-with-the-first-one-of-them-all
ea_set big security.selinux system_u:object_r:something_t:s0
ea_set fast trusted.link x
ea_set -f $folder/payload holes user.great
END
head -c 4096 /dev/zero | tr '\0' 'v' >"$folder/payload"

# volume NAME SIZE OPTIONS...; $hash: how names are hashed, half_md4 if it is empty
hash=
volume() {
    volume=$folder/$1
    size=$2
    shift 2
    truncate -s "$size" "$volume"
    mke2fs -q -F -N 96 -U $uuid -E hash_seed=$uuid "$@" -d "$tree" "$volume"
    [ -z "$hash" ] || tune2fs -E hash_alg=$hash "$volume" >/dev/null
    debugfs -w -f "$folder/attributes" "$volume" >/dev/null 2>&1
    e2fsck -fyD "$volume" >/dev/null 2>&1 </dev/null || [ $? -le 1 ]
}

# logged NAME OPTIONS-OF-JOURNAL-OPEN OPTIONS...: with transactions that wait to be replayed.
logged() {
    name=$1
    opening=$2
    shift 2
    volume "$name" 3M -b 1024 -J size=1 "$@"
    {
        echo "jo $opening"
        echo "jw -b 2900-2902 $folder/payload"
        [ "$opening" = "-c" ] || echo "jw -r 2901,2905"
        echo "jw -b 2905,2910 $folder/payload"
        [ "$opening" = "-c" ] || echo "jw -r 2901"
        echo jc
    } >"$folder/commands"
    debugfs -w -f "$folder/commands" "$folder/$name" >/dev/null 2>&1
}

# external NAME: with a journal on another device, in which transactions wait.
external() {
    truncate -s 1088K "$folder/$1.journal"
    mke2fs -q -F -O journal_dev -b 1024 -U $uuid "$folder/$1.journal"
    volume "$1" 3M -t ext4 -b 1024 -O ^has_journal,^resize_inode
    cat >"$folder/commands" <<END
set_current_time @1700000000
feature has_journal
ssv journal_dev 0x9999
ssv journal_uuid $uuid
jo -c -v 3 -f $folder/$1.journal
jw -b 2900-2902 $folder/payload
jw -r 2901
jw -b 2910 $folder/payload
jc
END
    debugfs -w -f "$folder/commands" "$folder/$1" >/dev/null 2>&1
}

# fast NAME: with one such transaction, and an area for fast commits that is still empty.
fast() {
    volume "$1" 3M -b 1024 -t ext4 -J size=1,fast_commit_size=12 -O ^resize_inode,fast_commit
    printf '%s\n' 'jo -c -v 3' "jw -b 2900-2902 $folder/payload" jc >"$folder/commands"
    debugfs -w -f "$folder/commands" "$folder/$1" >/dev/null 2>&1
}

# levels NAME: a directory with so many names that its index has a level below the root.
levels() {
    volume "$1" 512K -t ext4 -O ^has_journal -b 1024
    {
        echo "set_current_time @1700000000"
        echo "mkdir levels"
        for number in $(seq 170); do echo "expand_dir levels"; done
        for number in $(seq 500); do echo "ln dir/small levels/$(printf %0240d "$number")"; done
    } >"$folder/commands"
    debugfs -w -f "$folder/commands" "$folder/$1" >/dev/null 2>&1
    e2fsck -fyD "$folder/$1" >/dev/null 2>&1 </dev/null || [ $? -le 1 ]
}

# collisions NAME: the same with names of one hash, which go on behind the end of the first node.
collisions() {
    hash=legacy
    volume "$1" 768K -t ext4 -O ^has_journal -b 1024
    {
        echo "set_current_time @1700000000"
        echo "mkdir levels"
        for number in $(seq 200); do echo "expand_dir levels"; done
        for number in $(seq 540); do echo "ln dir/small levels/$(printf %0240d "$number")"; done
        sed -n 's#^    "\(.*\)",$#ln dir/small levels/\1#p' "$here/../test/colliding_names.h"
    } >"$folder/commands"
    debugfs -w -f "$folder/commands" "$folder/$1" >/dev/null 2>&1
    e2fsck -fyD "$folder/$1" >/dev/null 2>&1 </dev/null || [ $? -le 1 ]
    debugfs -R "htree_dump levels" "$folder/$1" 2>/dev/null | grep -q '^Entry #1: Hash .*[13579bdf],' || {
        echo "$0: $1: no hash goes on in the second node" >&2
        exit 1
    }
}

# orphans NAME: a file without a name and one that is to be cut, on the list of the super block.
orphans() {
    volume "$1" 256K -t ext4 -O ^has_journal -b 1024
    gone=$(debugfs -R "stat big" "$folder/$1" 2>/dev/null | sed -n 's/^Inode: \([0-9]*\).*/\1/p')
    cut=$(debugfs -R "stat holes" "$folder/$1" 2>/dev/null | sed -n 's/^Inode: \([0-9]*\).*/\1/p')
    cat >"$folder/commands" <<END
set_current_time @1700000000
unlink big
sif <$gone> links_count 0
sif <$gone> dtime @$cut
sif <$cut> size 9000
sif <$cut> dtime @0
ssv last_orphan $gone
END
    debugfs -w -f "$folder/commands" "$folder/$1" >/dev/null 2>&1
}

# waiting NAME: with a file that has no name any more; base.c enters it in the file of orphans.
waiting() {
    volume "$1" 3M -t ext4 -O ^resize_inode,orphan_file -b 1024 -J size=1
    gone=$(debugfs -R "stat big" "$folder/$1" 2>/dev/null | sed -n 's/^Inode: \([0-9]*\).*/\1/p')
    cat >"$folder/commands" <<END
set_current_time @1700000000
unlink big
sif <$gone> links_count 0
feature orphan_present
END
    debugfs -w -f "$folder/commands" "$folder/$1" >/dev/null 2>&1
}

# acl NAME: files with access control lists: of the owner, a user, the group, a mask and all others.
acl() {
    volume "$1" 256K -t ext4 -O ^has_journal,ea_inode -b 1024
    for entry in '\001\000\006\000\377\377\377\377' '\002\000\004\000\350\003\000\000' \
        '\004\000\005\000\377\377\377\377' '\020\000\007\000\377\377\377\377' \
        '\040\000\004\000\377\377\377\377'; do
        printf '%b' "$entry"
    done >"$folder/entries"
    { printf '\002\000\000\000' && cat "$folder/entries"; } >"$folder/list"
    cat >"$folder/commands" <<END
set_current_time @1700000000
ea_set -f $folder/list dir/small system.posix_acl_access
ea_set -f $folder/list dir system.posix_acl_access
ea_set -f $folder/list dir system.posix_acl_default
ea_set -f $folder/list big system.posix_acl_access
END
    debugfs -w -f "$folder/commands" "$folder/$1" >/dev/null 2>&1
}

# deep NAME: a file with so many extents that their tree has two levels below the inode.
deep() {
    for block in $(seq 0 2 760); do
        printf x | dd of="$tree/deep" bs=1024 seek="$block" conv=notrunc 2>/dev/null
    done
    touch -d @1700000000 "$tree/deep" "$tree"
    volume "$1" 1M -t ext4 -O ^has_journal -b 1024
    rm "$tree/deep"
}

for name in "$@"; do
    hash=
    case $name in
    ext2) volume ext2 256K -t ext2 -b 1024 -I 128 ;;
    ext2-4k) volume ext2-4k 256K -t ext2 -b 4096 ;;
    ext4) volume ext4 256K -t ext4 -O ^has_journal -b 1024 ;;
    ext4-plain) hash=legacy && volume ext4-plain 256K -t ext4 -O ^has_journal,^metadata_csum,^64bit -b 1024 ;;
    ext4-groups)
        hash=tea && volume ext4-groups 768K -t ext4 -b 1024 -g 256 \
            -O ^has_journal,^metadata_csum,uninit_bg,^resize_inode
        ;;
    ext4-inline)
        volume ext4-inline 256K -t ext4 -O ^has_journal,inline_data -b 1024 -I 512
        ;;
    ext4-values) volume ext4-values 256K -t ext4 -O ^has_journal,ea_inode -b 1024 ;;
    ext4-levels) levels ext4-levels ;;
    ext4-collisions) collisions ext4-collisions ;;
    ext4-orphans) orphans ext4-orphans ;;
    ext4-meta) volume ext4-meta 512K -t ext4 -O ^has_journal,^resize_inode,meta_bg -b 1024 -g 256 ;;
    ext4-quota)
        volume ext4-quota 512K -t ext4 -O ^has_journal,quota,project,mmp -b 1024
        ;;
    ext4-deep) deep ext4-deep ;;
    ext4-acl) acl ext4-acl ;;
    ext4-waiting) waiting ext4-waiting ;;
    ext4-orphan) volume ext4-orphan 3M -t ext4 -O ^resize_inode,orphan_file -b 1024 -J size=1 ;;
    ext3-log) logged ext3-log '' -t ext3 ;;
    ext4-log-sum) logged ext4-log-sum -c -t ext4 -O ^resize_inode,^metadata_csum ;;
    ext4-log-2) logged ext4-log-2 '-c -v 2' -t ext4 -O ^resize_inode,^64bit ;;
    ext4-log-3) logged ext4-log-3 '-c -v 3' -t ext4 -O ^resize_inode ;;
    ext4-fast) fast ext4-fast ;;
    ext4-external) external ext4-external ;;
    encrypted | encrypted-1k | casefold | encrypted-casefold | verity)
        gzip -dc "$here/../test/linux/$name.img.gz" >"$folder/$name"
        ;;
    *)
        echo "$0: there is no base $name" >&2
        exit 2
        ;;
    esac
done
