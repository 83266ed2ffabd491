# SPDX-License-Identifier: ISC
"""FAT volumes, made by mkfs.vfat and filled by mtools, with fixed serial numbers and times."""
import hashlib
import os
from pathlib import Path

from imagemaker import host
from imagemaker.tree import Tree, files, folders

# FAT32 needs 65525 clusters; with clusters of one sector this is the least size with some reserve.
FAT32_BYTES_MIN = 36 << 20
SECTORS_PER_CLUSTER = 1
SLACK_BYTES = 2 << 20
MEBIBYTE = 1 << 20


def size_for(tree: Tree) -> int:
    """A size that holds the tree, in whole mebibytes."""
    content = sum(len(entry.data) + 4096 for entry in tree.values())
    needed = max(FAT32_BYTES_MIN, content + content // 64 + SLACK_BYTES)
    return -(-needed // MEBIBYTE) * MEBIBYTE


def make(target: Path, tree: Tree, label: str, size_bytes: int | None = None, bits: int = 32
         ) -> int:
    """Write a FAT volume with the files of the tree; its size in bytes."""
    size_bytes = size_bytes or size_for(tree)
    serial = hashlib.sha256(b"erix fat " + label.encode()).hexdigest()[:8]
    target.unlink(missing_ok=True)
    with open(target, "wb") as file:
        file.truncate(size_bytes)
    host.run(["mkfs.vfat", "--invariant", "-F", str(bits), "-s", str(SECTORS_PER_CLUSTER),
              "-i", serial, "-n", label, str(target)])
    for folder in folders(tree):
        host.run(["mmd", "-i", str(target), "::" + folder])
    with host.scratch() as scratch:
        for number, (path, entry) in enumerate(files(tree)):
            source = scratch / str(number)
            source.write_bytes(entry.data)
            os.utime(source, (host.EPOCH_S, host.EPOCH_S))
            host.run(["mcopy", "-m", "-i", str(target), str(source), "::" + path])
    return size_bytes
