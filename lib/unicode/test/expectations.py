# SPDX-License-Identifier: ISC
"""What lib/unicode should say, out of another source: Python's own Unicode tables.

    expectations.py UCD_FOLDER EXPECTED.h

Only the age of code points is taken from the database; the ignorable ones of 12.1 are written down
here. Writes every code point that does not fold to itself, and random strings with their folds.
"""
import random
import sys
import unicodedata
from pathlib import Path

VERSION = (12, 1)
IGNORABLE = {code_point for first, last in (
    (0x00AD, 0x00AD), (0x034F, 0x034F), (0x061C, 0x061C), (0x115F, 0x1160), (0x17B4, 0x17B5),
    (0x180B, 0x180E), (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164),
    (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8), (0x1BCA0, 0x1BCA3),
    (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF)) for code_point in range(first, last + 1)}
STRINGS = 3000
SURROGATES = range(0xD800, 0xE000)


def known_code_points(folder: Path) -> list[int]:
    """The code points that VERSION assigns, but for surrogates."""
    found = []
    for line in (folder / "DerivedAge.txt").read_text(encoding="utf-8").splitlines():
        field, _, age = line.split("#")[0].partition(";")
        if age.strip() and tuple(map(int, age.split("."))) <= VERSION:
            first, _, last = field.strip().partition("..")
            found += range(int(first, 16), int(last or first, 16) + 1)
    return sorted(set(found) - set(SURROGATES))


def fold(string: str) -> str:
    """Each code point alone, then all together into normal order, then without the ignorable."""
    folded = "".join(unicodedata.normalize("NFD", character).casefold() for character in string)
    return "".join(character for character in unicodedata.normalize("NFD", folded)
                   if ord(character) not in IGNORABLE)


def literal(string: str) -> str:
    """A string as C writes its bytes."""
    return '"' + "".join(f"\\{byte:03o}" for byte in string.encode()) + '"'


def main(arguments: list[str]) -> int:
    """The command line: where the database is and what to write."""
    known = known_code_points(Path(arguments[0]))
    singles = sorted(set(known) | IGNORABLE)
    dice = random.Random(121)
    marks = [point for point in known if unicodedata.combining(chr(point))]
    changing = [point for point in known if fold(chr(point)) != chr(point)]
    lines = ["struct expected_fold {\n    uint32_t code_point;\n    const char *text;\n};\n",
             "static const struct expected_fold expected_folds[] = {"]
    lines += [f"    {{0x{point:x}, {literal(fold(chr(point)))}}}," for point in singles
              if fold(chr(point)) != chr(point)]
    lines += ["};", "static const char *const expected_strings[][2] = {"]
    for _ in range(STRINGS):
        points = [dice.choice(dice.choice((known, marks, marks, changing, sorted(IGNORABLE))))
                  for _ in range(dice.randint(1, 12))]
        string = "".join(chr(point) for point in points if point)
        lines.append(f"    {{{literal(string)}, {literal(fold(string))}}},")
    Path(arguments[1]).write_text("\n".join(lines + ["};", ""]), encoding="ascii")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
