# SPDX-License-Identifier: ISC
"""A disk: volumes in the partitions of one GPT."""
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from imagemaker import ext, fat, gpt, host
from imagemaker.tree import Entry, Tree

ESP_NAME = "erix-esp"
DATA_NAME = "erix-data"
ESP_LABEL = "ERIX-ESP"
COPY_BYTES = 1 << 20


@dataclass(frozen=True)
class Volume:
    """A file with the contents of a partition."""
    name: str
    type_guid: str
    image: Path


def assemble(target: Path, volumes: list[Volume], disk_name: str = "erix disk") -> None:
    """Write a disk with the volumes in this order. Blocks of zeros become holes."""
    rows = [(each.name, each.type_guid, each.image.stat().st_size) for each in volumes]
    partitions, size_bytes = gpt.layout(rows)
    with open(target, "wb") as disk:
        gpt.write(disk, partitions, size_bytes, disk_name)
        for volume, partition in zip(volumes, partitions):
            with open(volume.image, "rb") as source:
                disk.seek(partition.first_byte)
                copy_sparse(source, disk)


def copy_sparse(source, target) -> None:
    """Copy an open file to where another stands, leaving out blocks of zeros."""
    while piece := source.read(COPY_BYTES):
        if piece.count(0) == len(piece):
            target.seek(len(piece), os.SEEK_CUR)
        else:
            target.write(piece)


def copy(source: Path, target: Path) -> None:
    """Copy a disk with its holes."""
    with open(source, "rb") as original, open(target, "wb") as twin:
        twin.truncate(source.stat().st_size)
        copy_sparse(original, twin)


def esp_tree(loader: bytes, boot_image: bytes | None) -> Tree:
    """What firmware and loader look for on the ESP. Without `boot_image` the loader finds none."""
    tree = {"/EFI/BOOT/BOOTX64.EFI": Entry(loader)}
    if boot_image is not None:
        tree["/EFI/ERIX/BOOT.IMG"] = Entry(boot_image)
    return tree


def make_esp_disk(target: Path, loader: bytes, boot_image: bytes | None) -> None:
    """A disk that has only the ESP, for firmware to boot from."""
    with host.scratch() as scratch:
        fat.make(scratch / "esp", esp_tree(loader, boot_image), ESP_LABEL)
        assemble(target, [Volume(ESP_NAME, gpt.TYPE_ESP, scratch / "esp")], "erix boot disk")


def make_appliance(target: Path, loader: bytes, boot_image: bytes, tree: Tree) -> None:
    """The whole system on one disk: the ESP and the ext4 volume with programs and files."""
    with host.scratch() as scratch:
        fat.make(scratch / "esp", esp_tree(loader, boot_image), ESP_LABEL)
        ext.make(scratch / "data", tree, DATA_NAME)
        finished = scratch / "disk"
        assemble(finished, [Volume(ESP_NAME, gpt.TYPE_ESP, scratch / "esp"),
                            Volume(DATA_NAME, gpt.TYPE_DATA, scratch / "data")])
        copy(finished, target)
        shutil.copymode(finished, target)
