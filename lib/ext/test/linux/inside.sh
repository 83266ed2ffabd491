# SPDX-License-Identifier: ISC
# Runs as root inside the machine that media.sh boots; /host is the shared folder.
set -e
export LD_LIBRARY_PATH=/host/lib
key=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f
cp /host/protect /tmp/protect

attach() {
    loop=$(losetup -f)
    losetup "$loop" "/host/$1.img"
    mkdir -p "/m/$1"
    mount -t ext4 "$loop" "/m/$1"
    cd "/m/$1"
}

detach() {
    cd /
    umount "/m/$1"
    losetup -d "$loop"
    echo "made $1"
}

# As many lines of 22 bytes, each with its number.
lines() { seq 1 "$1" | awk '{ printf "line %06d of a file\n", $1 }'; }

# Each file with contents takes a block that no compressor makes smaller: most are empty.
fill_names() {
    : > empty
    mkdir -p folder/deeper
    ln -s target short-link
    for bytes in 1 15 16 17 31 32 33 47 48 49 63 64 65 100 200 254 255; do
        : > "$(printf 'n%.0s' $(seq 1 "$bytes"))"
    done
}

fill_contents() {
    printf 'ERIX_MARKER\n' > marker.txt
    lines 1 > one-line
    lines 1000 > big.bin
    lines 200 | dd of=sparse.bin bs=4096 seek=16 2>/dev/null
    fallocate -l 20000 unwritten 2>/dev/null || dd if=/dev/zero of=unwritten bs=20000 count=1 2>/dev/null
    ln -s "$(printf 'x%.0s' $(seq 1 150))/end" long-link
    echo deep > folder/deeper/file
    echo accents > 'Ä name ß.txt'
}

for name in encrypted encrypted-1k; do
    attach "$name"
    echo plain > plain.txt
    identifier=$(/tmp/protect key . $key)
    echo "identifier $identifier"
    for padding in 0 1 2 3; do
        mkdir "pad$padding"
        /tmp/protect policy "pad$padding" "$identifier" "$padding"
        cd "pad$padding"
        fill_names
        [ $padding = 3 ] && fill_contents
        cd ..
    done
    mkdir many
    /tmp/protect policy many "$identifier" 3
    for index in $(seq 1 400); do : > "many/file-number-$index"; done
    detach "$name"
done

fill_folding() {
    echo x > 'Straße.TXT'
    echo y > HELLO
    echo z > 'Ångström'
    for index in $(seq 1 300); do : > "File_Number_$index"; done
    cat hello 'STRASSE.txt' "fILE_nUMBER_77"
}

attach casefold
mkdir folded plain
/tmp/protect casefold folded
echo other > plain/HELLO
cd folded
fill_folding
printf 'broken' > "$(printf 'no utf-8 \377')"
mkdir Inner
echo inherited > inner/FILE
cd ..
detach casefold

attach encrypted-casefold
identifier=$(/tmp/protect key . $key)
mkdir both
/tmp/protect policy both "$identifier" 3
/tmp/protect casefold both
cd both
fill_folding
printf 'ERIX_MARKER\n' > Marker.TXT
cd ..
detach encrypted-casefold

verity() {
    /host/lib/ld-linux-x86-64.so.2 /host/fsverity enable "$@"
    /host/lib/ld-linux-x86-64.so.2 /host/fsverity measure "$1"
}

attach verity
printf 'ERIX_MARKER\n' > marker.txt
lines 20 > one-block
lines 30000 > two-levels
: > empty
lines 200 > plain
for file in marker.txt one-block two-levels empty; do verity $file --hash-alg=sha256; done
detach verity

attach verity-salted
printf 'ERIX_MARKER\n' > marker.txt
lines 30000 > two-levels
lines 20000 > two-levels-512
verity marker.txt --hash-alg=sha256 --salt=deadbeef
verity two-levels --hash-alg=sha256 --salt=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
verity two-levels-512 --hash-alg=sha512 --salt=00ff
detach verity-salted

attach verity-large
printf 'ERIX_MARKER\n' > three-levels
lines 500 | dd of=three-levels bs=4096 seek=9000 2>/dev/null
truncate -s 71303171 three-levels
verity three-levels --hash-alg=sha256
detach verity-large
echo ALL-MADE
