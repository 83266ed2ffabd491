# SPDX-License-Identifier: ISC
"""Boot images that are whole and yet wrong: whoever signed them made the mistake.

Damage behind the signature is in bootfault.py. Here a section is changed, or the image is signed
otherwise, before it is signed, so the loader's digests hold and another guard must refuse it.
"""
import struct
from collections.abc import Callable
from dataclasses import dataclass

# ELF-64 2.1 and 2.3
ELF_MACHINE_AT = 18
ELF_TABLE_AT = 32
ELF_FLAGS_IN_HEADER = 4
ELF_LOAD = 1
ELF_ALL_RIGHTS = 7
# lib/bootconfig/layout.h
CONFIG_VERSION_AT = 8
CONFIG_PROFILE_AT = 16
CONFIG_FIRST_LAUNCH_AT = 24
CSPACE_BITS_IN_ROW = 5
CSPACE_BITS_MAX = 17
PROFILE_DEV = 1


@dataclass(frozen=True)
class SectionFault:
    """What is done to one section."""
    kind: str
    name: str
    damage: Callable[[bytes], bytes]


def _set(at: int, value: int) -> Callable[[bytes], bytes]:
    return lambda data: data[:at] + bytes([value]) + data[at + 1:]


def _in_first_launch(offset: int, value: int) -> Callable[[bytes], bytes]:
    def damage(config: bytes) -> bytes:
        row, = struct.unpack_from("<I", config, CONFIG_FIRST_LAUNCH_AT)
        return _set(row + offset, value)(config)
    return damage


def _writable_text(elf: bytes) -> bytes:
    """The first segment that is loaded may be read, written and executed."""
    at, = struct.unpack_from("<Q", elf, ELF_TABLE_AT)
    while struct.unpack_from("<I", elf, at)[0] != ELF_LOAD:
        at += 56
    return _set(at + ELF_FLAGS_IN_HEADER, ELF_ALL_RIGHTS)(elf)


SECTIONS: dict[str, SectionFault] = {
    "malformed-kernel": SectionFault("kernel", "kernel", _set(ELF_MACHINE_AT, 0xff)),
    "cut-kernel": SectionFault("kernel", "kernel", lambda elf: elf[:len(elf) // 2]),
    "writable-kernel": SectionFault("kernel", "kernel", _writable_text),
    "malformed-rootd": SectionFault("service", "rootd", _set(ELF_MACHINE_AT, 0xff)),
    "malformed-memd": SectionFault("service", "memd", _set(ELF_MACHINE_AT, 0xff)),
    "malformed-logd": SectionFault("service", "logd", _set(ELF_MACHINE_AT, 0xff)),
    # The table of launches has a row whose own slots reach behind its capability space.
    "malformed-boot-config": SectionFault("boot-config", "boot-config",
                                          _in_first_launch(CSPACE_BITS_IN_ROW, 1)),
    "other-boot-config": SectionFault("boot-config", "boot-config", _set(CONFIG_VERSION_AT, 0xff)),
    "dev-boot-config": SectionFault("boot-config", "boot-config",
                                    _set(CONFIG_PROFILE_AT, PROFILE_DEV)),
    # A capability space that is allowed and yet greater than all that rootd has.
    "greedy-boot-config": SectionFault("boot-config", "boot-config",
                                       _in_first_launch(CSPACE_BITS_IN_ROW, CSPACE_BITS_MAX)),
}
# The image is signed otherwise: arguments of bootimg.build.
SIGNING: dict[str, dict] = {"rollback": {"image_version": 0},
                            "wrong-profile": {"profile": "release"}}
WRONG_KEY = "wrong-key"
# A key that everybody knows, which may sign what is being developed.
DEV_KEY = "dev-key"
NAMES = (WRONG_KEY, DEV_KEY, *SIGNING, *SECTIONS)


def section(fault: str, kind: str, name: str, data: bytes) -> bytes:
    """A section with the fault; as it was if the fault is not in that section."""
    found = SECTIONS.get(fault)
    return found.damage(data) if found and (found.kind, found.name) == (kind, name) else data
