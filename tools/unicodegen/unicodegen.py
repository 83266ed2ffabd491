# SPDX-License-Identifier: ISC
"""Make the tables of lib/unicode out of the Unicode Character Database.

    unicodegen.py UCD_FOLDER TABLES.h

What is newer than VERSION is left out. Each code point gets a number: its combining class if it
stands for itself, IGNORABLE, or MAPPING_FIRST plus the number of its mapping, which is complete:
no code point in it maps any further. Blocks of equal numbers are kept once.
"""
import sys
from pathlib import Path

VERSION = (12, 1)
LIMIT = 0x110000
BLOCK_SIZE = 128
IGNORABLE = 256
MAPPING_FIRST = 257
EXPANSION_MAX = 4
GROWTH_MAX = 3


class DataError(Exception):
    """A file of the database is not what it should be."""


def rows(folder: Path, name: str) -> list[list[str]]:
    """The fields of each line of a file, without comments."""
    path = folder / name
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise DataError(f"{path}: {error.strerror} (the package unicode-data has it)") from error
    kept = (line.split("#")[0].strip() for line in lines)
    return [[field.strip() for field in line.split(";")] for line in kept if line]


def code_points(text: str) -> range:
    """One code point or a range, as files write it."""
    first, _, last = text.partition("..")
    return range(int(first, 16), int(last or first, 16) + 1)


def ages(folder: Path) -> tuple[set[int], set[int]]:
    """The code points that VERSION assigns, and those that only later versions do."""
    known: set[int] = set()
    later: set[int] = set()
    for field, age in rows(folder, "DerivedAge.txt"):
        old_enough = tuple(int(part) for part in age.split(".")) <= VERSION
        (known if old_enough else later).update(code_points(field))
    return known, later


def _decompositions(folder: Path, known: set[int]) -> tuple[dict[int, list[int]], dict[int, int]]:
    mappings, classes = {}, {}
    for fields in rows(folder, "UnicodeData.txt"):
        code_point = int(fields[0], 16)
        if code_point not in known:
            continue
        if fields[3] != "0":
            classes[code_point] = int(fields[3])
        if fields[5] and not fields[5].startswith("<"):
            mappings[code_point] = [int(part, 16) for part in fields[5].split()]
    return mappings, classes


def _foldings(folder: Path, known: set[int]) -> dict[int, list[int]]:
    return {int(fields[0], 16): [int(part, 16) for part in fields[2].split()]
            for fields in rows(folder, "CaseFolding.txt")
            if fields[1] in ("C", "F") and int(fields[0], 16) in known}


def _ignorable(folder: Path) -> set[int]:
    return {code_point for fields in rows(folder, "DerivedCoreProperties.txt")
            if fields[1] == "Default_Ignorable_Code_Point" for code_point in code_points(fields[0])}


def numbers(folder: Path) -> tuple[list[int], list[str]]:
    """The number of every code point, and the mappings as strings."""
    known, later = ages(folder)
    decompositions, classes = _decompositions(folder, known)
    foldings, ignorable = _foldings(folder, known), _ignorable(folder) - later

    def complete(code_point: int) -> list[int]:
        if code_point in ignorable:
            return []
        steps = decompositions.get(code_point) or foldings.get(code_point)
        if steps is None:
            return [code_point]
        return [result for step in steps for result in complete(step)]

    texts: dict[str, int] = {}
    table = [classes.get(code_point, 0) for code_point in range(LIMIT)]
    for code_point in ignorable:
        table[code_point] = IGNORABLE
    for code_point in sorted((decompositions.keys() | foldings.keys()) - ignorable):
        text = "".join(map(chr, complete(code_point)))
        if len(text) > EXPANSION_MAX or not text or \
                len(text.encode()) > GROWTH_MAX * len(chr(code_point).encode()):
            raise DataError(f"U+{code_point:04X} becomes {text!r}: more than lib/unicode allows")
        table[code_point] = MAPPING_FIRST + texts.setdefault(text, len(texts))
    return table, list(texts)


def _array(kind: str, name: str, values: list[int]) -> str:
    lines = [", ".join(map(str, values[at:at + 16])) + "," for at in range(0, len(values), 16)]
    return f"static const {kind} {name}[] = {{\n" + "\n".join(lines) + "\n};\n"


def header(folder: Path) -> str:
    """The text of <unicode_tables.h>."""
    table, texts = numbers(folder)
    kinds: dict[tuple[int, ...], int] = {}
    blocks = [kinds.setdefault(tuple(table[at:at + BLOCK_SIZE]), len(kinds))
              for at in range(0, LIMIT, BLOCK_SIZE)]
    offsets, text = [0], b""
    for mapping in texts:
        text += mapping.encode()
        offsets.append(len(text))
    if len(text) > 0xFFFF or len(kinds) > 0xFF or MAPPING_FIRST + len(texts) > 0xFFFF:
        raise DataError("the tables have outgrown their 8 or 16 bits")
    return "".join((
        "/* Made by tools/unicodegen out of the Unicode Character Database. */\n",
        "#pragma once\n\n#include <stdint.h>\n\n",
        f"constexpr uint32_t unicode_block_size = {BLOCK_SIZE};\n",
        f"constexpr uint32_t unicode_ignorable = {IGNORABLE};\n",
        f"constexpr uint32_t unicode_mapping_first = {MAPPING_FIRST};\n",
        _array("uint8_t", "unicode_blocks", blocks),
        _array("uint16_t", "unicode_properties",
               [number for kind in kinds for number in kind]),
        _array("uint16_t", "unicode_mappings", offsets),
        _array("uint8_t", "unicode_text", list(text)),
    ))


def main(arguments: list[str]) -> int:
    """The command line: where the database is and what to write."""
    if len(arguments) != 2:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    try:
        text = header(Path(arguments[0]))
    except (DataError, ValueError, IndexError) as error:
        print(f"unicodegen: {error}", file=sys.stderr)
        return 1
    Path(arguments[1]).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
