# SPDX-License-Identifier: ISC
"""The corpus of `erixfs check`: volumes of many kinds, and changes of single fields of them.

The same changes come on every run. A change is repaired: the checksums that cover it are made
right.
"""
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from media import layout

TIME = "1700000000"
ENVIRONMENT = {"PATH": "/usr/sbin:/sbin:/usr/bin:/bin", "E2FSPROGS_FAKE_TIME": TIME,
               "E2FSCK_TIME": TIME, "MKE2FS_SKIP_PROGRESS": "1"}
UUID = "12345678-1234-1234-1234-123456789abc"
LIMIT_S = 60


@dataclass(frozen=True)
class Base:
    """A volume: how mke2fs makes it, and what of it is changed."""
    name: str
    options: str
    inodes: tuple[str, ...]
    blocks: tuple[str, ...]
    size: str = "4M"
    whole: bool = False


COMMON = ("<2>", "<8>", "<7>", "<11>", "/big", "/folder", "/folder/small", "/short", "/long",
          "/pipe",
          "/holes", "/rich")
BASES = (
    Base("ext2-1k", "-t ext2 -b 1024 -I 128", ("<2>", "<7>", "<8>", "/big", "/holes", "/pipe"), (
        "map /holes 0", "map /holes 1", "directory <2> 0", "directory /folder 0",
        "attributes /rich"), whole=True),
    Base("ext3", "-t ext3 -b 1024 -I 256", ("<7>", "<8>", "/folder", "/long", "/rich"), (
        "map /big 0", "index /many 0", "directory /many 1", "attributes /rich", "journal 0")),
    Base("ext4", "-t ext4 -b 4096", COMMON, (
        "directory <2> 0", "directory /folder 0", "map /holes 0", "attributes /rich",
        "journal 0"), "8M", True),
    Base("ext4-1k", "-t ext4 -b 1024 -O ^64bit", ("/holes", "/many", "/rich"), (
        "index /many 0", "directory /many 1", "map /holes 0")),
    Base("plain", "-t ext4 -b 1024 -O ^metadata_csum,uninit_bg", ("/holes", "/many", "/rich"), (
        "index /many 0", "directory /many 1", "map /holes 0", "attributes /rich")),
    Base("bigalloc", "-t ext4 -b 4096 -O bigalloc -C 16384", ("/holes", "/many", "/big", "/rich"), (
        "map /holes 0", "attributes /rich"), "16M"),
    Base("inline", "-t ext4 -b 4096 -O inline_data", ("/folder", "/folder/small", "/short",
        "/rich"), ()),
    Base("quota", "-t ext4 -b 1024 -O quota,project", ("<3>", "<4>", "/big"), (
        "file <3> 0", "file <3> 1", "file <4> 1", "file <3> 4")),
    Base("orphans", "-t ext4 -b 1024 -O orphan_file", ("<12>",), ("orphans 0", "orphans 1")),
    Base("values", "-t ext4 -b 1024 -O ea_inode", ("/rich", "<81>"), ()),
    Base("meta", "-t ext4 -b 1024 -g 1024 -O meta_bg,^resize_inode,sparse_super2", (), ()),
)

# What of a block is changed: the first fields, which all kinds have, and some behind.
BLOCK_FIELDS = tuple((at, 2) for at in range(0, 48, 2)) + ((60, 4), (100, 4), (508, 4), (1020, 4))
INODE_FIELDS = tuple((at, 2) for at in range(0, 0x28, 2)) + \
    tuple((at, 4) for at in range(0x28, 0x64, 4)) + \
    tuple((at, 2) for at in range(0x64, 0x80, 2)) + \
    tuple((at, 2) for at in range(0x80, 0xC0, 2))
SUPERBLOCK_FIELDS = tuple((at, 4) for at in (*range(0, 0x68, 4), *range(0xC8, 0x110, 4),
                                             *range(0x150, 0x180, 4), *range(0x240, 0x290, 4)))
GROUP_FLAGS_AT = 0x12
GROUP_FIELDS = tuple((at, 2) for at in range(0, 0x40, 2))
TREE = Path("tree")


