#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Makes the media that only Linux's own ext4 can make, and keeps them as tests/media/ext/data/*.xz.

    tools/media/linux/linux.py [NAME ...]

Boots Debian's kernel in QEMU (no KVM, no root) with a small initial file system, and lets job.sh
change volumes that mke2fs has prepared. Packages linux-image-amd64 and busybox-static are
downloaded and unpacked into a folder, not installed. The bytes depend on when the kernel did
what, so what is kept is the outcome.
"""
import lzma
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
TOOLS = HERE.parent.parent
sys.path.insert(0, str(TOOLS))

from imagemaker import host  # noqa: E402 (the path is set above)

DATA = TOOLS.parent / "tests" / "media" / "ext" / "data"
MODULES = ("9p", "9pnet_virtio", "virtio_pci", "loop", "ext4", "cts", "xts", "ecb",
           "sha512_generic", "aesni_intel", "crc32c_generic", "virtio_rng",
           "quota_v2")
TIMEOUT_S = 600
IDENTITY = "6a1d5f2e-3b7c-4e58-9c41-0a2b3c4d5e6f"
SEED = "0f8e7d6c-5b4a-4938-8271-60514a3b2c1d"
EXT4 = (
    "has_journal,ext_attr,resize_inode,dir_index,filetype,extent,64bit,flex_bg,sparse_super,"
    "large_file,huge_file,dir_nlink,extra_isize,metadata_csum")
EXT3 = "has_journal,ext_attr,resize_inode,dir_index,filetype,sparse_super,large_file"
NAMES = [f"File_Number_{number}" for number in range(1, 301)]

# Name -> size in MiB, size of blocks, features, further options of mke2fs, names in /folder.
VOLUMES = {
    "encrypted": (8, 4096, EXT4.replace("has_journal,", "") + ",encrypt", (), ()),
    "encrypted-casefold": (8, 4096, EXT4.replace("has_journal,", "") + ",encrypt,casefold",
                           ("-E", "encoding=utf8-12.1"), ()),
    "encrypted-verity": (8, 4096, EXT4.replace("has_journal,", "") + ",encrypt,verity", (), ()),
    "replay": (8, 1024, EXT3, ("-J", "size=1"), ()),
    "journal-v3": (8, 1024, EXT4, ("-J", "size=1"), ()),
    "many": (8, 1024, EXT3, ("-J", "size=1"), ()),
    "fast": (12, 4096, EXT4 + ",fast_commit", ("-J", "size=5"), ()),
    "fast-htree": (12, 4096, EXT4 + ",fast_commit", ("-J", "size=5"), NAMES),
    "fast-linear": (12, 4096, EXT4.replace("dir_index,", "") + ",fast_commit", ("-J", "size=5"),
                    NAMES),
    "orphan-file": (8, 1024, EXT4 + ",orphan_file", ("-J", "size=1"), ()),
    "orphan-list": (8, 1024, EXT4, ("-J", "size=1"), ()),
}


def prepare(folder: Path, name: str) -> None:
    """The volume that the kernel will find."""
    size_mib, block_bytes, features, options, names = VOLUMES[name]
    image = folder / f"{name}.img"
    with open(image, "wb") as file:
        file.truncate(size_mib << 20)
    host.run(["mke2fs", "-q", "-F", "-b", str(block_bytes), "-I", "256", "-N", "512", "-m", "0",
              "-O", "none," + features, "-U", IDENTITY, "-L", name[:16],
              "-E", f"hash_seed={SEED},lazy_itable_init=0,root_owner=0:0", *options, str(image)])
    if not names:
        return
    source = folder / "source"
    source.write_bytes(b"host\n")
    script = folder / "requests"
    script.write_text("mkdir folder\ncd folder\n" +
     "".join(f"write {source} {each}\n" for each in names))
    host.run(["debugfs", "-w", "-f", str(script), str(image)])
    done = subprocess.run(["e2fsck", "-fyD", str(image)], stdout=subprocess.DEVNULL, check=False,
                          env=host.environment() | {"E2FSCK_TIME": str(host.EPOCH_S)})
    if done.returncode > 1:
        raise host.MakerError(f"{name}: e2fsck ends with {done.returncode}")


def unpack_packages(folder: Path) -> Path:
    """The kernel and busybox, unpacked."""
    root = folder / "root"
    answer = subprocess.run(["apt-cache", "depends", "linux-image-amd64"], stdout=subprocess.PIPE,
                            text=True, check=True)
    kernel = next(line.split()[-1] for line in answer.stdout.splitlines()
                  if "Depends: linux-image" in line)
    subprocess.run(["apt-get", "download", kernel, "busybox-static"], cwd=folder, check=True)
    for package in folder.glob("*.deb"):
        subprocess.run(["dpkg", "-x", str(package), str(root)], check=True)
    return root


def packages(folder: Path) -> Path:
    """Kernel and busybox: those in ERIX_LINUX, or unpacked into a folder."""
    given = os.environ.get("ERIX_LINUX")
    return Path(given) if given else unpack_packages(folder)


def make_helper(share: Path) -> None:
    """The helper, a program that needs no libraries."""
    subprocess.run(["clang-19", "-std=c23", "-O2", "-static", str(HERE / "helper.c"), "-o",
                    str(share / "helper")], check=True)


def make_initrd(root: Path, target: Path) -> None:
    """An archive with busybox, the modules and the list of their order."""
    version = next((root / "lib/modules").iterdir()).name
    subprocess.run(["/sbin/depmod", "-b", str(root), version], check=True)
    with tempfile.TemporaryDirectory() as scratch:
        tree = Path(scratch)
        for each in ("bin", "proc", "sys", "dev", "tmp", "modules"):
            (tree / each).mkdir()
        shutil.copy(root / "bin/busybox", tree / "bin/busybox")
        shutil.copy(HERE / "init", tree / "init")
        (tree / "init").chmod(0o755)
        order: list[str] = []
        for module in MODULES:
            answer = subprocess.run(["/sbin/modprobe",
    "-d",
    str(root),
    "-S",
    version,
    "--show-depends",
    module],
    stdout=subprocess.PIPE,
    text=True,
     check=True)
            for line in answer.stdout.splitlines():
                words = line.split()
                if words[0] == "insmod" and f"/modules/{Path(words[1]).name}" not in order:
                    shutil.copy(words[1], tree / "modules")
                    order.append(f"/modules/{Path(words[1]).name}")
        (tree / "order").write_text("\n".join(order) + "\n")
        names = sorted(str(each.relative_to(tree)) for each in tree.rglob("*"))
        archive = subprocess.run([str(tree / "bin/busybox"), "cpio",
    "-o",
    "-H",
    "newc"],
    cwd=tree,
    input="\n".join(names).encode(),
    stdout=subprocess.PIPE,
    stderr=subprocess.DEVNULL,
     check=True)
        target.write_bytes(archive.stdout)


def run_machine(root: Path, initrd: Path, share: Path) -> str:
    """Boot the kernel and let it do the job of the shared folder; what it printed."""
    kernel = next((root / "boot").glob("vmlinuz-*"))
    done = subprocess.run(
        ["qemu-system-x86_64", "-machine", "q35", "-accel", "tcg,tb-size=256", "-cpu", "max",
         "-m", "1024",
         "-display", "none", "-no-reboot", "-monitor", "none", "-serial", "stdio",
         "-kernel", str(kernel),
         "-initrd", str(initrd), "-append", "console=ttyS0 quiet panic=-1 mitigations=off",
         "-rtc", "base=2026-01-01T00:00:00", "-device", "virtio-rng-pci",
         "-virtfs", f"local,path={share},mount_tag=host,security_model=none"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=TIMEOUT_S, check=False)
    return done.stdout.decode(errors="replace")


def keep(share: Path, name: str) -> None:
    """What is left of a volume, compressed into the tree."""
    crash = share / f"{name}.crash"
    image = crash if crash.exists() else share / f"{name}.img"
    DATA.mkdir(parents=True, exist_ok=True)
    packed = lzma.compress(image.read_bytes(), preset=9 | lzma.PRESET_EXTREME)
    (DATA / f"{name}.xz").write_bytes(packed)
    print(f"{name}: {len(packed)} bytes")


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in VOLUMES]
    if unknown:
        print(f"linux.py: no volume {unknown[0]}; there are: {', '.join(VOLUMES)}", file=sys.stderr)
        return 2
    with host.scratch() as scratch:
        root = packages(scratch)
        initrd = scratch / "initrd"
        make_initrd(root, initrd)
        share = scratch / "share"
        share.mkdir()
        for name in VOLUMES:
            prepare(share, name)
        make_helper(share)
        shutil.copy(HERE / "job.sh", share / "job.sh")
        said = run_machine(root, initrd, share)
        print(said)
        if "JOB-DONE" not in said or "FAIL" in said:
            print("linux.py: the job has failed", file=sys.stderr)
            return 1
        for name in names or VOLUMES:
            keep(share, name)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
