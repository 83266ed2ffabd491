# SPDX-License-Identifier: ISC
"""Changes exact bytes of an ext volume and repairs the checksums that cover them.

A change names where it is (`in`), what it changes there, and to what:

    { in = "superblock", field = "log_block_size", value = 3 }
    { in = "group 0", field = "flags", value = 0 }
    { in = "inode /path", field = "size", value = 5 }         also "inode <8>"
    { in = "directory /path 0", at = 12, bytes = "ff00" }     block 0 of a folder, as entries
    { in = "index /path 0", ... }       block 0 of a folder, as hash tree
    { in = "map /path 0", ... }         the first block of a file's map beyond its inode
    { in = "file /path 0", ... }        block 0 of its contents
    { in = "attributes /path", ... }    its block of attributes
    { in = "block-bitmap 0", bit = 9, value = 0 }     also "inode-bitmap 0"
    { in = "mmp", ... }  { in = "orphans 0", ... }  { in = "journal 3", at = 4, bytes = "..." }

`at` with `bytes` (hexadecimal digits), or with `value` and `size` (little-endian), stands for a
field. `or` and `clear` set and take away bits of what is there.
"""
import struct
from dataclasses import dataclass

from media import checksum, layout
from media.layout import Volume

JOURNAL_MAGIC = 0xC03B3998
JOURNAL_DESCRIPTOR, JOURNAL_COMMIT, JOURNAL_REVOKE = 1, 2, 5
JOURNAL_SUPERBLOCKS = (3, 4)
JOURNAL_CHECKSUMS = 0x8 | 0x10
KEYS = {"in", "field", "at", "bytes", "value", "size", "bit", "or", "clear"}
FIELDS = {"superblock": layout.SUPERBLOCK, "group": layout.DESCRIPTOR, "inode": layout.INODE,
          "mmp": {"magic": (0, 4), "sequence": (4, 4), "checksum": (1020, 4)}}


class DamageError(Exception):
    """A change that cannot be made."""


@dataclass(frozen=True)
class Place:
    """A structure on the volume. `inode` owns it; `index` is its group, block number or the
    like."""
    kind: str
    at: int
    size: int
    inode: int = 0
    index: int = 0


def find(volume: Volume, text: str) -> Place:
    """The structure that `in` names."""
    words = text.split()
    kind, arguments = words[0], words[1:]
    if kind not in _FINDERS:
        raise DamageError(f"`in = \"{text}\"`: no such structure (one of: {', '.join(_FINDERS)})")
    count, finder = _FINDERS[kind]
    if len(arguments) != count:
        raise DamageError(f"`in = \"{text}\"`: {kind} takes {count} words")
    return finder(volume, kind, *arguments)


def _superblock(_volume: Volume, kind: str) -> Place:
    return Place(kind, layout.SUPERBLOCK_AT, layout.SUPERBLOCK_BYTES)


def _group(volume: Volume, kind: str, group: str) -> Place:
    return Place(kind, volume.descriptor_at(int(group)), volume.descriptor_bytes, index=int(group))


def _inode(volume: Volume, kind: str, path: str) -> Place:
    number = volume.find(path)
    return Place(kind, volume.inode_at(number), volume.inode_bytes, number)


def _file_block(volume: Volume, kind: str, path: str, logical: str) -> Place:
    number = volume.find(path)
    place = volume.file_block(number, int(logical))
    return Place(kind, place * volume.block_bytes, volume.block_bytes, number, place)


def _map(volume: Volume, kind: str, path: str, which: str) -> Place:
    number = volume.find(path)
    blocks = volume.map_blocks(number)
    if int(which) >= len(blocks):
        raise DamageError(f"the map of {path} has {len(blocks)} blocks beyond its inode")
    place = blocks[int(which)]
    return Place(kind, place * volume.block_bytes, volume.block_bytes, number, place)


def _attributes(volume: Volume, kind: str, path: str) -> Place:
    number = volume.find(path)
    place = volume.inode(number, "attribute_block")
    if not place:
        raise DamageError(f"{path} has no block of attributes")
    return Place(kind, place * volume.block_bytes, volume.block_bytes, number, place)


def _bitmap(volume: Volume, kind: str, group: str) -> Place:
    place = volume.descriptor(int(group), kind.replace("-", "_"))
    return Place(kind, place * volume.block_bytes, volume.block_bytes, index=int(group))


def _mmp(volume: Volume, kind: str) -> Place:
    return Place(kind, volume.super("mmp_block") * volume.block_bytes, 1024)


def _orphans(volume: Volume, kind: str, logical: str) -> Place:
    number = volume.super("orphan_file_inode")
    place = volume.file_block(number, int(logical))
    return Place(kind, place * volume.block_bytes, volume.block_bytes, number, place)