def make_tree(folder: Path) -> None:
    """The files of all volumes."""
    tree = folder / TREE
    (tree / "folder").mkdir(parents=True)
    (tree / "many").mkdir()
    (tree / "big").write_bytes(bytes(range(256)) * 200)
    (tree / "folder" / "small").write_text("small\n", encoding="ascii")
    (tree / "short").symlink_to("big")
    (tree / "long").symlink_to("x" * 100)
    os.mkfifo(tree / "pipe")
    with open(tree / "holes", "wb") as file:
        for place in (0, 3, 6, 9, 12, 15, 18, 21, 300):
            file.seek(place * 4096)
            file.write(b"data" * 100)
    (tree / "rich").write_text("rich\n", encoding="ascii")
    for number in range(60):
        (tree / "many" / f"a-file-with-quite-a-long-name-for-an-entry-{number}").touch()
    for path in (*tree.rglob("*"), tree):
        os.utime(path, (int(TIME), int(TIME)), follow_symlinks=False)


def run(words: list[str], folder: Path, **settings: str) -> subprocess.CompletedProcess:
    """A tool's status and output; one that hangs is killed, and the test fails. `settings` are
    added to its environment."""
    return subprocess.run(words, cwd=folder, env=ENVIRONMENT | settings, timeout=LIMIT_S,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)


def make(base: Base, folder: Path) -> Path:
    """A volume with the tree, attributes in a block and hash trees."""
    image = folder / f"{base.name}.img"
    words = ["mke2fs", "-q", "-F", "-N", "128", "-U", UUID, "-E", f"hash_seed={UUID}", "-d",
             str(TREE), *base.options.split(), str(image), base.size]
    made = run(words, folder)
    if made.returncode != 0:
        raise RuntimeError(f"{base.name}: {made.stdout.decode()}")
    value = folder / f"{base.name}.value"
    value.write_bytes(b"v" * (1024 if "ea_inode" in base.options else 400))
    for request in (f"ea_set -f {value} /rich user.long", "ea_set /rich user.short text"):
        run(["debugfs", "-w", "-R", request, str(image)], folder)
    fixed = run(["e2fsck", "-fyD", str(image)], folder)
    if fixed.returncode > 1:
        raise RuntimeError(f"{base.name}: {fixed.stdout.decode()}")
    return image


def _values(old: int, size: int) -> list[int]:
    """Other values of a field, each once: a low and a high bit turned, nothing, all, one more."""
    top = (1 << 8 * size) - 1
    values = [old ^ 1, old ^ 1 << 8 * size - 1, 0, top, (old + 4) & top, old ^ 0x10]
    return [value for value in dict.fromkeys(values) if value != old]


def _changes(where: str, fields, count: int) -> Iterator[dict]:
    for at, size in fields:
        for which in range(count):
            yield {"in": where, "at": at, "size": size, "which": which}


def changes(base: Base, volume: layout.Volume) -> Iterator[dict]:
    """All changes of a volume; `which` is the number of the value that a field gets."""
    if base.whole:
        yield from _changes("superblock", SUPERBLOCK_FIELDS, 2)
    for group in range(min(volume.group_count, 2)):
        yield from _changes(f"group {group}", GROUP_FIELDS[:volume.descriptor_bytes // 2], 2)
        for bit in range(GROUP_FLAGS_AT * 8, GROUP_FLAGS_AT * 8 + 3):
            yield {"in": f"group {group}", "bit": bit, "which": 0}
    for path in base.inodes:
        fields = [field for field in INODE_FIELDS if sum(field) <= volume.inode_bytes]
        yield from _changes(f"inode {path}", fields, 1)
    for where in base.blocks:
        yield from _changes(where, BLOCK_FIELDS, 2)
    for kind in ("block-bitmap 0", "inode-bitmap 0"):
        for bit in (0, 5, 11, 12, 40, 100, 127, 128, 1000, 8191):
            yield {"in": kind, "bit": bit, "which": 0}


def concrete(change: dict, old: bytes) -> dict | None:
    """The change with its value; None if the field has no such other value."""
    known = {key: change[key] for key in ("in", "at", "size", "bit") if key in change}
    if "bit" in change:
        return known | {"value": int(not old[0] >> change["bit"] % 8 & 1)}
    values = _values(int.from_bytes(old, "little"), change["size"])
    which = (change["at"] // change["size"] + change["which"]) % len(values) \
        if change["in"] != "superblock" else change["which"]
    return known | {"value": values[which % len(values)]} if change["which"] < len(values) else None
