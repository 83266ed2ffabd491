# SPDX-License-Identifier: ISC
"""The reference disk with both of its partition tables damaged after their checksums were made."""
from imagemaker import gpt, recipe

SUMMARY = "phase4-fs with the header checksum and an entry of both partition tables damaged"
CHECKSUM_OFFSET = 16
NAME_OFFSET = 56


def _flip(file, offset: int) -> None:
    file.seek(offset)
    old = file.read(1)[0]
    file.seek(offset)
    file.write(bytes([old ^ 0x01]))


def make(target, tree) -> None:
    recipe.make("phase4-fs", target, tree)
    size = target.stat().st_size
    backup_entries = size - (gpt.ENTRIES_SECTORS + 1) * gpt.SECTOR_BYTES
    with open(target, "r+b") as file:
        _flip(file, gpt.SECTOR_BYTES + CHECKSUM_OFFSET)
        _flip(file, 2 * gpt.SECTOR_BYTES + NAME_OFFSET)
        _flip(file, size - gpt.SECTOR_BYTES + CHECKSUM_OFFSET)
        _flip(file, backup_entries + NAME_OFFSET)
