# SPDX-License-Identifier: ISC
"""GUID partition tables (UEFI 5.3): a protective MBR, the table and its backup.

All GUIDs follow from names, so that the same disk has the same bytes on every day.
"""
import hashlib
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

SECTOR_BYTES = 512
ENTRY_COUNT = 128
ENTRY_BYTES = 128
ENTRIES_SECTORS = ENTRY_COUNT * ENTRY_BYTES // SECTOR_BYTES
HEADER_BYTES = 92
ALIGNMENT_SECTORS = 2048
FIRST_USABLE = 2 + ENTRIES_SECTORS
REVISION = 0x00010000
SIGNATURE = b"EFI PART"
NAME_CHARACTERS_MAX = 36

TYPE_ESP = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b"
TYPE_DATA = "0fc63daf-8483-4772-8e79-3d69d8477de4"


@dataclass(frozen=True)
class Partition:
    """A partition; `size_bytes` is a multiple of SECTOR_BYTES."""
    name: str
    type_guid: str
    first_byte: int
    size_bytes: int


class GptError(Exception):
    """The bytes are no partition table, or partitions do not fit."""


def guid_bytes(text: str) -> bytes:
    """A GUID as it stands on disk: its first three fields little-endian (UEFI, appendix A)."""
    first, second, third, fourth, fifth = text.split("-")
    return (struct.pack("<IHH", int(first, 16), int(second, 16), int(third, 16))
            + bytes.fromhex(fourth + fifth))


def guid_for(name: str) -> str:
    """The fixed GUID for a name, of the form of a random one (version 4)."""
    digest = bytearray(hashlib.sha256(b"erix guid " + name.encode()).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x40
    digest[8] = digest[8] & 0x3F | 0x80
    text = digest.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _protective_mbr(sectors: int) -> bytes:
    entry = struct.pack("<B3sB3sII", 0, b"\x00\x02\x00", 0xEE, b"\xff\xff\xff", 1,
                        min(sectors - 1, 0xFFFFFFFF))
    return b"\0" * 446 + entry + b"\0" * 48 + b"\x55\xaa"


def _entries(partitions: list[Partition]) -> bytes:
    table = b""
    for partition in partitions:
        first = partition.first_byte // SECTOR_BYTES
        last = first + partition.size_bytes // SECTOR_BYTES - 1
        name = partition.name.encode("utf-16-le")
        table += (guid_bytes(partition.type_guid) + guid_bytes(guid_for(partition.name))
                  + struct.pack("<QQQ", first, last, 0)
                  + name.ljust(2 * NAME_CHARACTERS_MAX, b"\0"))
    return table.ljust(ENTRY_COUNT * ENTRY_BYTES, b"\0")


def _header(here: int, other: int, entries_at: int, sectors: int, disk_name: str, table: bytes
            ) -> bytes:
    def fields(checksum: int) -> bytes:
        return struct.pack("<8sIIII4Q16sQIII", SIGNATURE, REVISION, HEADER_BYTES, checksum, 0,
                           here, other, FIRST_USABLE, sectors - ENTRIES_SECTORS - 2,
                           guid_bytes(guid_for(disk_name)), entries_at, ENTRY_COUNT, ENTRY_BYTES,
                           zlib.crc32(table))
    return fields(zlib.crc32(fields(0))).ljust(SECTOR_BYTES, b"\0")


def layout(volumes: list[tuple[str, str, int]]) -> tuple[list[Partition], int]:
    """Place volumes (name, type, bytes) one behind the other; the partitions and the disk's
    size."""
    partitions = []
    sector = ALIGNMENT_SECTORS
    for name, type_guid, size_bytes in volumes:
        if size_bytes % SECTOR_BYTES or not 0 < len(name) <= NAME_CHARACTERS_MAX:
            raise GptError(f"partition {name}: bad size or name")
        partitions.append(Partition(name, type_guid, sector * SECTOR_BYTES, size_bytes))
        sector += -(-size_bytes // SECTOR_BYTES // ALIGNMENT_SECTORS) * ALIGNMENT_SECTORS
    return partitions, (sector + ALIGNMENT_SECTORS) * SECTOR_BYTES


def write(file, partitions: list[Partition], size_bytes: int, disk_name: str) -> None:
    """Write the tables of a disk into an open file; the partitions' contents are not touched."""
    sectors = size_bytes // SECTOR_BYTES
    for partition in partitions:
        first = partition.first_byte // SECTOR_BYTES
        last = first + partition.size_bytes // SECTOR_BYTES - 1
        if first < FIRST_USABLE or last > sectors - ENTRIES_SECTORS - 2:
            raise GptError(f"partition {partition.name} does not fit")
    table = _entries(partitions)
    last = sectors - 1
    file.truncate(size_bytes)
    for sector, data in (
            (0, _protective_mbr(sectors)),
            (1, _header(1, last, 2, sectors, disk_name, table)),
            (2, table),
            (last - ENTRIES_SECTORS, table),
            (last, _header(last, 1, last - ENTRIES_SECTORS, sectors, disk_name, table))):
        file.seek(sector * SECTOR_BYTES)
        file.write(data)


def _text_guid(data: bytes) -> str:
    first, second, third = struct.unpack("<IHH", data[:8])
    return f"{first:08x}-{second:04x}-{third:04x}-{data[8:10].hex()}-{data[10:16].hex()}"


def read(disk: Path) -> list[Partition]:
    """The partitions of a disk by its first table; raises GptError if it is none."""
    with open(disk, "rb") as file:
        file.seek(SECTOR_BYTES)
        header = file.read(SECTOR_BYTES)
        if len(header) < SECTOR_BYTES or header[:8] != SIGNATURE:
            raise GptError("no partition table")
        plain = header[:16] + b"\0\0\0\0" + header[20:HEADER_BYTES]
        if zlib.crc32(plain) != struct.unpack_from("<I", header, 16)[0]:
            raise GptError("the table's header is damaged")
        entries_at, = struct.unpack_from("<Q", header, 72)
        file.seek(entries_at * SECTOR_BYTES)
        table = file.read(ENTRY_COUNT * ENTRY_BYTES)
    if zlib.crc32(table) != struct.unpack_from("<I", header, 88)[0]:
        raise GptError("the table's entries are damaged")
    partitions = []
    for at in range(0, len(table), ENTRY_BYTES):
        entry = table[at:at + ENTRY_BYTES]
        if any(entry[:16]):
            first, last = struct.unpack_from("<QQ", entry, 32)
            name = entry[56:ENTRY_BYTES].decode("utf-16-le").rstrip("\0")
            partitions.append(Partition(name, _text_guid(entry), first * SECTOR_BYTES,
                                        (last - first + 1) * SECTOR_BYTES))
    return partitions


def find(disk: Path, name: str) -> Partition | None:
    """The partition of that name, or None."""
    return next((each for each in read(disk) if each.name == name), None)
