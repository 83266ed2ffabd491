# SPDX-License-Identifier: ISC
"""Damage to a finished boot image, one kind at a time; the format is in lib/bootimg/README.md.

Each function changes as little as it can, so that only the guard for that damage can refuse the
image.
"""
import struct
from collections.abc import Callable
from dataclasses import dataclass

from harness.outcome import BuildError

HEADER_BYTES = 128
ENTRY_BYTES = 88
PAGE_BYTES = 4096
VERSION_AT = 8
SECTION_COUNT_AT = 16
MANIFEST_AT = 32
SIGNATURE_AT = 56
KEY_ID_AT = 64
HEADER_RESERVED_AT = 80
PROFILE_AT = 4
BUILD_DIGEST_AT = 16
ENTRY_FLAGS_AT = 4
ENTRY_NAME_AT = 8
ENTRY_OFFSET_AT = 40
ENTRY_SIZE_AT = 48
ENTRY_DIGEST_AT = 56
KINDS = {"kernel": 1, "boot-config": 2, "service": 3, "blob": 4}
KIND_BLOB = 4


@dataclass(frozen=True)
class Section:
    """Where a section and its entry in the table are."""
    entry_at: int
    kind: int
    offset: int
    size_bytes: int


def _number(image: bytes, at: int) -> int:
    return struct.unpack_from("<Q", image, at)[0]


def sections(image: bytes) -> list[Section]:
    """The sections of a sound image."""
    count, = struct.unpack_from("<I", image, SECTION_COUNT_AT)
    found = []
    for index in range(count):
        at = HEADER_BYTES + index * ENTRY_BYTES
        kind, = struct.unpack_from("<I", image, at)
        found.append(Section(at, kind, _number(image, at + 40), _number(image, at + 48)))
    return found


def _section(image: bytes, kind: str) -> Section:
    for section in sections(image):
        if section.kind == KINDS[kind]:
            return section
    raise BuildError(f"the boot image has no section of kind {kind} that could be damaged")


def _flip(image: bytes, at: int) -> bytes:
    return image[:at] + bytes([image[at] ^ 0x01]) + image[at + 1:]


def _flip_section(kind: str) -> Callable[[bytes], bytes]:
    def damage(image: bytes) -> bytes:
        section = _section(image, kind)
        return _flip(image, section.offset + section.size_bytes // 2)
    return damage


def _flip_padding(image: bytes) -> bytes:
    """A byte between the manifest and the first section, which must be zero."""
    at = _number(image, MANIFEST_AT) + _number(image, MANIFEST_AT + 8)
    if at % PAGE_BYTES == 0:
        raise BuildError("the boot image has no padding behind its manifest")
    return _flip(image, at)


def _no_kernel(image: bytes) -> bytes:
    at = _section(image, "kernel").entry_at
    return image[:at] + struct.pack("<I", KIND_BLOB) + image[at + 4:]


def _set(image: bytes, at: int, data: bytes) -> bytes:
    return image[:at] + data + image[at + len(data):]


def _in_entry(kind: str, offset: int, data: bytes) -> Callable[[bytes], bytes]:
    """Bytes of the table's entry of the first section of that kind."""
    return lambda image: _set(image, _section(image, kind).entry_at + offset, data)


def _name_twice(image: bytes) -> bytes:
    """The second section has the name of the first."""
    first, second = sections(image)[:2]
    name = image[first.entry_at + ENTRY_NAME_AT:first.entry_at + ENTRY_OFFSET_AT]
    return _set(image, second.entry_at + ENTRY_NAME_AT, name)


def _profile_unknown(image: bytes) -> bytes:
    return _set(image, _number(image, MANIFEST_AT) + PROFILE_AT, b"\xff")


FAULTS: dict[str, Callable[[bytes], bytes]] = {
    "other-version": lambda image: _set(image, VERSION_AT, b"\xff"),
    "no-sections": lambda image: _set(image, SECTION_COUNT_AT, bytes(4)),
    "other-manifest": _profile_unknown,
    "section-kind": _in_entry("service", 0, b"\xff"),
    "section-flags": _in_entry("service", ENTRY_FLAGS_AT, b"\x01"),
    "section-name": _in_entry("service", ENTRY_NAME_AT, b"/"),
    "section-overlap": _in_entry("service", ENTRY_OFFSET_AT, bytes(8)),
    "section-empty": _in_entry("service", ENTRY_SIZE_AT, bytes(8)),
    "section-twice": _name_twice,
    "empty": lambda image: b"",
    "truncated": lambda image: image[:len(image) // 2],
    "trailing": lambda image: image + b"\0",
    "no-kernel": _no_kernel,
    "flip-magic": lambda image: _flip(image, 0),
    "flip-header": lambda image: _flip(image, HEADER_RESERVED_AT),
    "flip-key-id": lambda image: _flip(image, KEY_ID_AT),
    "flip-table": lambda image: _flip(image, HEADER_BYTES + ENTRY_DIGEST_AT),
    "flip-manifest": lambda image: _flip(image, _number(image, MANIFEST_AT) + BUILD_DIGEST_AT),
    "flip-signature": lambda image: _flip(image, _number(image, SIGNATURE_AT) + 10),
    "flip-padding": _flip_padding,
    "flip-kernel": _flip_section("kernel"),
    "flip-boot-config": _flip_section("boot-config"),
    "flip-service": _flip_section("service"),
    "flip-blob": _flip_section("blob"),
}

def apply(image: bytes, fault: str) -> bytes:
    """The image with the damage; unchanged for "none" and for faults made before signing. Damage
    that hits nothing is an error: the image would be refused, or not, for another reason."""
    damaged = FAULTS[fault](image) if fault in FAULTS else image
    if fault in FAULTS and damaged == image:
        raise BuildError(f"the image fault {fault} changes nothing")
    return damaged
