# SPDX-License-Identifier: ISC
"""The checksums of ext4 and JBD2, from the public descriptions of the formats: which bytes each
covers, with which seed. Written apart from lib/ext, so that one cannot repeat the other's mistake.

CRCs are raw: they begin with the given value and are not inverted at the end, as both formats
store them.
"""

MASK32 = 0xFFFFFFFF


def _table(polynomial: int) -> tuple[int, ...]:
    rows = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (polynomial if value & 1 else 0)
        rows.append(value)
    return tuple(rows)


_CRC32C = _table(0x82F63B78)
_CRC16 = _table(0xA001)


def crc32c(data: bytes, start: int = MASK32) -> int:
    """Castagnoli's CRC, reflected."""
    crc = start
    for byte in bytes(data):
        crc = crc >> 8 ^ _CRC32C[(crc ^ byte) & 0xFF]
    return crc


def crc16(data: bytes, start: int = 0xFFFF) -> int:
    """The CRC of group descriptors without metadata_csum."""
    crc = start
    for byte in bytes(data):
        crc = crc >> 8 ^ _CRC16[(crc ^ byte) & 0xFF]
    return crc


def le16(value: int) -> bytes:
    return value.to_bytes(2, "little")


def le32(value: int) -> bytes:
    return value.to_bytes(4, "little")


def le64(value: int) -> bytes:
    return value.to_bytes(8, "little")


def without(data: bytes, at: int, size: int) -> bytes:
    """The bytes with a field taken for zero."""
    return bytes(data[:at]) + bytes(size) + bytes(data[at + size:])


def superblock(data: bytes) -> int:
    """All but the field itself, which is last."""
    return crc32c(data[:1020])


def descriptor(seed: int, group: int, data: bytes) -> int:
    """A group descriptor with metadata_csum; the low half counts."""
    return crc32c(without(data, 0x1E, 2), crc32c(le32(group), seed)) & 0xFFFF


def descriptor_crc16(uuid: bytes, group: int, data: bytes) -> int:
    """A group descriptor with uninit_bg alone: the field itself is left out, not taken for zero."""
    crc = crc16(data[:0x1E], crc16(le32(group), crc16(uuid)))
    return crc16(data[0x20:], crc) if len(data) > 32 else crc


def inode_seed(seed: int, number: int, generation: int) -> int:
    """The seed of all that belongs to an inode."""
    return crc32c(le32(generation), crc32c(le32(number), seed))


def inode(own_seed: int, data: bytes) -> int:
    """An inode; the high half is stored only where the inode says that it reaches there."""
    plain = without(data, 0x7C, 2)
    if inode_has_high(data):
        plain = without(plain, 0x82, 2)
    return crc32c(plain, own_seed)


def inode_has_high(data: bytes) -> bool:
    return len(data) > 128 and int.from_bytes(data[0x80:0x82], "little") >= 4


def directory(own_seed: int, block: bytes) -> int:
    """A block of entries, up to its tail."""
    return crc32c(block[:-12], own_seed)


def index(own_seed: int, block: bytes, entries_at: int) -> int:
    """A block of a hash tree: the entries in use, and a tail whose checksum is taken for zero."""
    limit = int.from_bytes(block[entries_at:entries_at + 2], "little")
    count = int.from_bytes(block[entries_at + 2:entries_at + 4], "little")
    tail = entries_at + 8 * limit
    crc = crc32c(block[:entries_at + 8 * count], own_seed)
    return crc32c(bytes(4), crc32c(block[tail:tail + 4], crc))


def extents(own_seed: int, block: bytes) -> int:
    """A block of an extent tree, up to the tail behind the room for entries."""
    room = int.from_bytes(block[4:6], "little")
    return crc32c(block[:12 + 12 * room], own_seed)


def attributes(seed: int, place: int, block: bytes) -> int:
    """A block of attributes at the block number `place`."""
    return crc32c(without(block, 0x10, 4), crc32c(le64(place), seed))


def mmp(seed: int, block: bytes) -> int:
    """The block of multiple mount protection."""
    return crc32c(block[:1020], seed)


def orphans(own_seed: int, place: int, block: bytes) -> int:
    """A block of the orphan file at the block number `place`."""
    return crc32c(block[:-8], crc32c(le64(place), own_seed))


def bitmap(seed: int, data: bytes) -> int:
    """The bits of a bitmap that stand for something."""
    return crc32c(data, seed)


def journal_superblock(data: bytes) -> int:
    """JBD2's super block of 1024 bytes."""
    return crc32c(without(data, 0xFC, 4))


def journal_tail(journal_seed: int, block: bytes) -> int:
    """A descriptor or revoke block, its tail taken for zero."""
    return crc32c(without(block, len(block) - 4, 4), journal_seed)


def journal_commit(journal_seed: int, block: bytes) -> int:
    """A commit block."""
    return crc32c(without(block, 0x10, 4), journal_seed)


def journal_data(journal_seed: int, sequence: int, block: bytes) -> int:
    """A block of data of a transaction; version 2 stores the low half only."""
    return crc32c(block, crc32c(sequence.to_bytes(4, "big"), journal_seed))