def _journal(volume: Volume, kind: str, logical: str) -> Place:
    number = volume.journal_inode
    place = volume.file_block(number, int(logical))
    return Place(kind, place * volume.block_bytes, volume.block_bytes, number, int(logical))


# Kind -> how many words follow it, and what finds it.
_FINDERS = {
    "superblock": (0, _superblock), "group": (1, _group), "inode": (1, _inode),
    "directory": (2, _file_block), "index": (2, _file_block), "file": (2, _file_block),
    "map": (2, _map), "attributes": (1, _attributes), "block-bitmap": (1, _bitmap),
    "inode-bitmap": (1, _bitmap), "mmp": (0, _mmp), "orphans": (1, _orphans),
    "journal": (1, _journal),
}


def _target(place: Place, change: dict) -> tuple[int, int]:
    """Offset in the structure and size of what a change is about."""
    if "field" in change:
        fields = FIELDS.get(place.kind, {})
        if change["field"] not in fields:
            raise DamageError(f"{place.kind} has no field `{change['field']}`"
                              + (f" (one of: {', '.join(fields)})" if fields else ""))
        return fields[change["field"]]
    if "bit" in change:
        return change["bit"] // 8, 1
    if "at" not in change:
        raise DamageError("a change needs `field`, `bit` or `at`")
    size = len(change["bytes"]) // 2 if "bytes" in change else change.get("size")
    if not size:
        raise DamageError("`at` needs `bytes`, or `value` and `size`")
    return change["at"], size


def _new_bytes(old: bytes, change: dict) -> bytes:
    number = int.from_bytes(old, "little")
    if "bit" in change:
        mask = 1 << change["bit"] % 8
        number = number | mask if change.get("value") else number & ~mask
    elif "bytes" in change:
        try:
            given = bytes.fromhex(change["bytes"])
        except ValueError as error:
            raise DamageError(f"`bytes = \"{change['bytes']}\"`: not hexadecimal digits") from error
        if len(given) != len(old):
            raise DamageError(f"`bytes`: {len(given)} bytes for a field of {len(old)}")
        return given
    elif "value" in change:
        number = change["value"]
    elif "or" in change or "clear" in change:
        number = (number | change.get("or", 0)) & ~change.get("clear", 0)
    else:
        raise DamageError("a change needs `value`, `bytes`, `or` or `clear`")
    try:
        return number.to_bytes(len(old), "little")
    except OverflowError as error:
        raise DamageError(f"{number} does not fit into {len(old)} bytes") from error


def check(change: dict) -> None:
    """Refuse a change whose words mean nothing; needs no volume."""
    unknown = set(change) - KEYS
    if unknown:
        raise DamageError(
            f"a change has no key `{sorted(unknown)[0]}` (one of: {', '.join(sorted(KEYS))})")
    if not isinstance(change.get("in"), str) or not change["in"].split():
        raise DamageError("a change needs `in`: the structure that it is made in")
    kind, *arguments = change["in"].split()
    if kind not in _FINDERS:
        raise DamageError(
            f"`in = \"{change['in']}\"`: no such structure (one of: {', '.join(_FINDERS)})")
    if len(arguments) != _FINDERS[kind][0]:
        raise DamageError(f"`in = \"{change['in']}\"`: {kind} takes {_FINDERS[kind][0]} words")
    at, size = _target(Place(kind, 0, 0), change)
    _new_bytes(bytes(size), change)
    if at < 0:
        raise DamageError(f"`at = {at}`: before the structure")


def apply(volume: Volume, change: dict, repair: bool) -> list[tuple[int, int]]:
    """Make one change; (offset, size) of the bytes that it may have changed, the first of them
    being those that were meant, the others checksums."""
    check(change)
    place = find(volume, change["in"])
    at, size = _target(place, change)
    if at + size > place.size:
        raise DamageError(f"`at = {at}`: beyond the {place.size} bytes of {change['in']}")
    # What a checksum covers is found before the change makes it unfindable.
    checksums = list(_checksums(volume, place)) if repair else []
    start = place.at + at
    volume.data[start:start + size] = _new_bytes(bytes(volume.data[start:start + size]), change)
    touched = [(start, size)]
    for where, width, compute in checksums:
        value = compute()
        volume.data[where:where + width] = value if isinstance(value, bytes) else \
            (value & (1 << 8 * width) - 1).to_bytes(width, "little")
        touched.append((where, width))
    return touched


def _checksums(volume: Volume, place: Place):
    """(offset, width, how to compute) of each checksum that covers a structure, inner ones
    first."""
    if place.kind == "journal":
        yield from _journal_checksums(volume, place)
        return
    if place.kind == "group":
        yield from _descriptor_checksums(volume, place.index)
        return
    if not volume.metadata_csum:
        return
    if place.kind == "superblock":
        at = place.at
        yield at + 0x3FC, 4, lambda: checksum.superblock(volume.data[at:at + 1024])
    elif place.kind == "inode":
        yield from _inode_checksums(volume, place)
    elif place.kind in ("block-bitmap", "inode-bitmap"):
        yield from _bitmap_checksums(volume, place)
    elif place.kind != "file":
        yield from _block_checksums(volume, place)


