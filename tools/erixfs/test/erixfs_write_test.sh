#!/bin/sh
# SPDX-License-Identifier: ISC
# Changes volumes by erixfs (its path is the first argument); e2fsck must have nothing to say after
# each command, and what failed must have left the image as it was.
set -u
PATH=/usr/sbin:/sbin:$PATH
erixfs=$(realpath "$1")
. "$(dirname "$(realpath "$0")")/checks.sh"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
export E2FSPROGS_FAKE_TIME=1700000000

# A command that changes t.img as it should.
does() { "$erixfs" "$@" >out 2>err && silent t.img || { cat err; return 1; }; }
# A command that is refused for a reason, with a status, and changes nothing.
refused() {
    wanted_status=$1
    wanted=$2
    shift 2
    sha256sum <t.img >before
    "$erixfs" "$@" >out 2>err
    status=$?
    sha256sum <t.img >after
    [ $status = "$wanted_status" ] && grep -q -- "$wanted" err && cmp -s before after && return 0
    echo "status $status: $(cat err)"
    return 1
}
says() { "$erixfs" "$@" | cmp -s - wanted; }
says_piece() { "$erixfs" cat t.img /made/piece | cmp -s - piece; }
shows_names() { [ "$("$erixfs" tree t.img /made)" = "$1" ]; }
shows() { pattern=$1; shift; "$erixfs" "$@" >out && grep -q "$pattern" out; }

# Sets a flag that debugfs only knows together with all the others.
keep_immutable() {
    flags=$(debugfs -R "stat $1" t.img 2>/dev/null | sed -n 's/.*Flags: \(0x[0-9a-f]*\).*/\1/p')
    debugfs -w -R "sif $1 flags $((flags | 0x10))" t.img >/dev/null 2>&1
}

mkdir tree
seq 20000 >tree/numbers
ln -s numbers tree/link
seq 5000 >piece

