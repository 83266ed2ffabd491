# SPDX-License-Identifier: ISC
"""Finds things on an ext volume: descriptors, inodes, blocks of files, names in folders. It
trusts the volume and is for undamaged ones; written apart from lib/ext, from the public
description of the format."""
import struct
from collections.abc import Iterator

from media import checksum

SUPERBLOCK_AT = 1024
SUPERBLOCK_BYTES = 1024
ROOT = 2
JOURNAL = 8
FLAG_INDEX = 0x1000
FLAG_EXTENTS = 0x80000
FLAG_INLINE = 0x10000000

# Field -> (offset, bytes).
SUPERBLOCK = {
    "inodes_count": (0x00, 4), "blocks_count": (0x04, 4), "free_blocks_count": (0x0C, 4),
    "free_inodes_count": (0x10, 4), "first_data_block": (0x14, 4), "log_block_size": (0x18, 4),
    "log_cluster_size": (0x1C, 4), "blocks_per_group": (0x20, 4), "clusters_per_group": (0x24, 4),
    "inodes_per_group": (0x28, 4), "magic": (0x38, 2), "state": (0x3A, 2), "creator": (0x48, 4),
    "revision": (0x4C, 4), "first_inode": (0x54, 4), "inode_size": (0x58, 2),
    "compat": (0x5C, 4), "incompat": (0x60, 4), "ro_compat": (0x64, 4), "uuid": (0x68, 16),
    "journal_uuid": (0xD0, 16), "journal_inode": (0xE0, 4), "journal_device": (0xE4, 4),
    "last_orphan": (0xE8, 4), "descriptor_size": (0xFE, 2), "first_meta_bg": (0x104, 4),
    "mmp_block": (0x168, 8), "checksum_type": (0x175, 1), "user_quota_inode": (0x240, 4),
    "group_quota_inode": (0x244, 4), "project_quota_inode": (0x26C, 4), "checksum_seed": (0x270, 4),
    "encoding": (0x27C, 2), "encoding_flags": (0x27E, 2), "orphan_file_inode": (0x280, 4),
    "checksum": (0x3FC, 4),
}
DESCRIPTOR = {
    "block_bitmap": (0x00, 4), "inode_bitmap": (0x04, 4), "inode_table": (0x08, 4),
    "free_blocks": (0x0C, 2), "free_inodes": (0x0E, 2), "used_dirs": (0x10, 2), "flags": (0x12, 2),
    "block_bitmap_checksum": (0x18, 2), "inode_bitmap_checksum": (0x1A, 2),
    "unused_inodes": (0x1C, 2), "checksum": (0x1E, 2),
}
INODE = {
    "mode": (0x00, 2), "uid": (0x02, 2), "size": (0x04, 4), "access_time": (0x08, 4),
    "change_time": (0x0C, 4), "modify_time": (0x10, 4), "delete_time": (0x14, 4), "gid": (0x18, 2),
    "links": (0x1A, 2), "sectors": (0x1C, 4), "flags": (0x20, 4), "block": (0x28, 60),
    "generation": (0x64, 4), "attribute_block": (0x68, 4), "size_high": (0x6C, 4),
    "checksum": (0x7C, 2), "extra_size": (0x80, 2), "checksum_high": (0x82, 2),
}


class LayoutError(Exception):
    """The volume has nothing of that name or number."""


