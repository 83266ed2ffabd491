# SPDX-License-Identifier: ISC
"""The symbols of an executable: names and addresses out of the table of an ELF file."""
import struct
from pathlib import Path

from harness.outcome import BuildError
from harness.suggest import nearest

SECTION_HEADERS_AT = 0x28
SYMBOL_TABLE = 2
SYMBOL_BYTES = 24


class Symbols:
    """The named addresses of one executable that was not stripped."""

    def __init__(self, executable: Path):
        self._executable = executable
        self._addresses = _read(executable.read_bytes())

    def address(self, name: str) -> int:
        """Raises BuildError for a name that is not there."""
        if name not in self._addresses:
            meant = nearest(name, self._addresses)
            hint = f", did you mean `{meant}`?" if meant else ""
            raise BuildError(f"{self._executable.name} has no symbol `{name}`{hint}")
        return self._addresses[name]


def _read(data: bytes) -> dict[str, int]:
    headers_at, = struct.unpack_from("<Q", data, SECTION_HEADERS_AT)
    header_bytes, count = struct.unpack_from("<HH", data, 0x3A)
    sections = [struct.unpack_from("<IIQQQQII", data, headers_at + index * header_bytes)
                for index in range(count)]
    found: dict[str, int] = {}
    for _, kind, _, _, offset, size, link, _ in sections:
        if kind != SYMBOL_TABLE:
            continue
        names_at = sections[link][4]
        for at in range(offset, offset + size, SYMBOL_BYTES):
            name_at, _, _, _, value = struct.unpack_from("<IBBHQ", data, at)
            end = data.index(b"\0", names_at + name_at)
            found[data[names_at + name_at:end].decode()] = value
    return found
