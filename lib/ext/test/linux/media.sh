#!/bin/bash
# SPDX-License-Identifier: ISC
# Makes the volumes beside it that only the Linux kernel can make, in a machine of its own:
#
#     media.sh FOLDER        FOLDER gets NAME.img.gz for each, and log
#
# Needs the Debian packages linux-image-amd64, busybox-static, e2fsprogs, fsverity, gcc, cpio and
# qemu-system-x86. Nobody needs to run it: what it made is kept, since encryption draws random nonces.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=${1:?folder}
mkdir -p "$work/share/lib" "$work/initrd/bin" "$work/initrd/host" "$work/initrd/tmp" \
    "$work/initrd/m" "$work/initrd/proc" "$work/initrd/sys" "$work/initrd/dev"
kernel=$(ls /boot/vmlinuz-* | tail -1)
version=${kernel#/boot/vmlinuz-}

: > "$work/initrd/modules"
for module in virtio_pci 9p 9pnet_virtio loop ext4 ecb xts cts cbc sha512_generic sha256_generic; do
    modprobe -S "$version" --show-depends "$module" | awk '/^insmod/ {print $2}'
done | awk '!seen[$0]++' | while read -r path; do
    cp "$path" "$work/initrd/"
    basename "$path" >> "$work/initrd/modules"
done
cp /bin/busybox "$work/initrd/bin/"
cat > "$work/initrd/init" <<'END'
#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
while read -r module; do insmod "/$module" 2>/dev/null; done < /modules
mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144 host /host
sh /host/inside.sh || echo FAILED
sync
poweroff -f
END
chmod +x "$work/initrd/init"
(cd "$work/initrd" && find . | cpio -o -H newc --quiet | gzip -1) > "$work/initrd.gz"

gcc -O1 -static -o "$work/share/protect" "$here/protect.c"
cp "$here/inside.sh" "$work/share/"
cp /usr/bin/fsverity "$work/share/"
for library in libfsverity.so.0 libcrypto.so.3 libc.so.6; do
    cp "/lib/x86_64-linux-gnu/$library" "$work/share/lib/"
done
cp /lib64/ld-linux-x86-64.so.2 "$work/share/lib/"

export E2FSPROGS_FAKE_TIME=1700000000
make() {
    name=$1
    shift
    truncate -s 0 "$work/share/$name.img"
    truncate -s 8M "$work/share/$name.img"
    mke2fs -q -F -t ext4 -m 0 -I 256 -E "hash_seed=11111111-2222-3333-4444-555555555556$extra" \
        -U 11111111-2222-3333-4444-555555555555 "$@" "$work/share/$name.img"
}
extra=""
make encrypted -b 4096 -O encrypt,^has_journal -N 2048
make encrypted-1k -b 1024 -O encrypt,^has_journal -N 2048
extra=,encoding=utf8-12.1
make casefold -b 4096 -O casefold,^has_journal -N 512
make encrypted-casefold -b 4096 -O encrypt,casefold,^has_journal -N 512
extra=""
make verity -b 4096 -O verity,^has_journal -N 64
make verity-salted -b 4096 -O verity,^has_journal -N 64
make verity-large -b 4096 -O verity,^has_journal -N 64

timeout 600 qemu-system-x86_64 -machine q35 -accel tcg -cpu max -m 512 -display none -no-reboot \
    -serial stdio -monitor none -kernel "$kernel" -initrd "$work/initrd.gz" \
    -append "console=ttyS0 quiet panic=-1 oops=panic" \
    -virtfs "local,path=$work/share,mount_tag=host,security_model=none" \
    -device virtio-rng-pci </dev/null > "$work/log"
grep -q ALL-MADE "$work/log"
for image in "$work"/share/*.img; do
    e2fsck -fn "$image" >> "$work/log" 2>&1
    gzip -9 -n -c "$image" > "$work/$(basename "$image").gz"
done