class Volume:
    """The bytes of a volume and where things are in them."""

    def __init__(self, data: bytearray):
        self.data = data
        self.block_bytes = 1024 << self.super("log_block_size")
        self.metadata_csum = bool(self.super("ro_compat") & 0x400)
        self.descriptor_csum = bool(self.super("ro_compat") & 0x10)
        self.inode_bytes = self.super("inode_size") if self.super("revision") else 128
        self.descriptor_bytes = self.super(
            "descriptor_size") if self.super("incompat") & 0x80 else 32
        self.blocks_per_group = self.super("blocks_per_group")
        self.inodes_per_group = self.super("inodes_per_group")
        first = self.super("first_data_block")
        self.group_count = -(-(self.super("blocks_count") - first) // self.blocks_per_group)

    def number(self, at: int, size: int) -> int:
        return int.from_bytes(self.data[at:at + size], "little")

    def super(self, field: str) -> int:
        at, size = SUPERBLOCK[field]
        return self.number(SUPERBLOCK_AT + at, size)

    @property
    def uuid(self) -> bytes:
        return bytes(self.data[SUPERBLOCK_AT + 0x68:SUPERBLOCK_AT + 0x78])

    @property
    def seed(self) -> int:
        if self.super("incompat") & 0x2000:
            return self.super("checksum_seed")
        return checksum.crc32c(self.uuid)

    def block(self, number: int) -> bytes:
        return bytes(self.data[number * self.block_bytes:(number + 1) * self.block_bytes])

    def descriptor_at(self, group: int) -> int:
        """Where a group's descriptor stands."""
        if group >= self.group_count:
            raise LayoutError(f"there is no group {group}")
        per_block = self.block_bytes // self.descriptor_bytes
        first = self.super("first_data_block")
        table = group // per_block
        place = SUPERBLOCK_AT // self.block_bytes + 1 + table
        if self.super("incompat") & 0x10 and table >= self.super("first_meta_bg"):
            home = table * per_block
            place = first + home * self.blocks_per_group + self.has_superblock(home)
            if home == 0 and first == 0 and self.block_bytes == 1024:
                place += 1
        return place * self.block_bytes + group % per_block * self.descriptor_bytes

    def has_superblock(self, group: int) -> bool:
        """Whether a group begins with a copy of the super block."""
        if group == 0:
            return True
        if self.super("compat") & 0x200:
            return group in struct.unpack_from("<II", self.data, SUPERBLOCK_AT + 0x24C)
        if group == 1 or not self.super("ro_compat") & 1:
            return True
        return any(group == base ** power for base in (3, 5, 7) for power in range(1, 12))

    def descriptor(self, group: int, field: str) -> int:
        at, size = DESCRIPTOR[field]
        return self.number(self.descriptor_at(group) + at, size)

    def inode_at(self, number: int) -> int:
        """Where an inode stands."""
        if not 1 <= number <= self.super("inodes_count"):
            raise LayoutError(f"there is no inode {number}")
        group, index = divmod(number - 1, self.inodes_per_group)
        return self.descriptor(group, "inode_table") * self.block_bytes + index * self.inode_bytes

    def inode(self, number: int, field: str) -> int:
        at, size = INODE[field]
        return self.number(self.inode_at(number) + at, size)

    def inode_seed(self, number: int) -> int:
        return checksum.inode_seed(self.seed, number, self.inode(number, "generation"))

    def inode_room(self, number: int) -> bytes:
        """The 60 bytes in which an inode keeps its map."""
        at = self.inode_at(number) + 0x28
        return bytes(self.data[at:at + 60])

    def map_blocks(self, number: int) -> list[int]:
        """The blocks that a file's map is made of, beyond the inode, outer ones first."""
        if self.inode(number, "flags") & FLAG_EXTENTS:
            return [place for place, _ in self._extent_nodes(self.inode_room(number))]
        found = []
        for slot, depth in ((12, 1), (13, 2), (14, 3)):
            place, = struct.unpack_from("<I", self.inode_room(number), 4 * slot)
            found += self._indirect_nodes(place, depth)
        return found

    def _indirect_nodes(self, place: int, depth: int) -> list[int]:
        if place == 0 or depth == 0:
            return []
        found = [place]
        for child in struct.unpack(f"<{self.block_bytes // 4}I", self.block(place)):
            found += self._indirect_nodes(child, depth - 1)
        return found

    def _extent_nodes(self, node: bytes) -> Iterator[tuple[int, bytes]]:
        _, count, _, depth = struct.unpack_from("<HHHH", node)
        if depth == 0:
            return
        for entry in range(count):
            _, low, high = struct.unpack_from("<IIH", node, 12 + 12 * entry)
            place = low | high << 32
            child = self.block(place)
            yield place, child
            yield from self._extent_nodes(child)

    def file_block(self, number: int, logical: int) -> int:
        """Where a block of a file stands."""
        if self.inode(number, "flags") & FLAG_EXTENTS:
            place = self._extent_lookup(self.inode_room(number), logical)
        else:
            place = self._indirect_lookup(self.inode_room(number), logical)
        if not place:
            raise LayoutError(f"inode {number} has no block {logical}")
        return place

    def _extent_lookup(self, node: bytes, logical: int) -> int:
        nodes = [node, *(child for _, child in self._extent_nodes(node))]
        for each in nodes:
            _, count, _, depth = struct.unpack_from("<HHHH", each)
            for entry in range(count if depth == 0 else 0):
                first, length, high, low = struct.unpack_from("<IHHI", each, 12 + 12 * entry)
                length = length - 32768 if length > 32768 else length
                if first <= logical < first + length:
                    return (low | high << 32) + logical - first
        return 0

    def _indirect_lookup(self, room: bytes, logical: int) -> int:
        words = struct.unpack("<15I", room)
        per_block = self.block_bytes // 4
        if logical < 12:
            return words[logical]
        logical -= 12
        for depth in (1, 2, 3):
            if logical < per_block ** depth:
                place = words[11 + depth]
                for level in range(depth - 1, -1, -1):
                    index = logical // per_block ** level % per_block
                    if place:
                        place, = struct.unpack_from("<I", self.block(place), 4 * index)
                return place
            logical -= per_block ** depth
        return 0

    def entries(self, number: int) -> Iterator[tuple[int, bytes]]:
        """The names of a folder: inode number, name. Blocks of a hash tree look like free
        entries."""
        if self.inode(number, "flags") & FLAG_INLINE:
            yield from self._entries_of(self.inode_room(number)[4:])
            return
        for logical in range(self.inode(number, "size") // self.block_bytes):
            yield from self._entries_of(self.block(self.file_block(number, logical)))

    @staticmethod
    def _entries_of(block: bytes) -> Iterator[tuple[int, bytes]]:
        at = 0
        while at + 8 <= len(block):
            child, length, name_bytes = struct.unpack_from("<IHB", block, at)
            if length < 8:
                return
            if child:
                yield child, block[at + 8:at + 8 + name_bytes]
            at += length

    def find(self, path: str) -> int:
        """The inode of an absolute path, or of `<NUMBER>`."""
        if path.startswith("<") and path.endswith(">") and path[1:-1].isdecimal():
            return int(path[1:-1])
        number = ROOT
        for name in filter(None, path.split("/")):
            matches = [child for child, each in self.entries(number) if each == name.encode()]
            if not matches:
                raise LayoutError(f"there is no {path}")
            number = matches[0]
        return number

    @property
    def journal_inode(self) -> int:
        return self.super("journal_inode")
