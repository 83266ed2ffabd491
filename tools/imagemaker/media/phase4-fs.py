# SPDX-License-Identifier: ISC
"""The reference disk: a FAT32 partition erix-esp and an ext4 partition erix-data."""
from imagemaker import disk, ext, fat, gpt, host
from imagemaker.tree import Entry

SUMMARY = "reference disk: GPT with erix-esp (FAT32) and erix-data (ext4 with the programs)"


def make(target, tree) -> None:
    with host.scratch() as scratch:
        fat.make(scratch / "esp", {"/EFI/ERIX/README.TXT": Entry(b"EriX system partition\n")},
                 disk.ESP_LABEL)
        ext.make(scratch / "data", tree, disk.DATA_NAME)
        disk.assemble(target, [disk.Volume(disk.ESP_NAME, gpt.TYPE_ESP, scratch / "esp"),
                               disk.Volume(disk.DATA_NAME, gpt.TYPE_DATA, scratch / "data")])
