#!/bin/sh
# SPDX-License-Identifier: ISC
# Runs erixfs (its path is the first argument) on images made by mke2fs and compares what it prints.
set -u
PATH=/usr/sbin:/sbin:$PATH
erixfs=$(realpath "$1")
. "$(dirname "$(realpath "$0")")/checks.sh"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
fails_with() {
    wanted=$1
    shift
    "$@" >out 2>err && return 1
    grep -q -- "$wanted" err
}

linux=$(realpath "$(dirname "$0")/../../../lib/ext/test/linux")
cd "$folder" || exit 1
mkdir -p tree/bin
seq 100000 >tree/bin/numbers
ln -s bin/numbers tree/link
ln -s /bin tree/absolute
ln -s loop tree/loop
truncate -s 8M good.img
mke2fs -q -F -t ext4 -L erix-test -d tree good.img || exit 1
cp good.img refused.img
debugfs -w -R 'feature needs_recovery' refused.img >/dev/null 2>&1
cp good.img damaged.img
printf 'XX' | dd of=damaged.img bs=1 seek=1200 conv=notrunc 2>/dev/null

contents() { "$erixfs" cat good.img "$1" | cmp -s - tree/bin/numbers; }
check cat_file contents /bin/numbers
check cat_through_links contents absolute/../link
lists() { "$erixfs" ls good.img / >out && grep -q ' link -> bin/numbers$' out && grep -q ' bin$' out; }
check ls_root lists
shows() { "$erixfs" tree good.img >out && grep -q '^  numbers$' out && grep -q '^bin/$' out; }
check tree_root shows
states() { "$erixfs" stat good.img /bin/numbers >out && grep -q "^size  *$(stat -c %s tree/bin/numbers)," out; }
check stat_file states
names() { "$erixfs" info good.img >out && grep -q 'erix-test' out && grep -q ' extent' out; }
check info_volume names
check missing_path fails_with 'not found' "$erixfs" cat good.img /nothing
check missing_image fails_with 'not found' "$erixfs" info nothing.img
check endless_links fails_with 'too many symbolic links' "$erixfs" cat good.img /loop
check directory_as_file fails_with 'is a directory' "$erixfs" cat good.img /bin
check refused_image fails_with 'journal must be replayed first' "$erixfs" ls refused.img
check damaged_image fails_with 'super block checksum' "$erixfs" ls damaged.img
bits() { "$erixfs" features >out && [ "$(wc -l <out)" = 96 ] && grep -q "^incompat.3.refused.journal_dev." out; }
check features_of_each_bit bits
check wrong_usage fails_with 'usage' "$erixfs" ls
check unknown_command fails_with "no command 'mount-all'" "$erixfs" mount-all good.img
key=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f
digest=a07ba77e3dd3606aaee4c2ec1456b134ca6575880fa19c6c30eb7f3aa677c204
gzip -dc "$linux/encrypted.img.gz" >encrypted.img
gzip -dc "$linux/verity.img.gz" >sealed.img
marker() { [ "$("$erixfs" cat "$@")" = ERIX_MARKER ]; }
check encrypted_file marker --key $key encrypted.img /pad3/marker.txt
check encrypted_without_key fails_with 'key is not available' "$erixfs" cat encrypted.img /pad3/marker.txt
cp encrypted.img used.img
used() { "$erixfs" "$1" --key $key used.img "$2" "$3" && e2fsck -fn used.img >/dev/null 2>&1; }
check encrypted_put sh -c 'printf "ERIX_MARKER" | "$1" put --key '$key' used.img - /pad3/new' - "$erixfs"
check encrypted_put_is_there marker --key $key used.img /pad3/new
check encrypted_move used mv /pad3/new "/pad3/one with a longer name"
check encrypted_move_is_refused fails_with 'on another file system' "$erixfs" mv --key $key used.img /pad3/marker.txt /pad0/marker
check encrypted_put_without_key fails_with 'key is not available' "$erixfs" put used.img /dev/null /pad3/other
check encrypt_without_key fails_with 'with which key' "$erixfs" encrypt used.img /pad3
mke2fs -q -F -t ext4 -O encrypt,casefold made.img 8M
protect() { "$erixfs" mkdir made.img /d && "$erixfs" fold made.img /d && "$erixfs" encrypt --key $key made.img /d &&
    printf ERIX_MARKER | "$erixfs" put --key $key made.img - /d/Straße && "$erixfs" mv --key $key made.img /d/STRASSE /d/strasse &&
    [ "$("$erixfs" ls --key $key made.img /d | sed -n 's/.* //p' | tail -1)" = strasse ] && e2fsck -fn made.img >/dev/null 2>&1; }
