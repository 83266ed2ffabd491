# SPDX-License-Identifier: ISC
"""Was a fault of authority really put into the boot image?

The BootConfig that lies in the finished image is compared, row by row, with the one of the same
image without the fault: exactly the program that the fault names must have other grants. A fault
that hit nothing would let its scenario pass or fail for a reason of its own.
"""
import struct

from harness import authorityfaults, bootfault
from harness.outcome import BuildError

TABLES_AT, TABLE = 24, struct.Struct("<2I")  # of the header: offset and count of each table
LAUNCHES, GRANTS = 0, 1
LAUNCH_BYTES, GRANT_BYTES = 112, 80
FIRST_GRANT_AT, NAME_AT, NAME_BYTES = 12, 40, 32


def boot_config(image: bytes) -> bytes:
    """The BootConfig of a boot image."""
    kind = bootfault.KINDS["boot-config"]
    found = [section for section in bootfault.sections(image) if section.kind == kind]
    if len(found) != 1:
        raise BuildError(f"the boot image has {len(found)} sections boot-config, not one")
    return image[found[0].offset:found[0].offset + found[0].size_bytes]


def _table(config: bytes, index: int) -> tuple[int, int]:
    return TABLE.unpack_from(config, TABLES_AT + TABLE.size * index)


def rows(config: bytes) -> dict[str, bytes]:
    """The bytes of all grants of each launched program."""
    launches_at, count = _table(config, LAUNCHES)
    grants_at, _ = _table(config, GRANTS)
    found = {}
    for index in range(count):
        at = launches_at + LAUNCH_BYTES * index
        first, own = struct.unpack_from("<2I", config, at + FIRST_GRANT_AT)
        name = config[at + NAME_AT:at + NAME_AT + NAME_BYTES].split(b"\0")[0].decode()
        start = grants_at + GRANT_BYTES * first
        found[name] = config[start:start + GRANT_BYTES * own]
    return found


def changed(image: bytes, plain_config: bytes) -> list[str]:
    """The programs whose grants differ from those of the image without the fault."""
    have, want = rows(boot_config(image)), rows(plain_config)
    return sorted(name for name in have.keys() | want.keys() if have.get(name) != want.get(name))


def check(faults: dict[str, str], image: bytes, plain_config: bytes) -> None:
    """Raises BuildError if a fault did not hit its program, or hit another one too."""
    for field in authorityfaults.FIELDS:
        fault = faults.get(field)
        if fault is None:
            continue
        hit = changed(image, plain_config)
        if len(hit) != 1 or not fault.startswith(hit[0] + "-"):
            raise BuildError(f"fault `{fault}` changed the grants of {', '.join(hit) or 'nobody'} "
                             "in the boot image")
