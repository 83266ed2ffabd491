# SPDX-License-Identifier: ISC
# Runs as root in the machine of linux.py. Each volume NAME.img of /host is mounted and changed by
# the real ext4; what is left of it is NAME.img, or NAME.crash: what a crash at this moment would
# leave.
cp /host/helper /tmp/helper
H=/tmp/helper
mkdir /m

take() {
    loop=$(losetup -f)
    losetup "$loop" "/host/$1.img"
    mkdir -p "/m/$1"
    mount -t ext4 $2 "$loop" "/m/$1" && echo "mounted $1" || echo "FAIL $1 $(dmesg | tail -1)"
}
crash() {
    head -n 4 "/proc/fs/ext4/${loop##*/}/fc_info" 2>/dev/null
    cp "/host/$1.img" "/host/$1.crash"
}

# Encryption: names and contents; the same with folded names; with verity on an encrypted file.
take encrypted
key=$($H key /m/encrypted)
echo "key identifier $key"
mkdir /m/encrypted/secret
$H policy /m/encrypted/secret "$key"
echo "secret data" >/m/encrypted/secret/Secret_File.txt
ln -s target /m/encrypted/secret/link
mkdir /m/encrypted/secret/deep
$H stamp /m/encrypted/secret/deep/big.bin secret 0 20001
echo long >"/m/encrypted/secret/$(printf 'n%.0s' $(seq 1 200))"
for i in $(seq 1 10); do echo "$i" >"/m/encrypted/secret/file$i"; done
echo "plain data" >/m/encrypted/plain.txt
umount /m/encrypted

take encrypted-casefold
key=$($H key /m/encrypted-casefold)
mkdir /m/encrypted-casefold/folded
$H casefold /m/encrypted-casefold/folded
$H policy /m/encrypted-casefold/folded "$key"
echo "folded secret" >/m/encrypted-casefold/folded/SeCret.TXT
cat /m/encrypted-casefold/folded/SECRET.txt
for i in $(seq 1 300); do : >"/m/encrypted-casefold/folded/File_Number_$i"; done
umount /m/encrypted-casefold

take encrypted-verity
key=$($H key /m/encrypted-verity)
mkdir /m/encrypted-verity/secret
$H policy /m/encrypted-verity/secret "$key"
$H stamp /m/encrypted-verity/secret/sealed.bin sealed 0 20001
$H verity /m/encrypted-verity/secret/sealed.bin && echo sealed
echo open >/m/encrypted-verity/secret/open.txt
umount /m/encrypted-verity

# A journal that was in use: many small transactions.
for name in replay journal-v3; do
    take $name "-o commit=600"
    for i in $(seq 1 40); do $H stamp "/m/$name/file$i" "f$i" 0 $((i * 100)); done
    rm "/m/$name/file1" "/m/$name/file2"
    mkdir "/m/$name/folder"
    mv "/m/$name/file3" "/m/$name/folder/moved"
    ln "/m/$name/file4" "/m/$name/folder/second"
    ln -s ../file5 "/m/$name/folder/link"
    $H fsync "/m/$name/folder"
    crash $name
done

# More transactions than the ring has room for.
take many "-o commit=600"
mkdir /m/many/kept
for round in $(seq 1 8); do
    for i in $(seq 1 60); do $H stamp "/m/many/kept/file$i" "r$round" 0 3000; done
    for i in $(seq 1 30); do $H stamp "/m/many/gone$i" gone 0 1500; done
    rm /m/many/gone*
    $H fsync /m/many
done
crash many

# Fast commits, after a full one.
take fast "-o commit=600"
for i in 1 2 3 4 5 6; do $H stamp "/m/fast/old$i" "old$i" 0 40000; done
sync
$H stamp /m/fast/new1 new1 0 5000
mv /m/fast/old1 /m/fast/renamed
$H fsync /m/fast/renamed
ln /m/fast/old2 /m/fast/second
$H fsync /m/fast/second
rm /m/fast/old3
$H stamp /m/fast/old4 old4 40000 9000
$H cut /m/fast/old5 100
$H punch /m/fast/old6 8192 16384
mkdir /m/fast/folder
$H stamp /m/fast/folder/inner inner 0 700
$H stamp /m/fast/new2 new2 0 12000
crash fast

for name in fast-htree fast-linear; do
    take $name "-o commit=600"
    sync
    for i in 1 2 3 4 5; do $H stamp "/m/$name/folder/fresh_name_number_$i" "fresh$i" 0 100; done
    rm "/m/$name/folder/File_Number_10"
    mv "/m/$name/folder/File_Number_20" "/m/$name/folder/renamed_number_20"
    ln "/m/$name/folder/File_Number_30" "/m/$name/folder/second_number_30"
    $H fsync "/m/$name/folder/second_number_30"
    $H stamp "/m/$name/folder/last" last 0 100
    crash $name
done

# Files that are open but have no names.
for name in orphan-file orphan-list; do
    take $name "-o commit=600"
    echo kept >"/m/$name/kept.txt"
    sync
    $H orphans "/m/$name" 20 >/tmp/orphans &
    for i in $(seq 1 100); do
        grep -q held /tmp/orphans && break
        sleep 0.2
    done
    crash $name
done
echo JOB-DONE