check folded_and_encrypted protect
check folded_and_encrypted_is_there marker --key $key made.img /d/StrasSE
check sealed_file marker --key $key --trust sha256:$digest sealed.img /marker.txt
check sealed_without_trust fails_with 'does not match' "$erixfs" cat sealed.img /marker.txt
check short_key fails_with '128 hexadecimal digits' "$erixfs" ls --key 00 good.img
check unknown_digest fails_with 'sha256: or sha512:' "$erixfs" ls --trust md5:00 good.img
check unknown_option fails_with 'ls: --write: no such option' "$erixfs" ls --write now good.img
check option_without_value fails_with 'its value is missing' "$erixfs" ls --key
mke2fs -q -F -t ext4 -d tree well.img 8M
finds() { "$erixfs" check wrong.img >out; [ $? = 1 ] && [ "$(cat out)" = "$1" ]; }
check well_volume "$erixfs" check well.img
cp well.img wrong.img
debugfs -w -R 'set_inode_field /bin links_count 9' wrong.img >/dev/null 2>&1
check wrong_links finds "inode $(stat_inode() { "$erixfs" stat wrong.img /bin | sed -n 's/^inode *//p'; }; stat_inode): link count (is 9, should be 2)"
cp well.img wrong.img
debugfs -w -R 'freeb 1' wrong.img >/dev/null 2>&1
check wrong_bitmap finds 'group 0: block 1: block bitmap (is 0, should be 1)'
check recovery_needed sh -c '! "$1" check refused.img | grep -vq "volume needs recovery"' - "$erixfs"
check check_usage fails_with usage "$erixfs" check good.img /

# A journal in a file of its own, with a transaction in it, and one that belongs to another volume.
uuid=12345678-1234-1234-1234-123456789abc
truncate -s 1088K outside.img stranger.img
mke2fs -q -F -O journal_dev -b 1024 -U $uuid outside.img || exit 1
mke2fs -q -F -O journal_dev -b 1024 -U 99999999-1234-1234-1234-123456789abc stranger.img || exit 1
mke2fs -q -F -t ext4 -b 1024 -O '^has_journal,^resize_inode' -d tree far.img 8M || exit 1
head -c 1024 /dev/zero | tr '\0' 'v' >block
printf '%s\n' 'feature has_journal' 'ssv journal_dev 0x9999' "ssv journal_uuid $uuid" \
    'jo -c -f outside.img' 'jw -b 8000 block' jc >requests
debugfs -w -f requests far.img >/dev/null 2>&1
replays() { "$erixfs" replay --journal outside.img far.img >out && [ "$(cat out)" = '1 transaction replayed' ] &&
    dd if=far.img bs=1024 skip=8000 count=1 2>/dev/null | cmp -s - block; }
far_marker() { printf ERIX_MARKER | "$erixfs" put --journal outside.img far.img - /marker &&
    "$erixfs" check --journal outside.img far.img && marker --journal outside.img far.img /marker; }
check journal_not_named fails_with 'needs one and has none' "$erixfs" replay far.img
check journal_not_named_what_next fails_with '--journal FILE' "$erixfs" replay far.img
check journal_of_another fails_with 'its UUID is not the one' "$erixfs" replay --journal stranger.img far.img
check journal_that_is_none fails_with 'it holds no journal' "$erixfs" replay --journal good.img far.img
check journal_outside replays
check journal_outside_written far_marker

# Nobody needs to be root.
chmod 755 . && chmod 666 well.img
other_marker() { printf ERIX_MARKER | as_another "$erixfs" put well.img - /marker &&
    [ "$(as_another "$erixfs" cat well.img /marker)" = ERIX_MARKER ] && as_another "$erixfs" check well.img; }
check not_root other_marker
chmod 444 well.img
is_denied() { ! as_another "$erixfs" rm well.img /marker 2>err && grep -qi 'permission denied' err; }
check not_root_not_allowed is_denied
exit $failed