for options in '-t ext2 -b 1024' '-t ext3 -b 2048 -J size=4' '-t ext4 -b 4096' '-t ext4 -b 1024 -I 256 -O inline_data,quota'; do
    shape=_$(echo "$options" | tr -c 'a-z0-9\n' _ | tr -s _)
    rm -f t.img
    # shellcheck disable=SC2086 # several words
    mke2fs -q -F $options -d tree t.img 16M >/dev/null || exit 1
    e2fsck -fy t.img >/dev/null 2>&1 # mke2fs does not count what it copies in the quota files

    cp tree/numbers wanted
    dd if=piece of=wanted bs=1 seek=300 conv=notrunc 2>/dev/null
    check write does write t.img piece /numbers 300
    check written says cat t.img /numbers
    dd if=piece of=wanted bs=1 seek=200000 conv=notrunc 2>/dev/null
    written_from_input() { does write t.img - /link 200000 <piece; }
    check write_standard_input written_from_input
    check written_with_hole says cat t.img /numbers
    truncate -s 777 wanted
    check shorten does truncate t.img /numbers 777
    truncate -s 9999 wanted
    check lengthen does truncate t.img /numbers 9999
    check truncated says cat t.img /numbers

    check chmod does chmod t.img 4751 /numbers
    check chmod_shown shows '^mode *4751 -rwsr-x--x' stat t.img /numbers
    check chown does chown t.img 1000:70000 /numbers
    check chown_shown shows '^owner *1000:70000,' stat t.img /numbers
    check touch does touch t.img 1234567890 /numbers
    check touch_shown shows '^modified *2009-02-13 23:31:30' stat t.img /numbers
    check changed_at_given_time shows '^changed *2023-11-14 22:13:20' stat t.img /numbers

    check mkdir does mkdir t.img /made
    check mkdir_again refused 1 '/made: already exists' mkdir t.img /made
    check put does put t.img piece /made/piece
    check put_contents says_piece
    check put_mode_and_time shows "^modified *$(TZ=UTC date -r piece '+%Y-%m-%d %H:%M:%S')" stat t.img /made/piece
    put_input() { does put t.img - /made/piece <tree/numbers; }
    check put_replaces put_input
    cp tree/numbers wanted
    check put_replaced says cat t.img /made/piece
    check put_into_nothing refused 1 '/nothing/x: not found' put t.img piece /nothing/x
    check put_over_directory refused 1 '/made: is a directory' put t.img piece /made
    check put_without_name refused 1 '/: is a directory' put t.img piece /
    dd if=/dev/zero of=huge bs=1M count=20 2>/dev/null
    put_huge() { ! "$erixfs" put t.img huge /made/piece 2>err && grep -q 'no space left' err && silent t.img; }
    check put_without_space put_huge
    check put_without_space_keeps_old says cat t.img /made/piece
    check put_without_space_leaves_nothing shows_names 'piece'
    check ln does ln t.img /made/piece /made/again
    check ln_counted shows '^links *2$' stat t.img /made/piece
    check ln_symbolic does ln -s t.img piece /made/soft
    check ln_symbolic_followed says cat t.img /made/soft
    check ln_directory refused 1 '/other: permission denied' ln t.img /made /other
    check mv does mv t.img /made/again /moved
    check mv_contents says cat t.img /moved
    check mv_replaces does mv t.img /moved /made/piece
    check mv_into_directory does mv t.img /made/soft /
    check mv_directory does mv t.img /made /renamed
    check mv_into_itself refused 1 '/renamed: invalid argument' mv t.img /renamed /renamed/inside
    check mv_target_is_full refused 1 '/renamed: directory not empty' mv -T t.img /lost+found /renamed
    check mkdir_to_replace does mkdir t.img /empty
    check mv_over_empty does mv -T t.img /renamed /empty
    check mv_over_empty_replaces says cat t.img /empty/piece
    check mv_back does mv t.img /empty /renamed
    check rm does rm t.img /soft
    check rm_full refused 1 '/renamed: directory not empty' rm t.img /renamed
    check rm_recursive does rm -r t.img /renamed
    check rm_gone refused 1 '/renamed: not found' rm t.img /renamed
    fill_part() { does mkdir t.img /part && does mkdir t.img /part/b && does put t.img piece /part/b/kept; }
    check rm_filled fill_part
    keep_immutable /part/b/kept
    check rm_names_what_stays refused 1 ': /part/b/kept: permission denied' rm -r t.img /part
    check rm_soft_filled does ln -s t.img kept /part/a
    rm_part() { ! "$erixfs" rm -r t.img /part 2>err && grep -q ': /part/b/kept: permission denied' err && silent t.img; }
    check rm_ends_at_what_stays rm_part
    cp piece wanted
    check rm_keeps_what_stays says cat t.img /part/b/kept

    check xattr_set does xattr set t.img /numbers user.colour blue
    check xattr_set_another does xattr set t.img /numbers trusted.long "$(seq 60)"
    printf 'user.colour\ntrusted.long\n' >wanted
    check xattr_list says xattr list t.img /numbers
    printf blue >wanted
    check xattr_get says xattr get t.img /numbers user.colour
    check xattr_remove does xattr remove t.img /numbers user.colour
    check xattr_gone refused 1 'user.colour: not found' xattr get t.img /numbers user.colour

    check write_to_directory refused 1 '/: is a directory' write t.img piece / 0
    check write_to_nothing refused 1 '/nothing: not found' write t.img piece /nothing 0
    check write_from_nothing refused 1 'nothing: No such file' write t.img nothing /numbers 0
    check write_too_far refused 1 '/numbers: too large' write t.img piece /numbers 9000000000000000000
    check bad_number refused 1 "'12x' is no size" truncate t.img /numbers 12x
    check bad_mode refused 1 "is no octal mode" chmod t.img 0999 /numbers
    check bad_owner refused 1 "two numbers with a colon" chown t.img 12 /numbers
    check word_missing refused 2 'usage: erixfs truncate IMAGE PATH SIZE' truncate t.img /numbers
    check word_too_many refused 2 'one word too many' truncate t.img /numbers 1 2
    check option_unknown refused 2 '-r: no such option' truncate -r t.img /numbers 1
done
shape=

# A journal with transactions in it: two, by debugfs.
mke2fs -q -F -t ext4 -b 1024 -d tree t.img 16M || exit 1
dd if=/dev/zero of=zeroes bs=1024 count=1 2>/dev/null
printf 'jo -c\njw -b 15000 zeroes\njw -b 15001 zeroes\njc\n' >requests
debugfs -w -f requests t.img >/dev/null 2>&1
check unreplayed_write refused 1 'erixfs replay t.img' truncate t.img /numbers 5
check unreplayed_read refused 1 'journal must be replayed first' ls t.img
check replay does replay t.img
echo '2 transactions replayed' >wanted
check replayed_two cmp out wanted
check replayed_is_writable does truncate t.img /numbers 5
check replay_of_nothing does replay t.img
echo '0 transactions replayed' >wanted
check replayed_none cmp out wanted

# Others who work with the image, and what is no image.
mke2fs -q -F -t ext4 -b 1024 -d tree t.img 16M || exit 1
exec 5<t.img
flock -x 5
check locked_when_reading refused 1 't.img: in use by another erixfs' ls t.img
flock -u 5
flock -s 5
check locked_when_writing refused 1 't.img: in use by another erixfs' truncate t.img /numbers 5
check shared_when_reading shows numbers ls t.img
flock -u 5
check unlocked does truncate t.img /numbers 5
check folder_as_image refused 1 'tree: a folder is no image' ls tree
check device_as_image refused 1 'only regular files are written to' truncate /dev/null /numbers 5
debugfs -w -R 'ssv state 2' t.img 2>/dev/null
check errors_known refused 1 'e2fsck -f t.img. repairs it' truncate t.img /numbers 5
check errors_known_reading shows numbers ls t.img
exit $failed