def _descriptor_checksums(volume: Volume, group: int):
    at = volume.descriptor_at(group)
    size = volume.descriptor_bytes
    if volume.metadata_csum:
        seed = volume.seed
        yield at + 0x1E, 2, lambda: checksum.descriptor(seed, group, volume.data[at:at + size])
    elif volume.descriptor_csum:
        yield at + 0x1E, 2, lambda: checksum.descriptor_crc16(volume.uuid, group,
                                                               volume.data[at:at + size])


def _inode_checksums(volume: Volume, place: Place):
    def compute() -> int:
        own_seed = volume.inode_seed(place.inode)
        return checksum.inode(own_seed, volume.data[place.at:place.at + place.size])

    yield place.at + 0x7C, 2, compute
    if checksum.inode_has_high(volume.data[place.at:place.at + place.size]):
        yield place.at + 0x82, 2, lambda: compute() >> 16


def _bitmap_checksums(volume: Volume, place: Place):
    blocks = place.kind == "block-bitmap"
    bits = volume.super("clusters_per_group") if blocks else volume.inodes_per_group
    seed = volume.seed

    def compute() -> int:
        return checksum.bitmap(seed, volume.data[place.at:place.at + bits // 8])

    descriptor = volume.descriptor_at(place.index)
    yield descriptor + (0x18 if blocks else 0x1A), 2, compute
    if volume.descriptor_bytes >= 64:
        yield descriptor + (0x38 if blocks else 0x3A), 2, lambda: compute() >> 16
    yield from _descriptor_checksums(volume, place.index)


def _block_checksums(volume: Volume, place: Place):
    seed = volume.seed
    own_seed = volume.inode_seed(place.inode) if place.inode else 0
    end = place.at + place.size

    def block() -> bytes:
        return bytes(volume.data[place.at:end])

    if place.kind == "directory":
        yield end - 4, 4, lambda: checksum.directory(own_seed, block())
    elif place.kind == "index":
        entries = index_entries_at(block())
        tail = entries + 8 * struct.unpack_from("<H", block(), entries)[0]
        yield place.at + tail + 4, 4, lambda: _index_checksum(own_seed, block(), entries, tail)
    elif place.kind == "map":
        tail = 12 + 12 * struct.unpack_from("<H", block(), 4)[0]
        yield place.at + tail, 4, lambda: checksum.crc32c(block()[:tail], own_seed)
    elif place.kind == "attributes":
        yield place.at + 0x10, 4, lambda: checksum.attributes(seed, place.index, block())
    elif place.kind == "mmp":
        yield place.at + 1020, 4, lambda: checksum.mmp(seed, block())
    elif place.kind == "orphans":
        yield end - 4, 4, lambda: checksum.orphans(own_seed, place.index, block())


def index_entries_at(block: bytes) -> int:
    """Where the entries of a block of a hash tree begin: behind the names of a root, or of a
    node."""
    is_root = struct.unpack_from("<H", block, 4)[0] == 12
    return 0x18 + block[0x1D] if is_root else 8


def _index_checksum(own_seed: int, block: bytes, entries: int, tail: int) -> int:
    """The tail stays where it was, even if the damage is in the number that says where."""
    count = struct.unpack_from("<H", block, entries + 2)[0]
    crc = checksum.crc32c(block[:entries + 8 * count], own_seed)
    return checksum.crc32c(bytes(4), checksum.crc32c(block[tail:tail + 4], crc))


def _journal_checksums(volume: Volume, place: Place):
    first = volume.file_block(volume.journal_inode, 0) * volume.block_bytes
    header = bytes(volume.data[first:first + 1024])
    incompat = struct.unpack_from(">I", header, 0x28)[0]
    if not incompat & JOURNAL_CHECKSUMS:
        return
    end = place.at + place.size
    seed = checksum.crc32c(header[0x30:0x40])
    magic, kind = struct.unpack_from(">II", volume.data, place.at)

    def block() -> bytes:
        return bytes(volume.data[place.at:end])

    if place.index == 0:
        yield place.at + 0xFC, 4, lambda: _big(checksum.journal_superblock(block()[:1024]))
    elif magic == JOURNAL_MAGIC and kind in (JOURNAL_DESCRIPTOR, JOURNAL_REVOKE):
        yield end - 4, 4, lambda: _big(checksum.journal_tail(seed, block()))
    elif magic == JOURNAL_MAGIC and kind == JOURNAL_COMMIT:
        yield place.at + 0x10, 4, lambda: _big(checksum.journal_commit(seed, block()))


def _big(value: int) -> bytes:
    return value.to_bytes(4, "big")
