# SPDX-License-Identifier: ISC
"""Where in a TOML file a key stands, for messages that point at it (tomllib keeps no places).

Good for keys on lines of their own, which is how scenarios are written; for a key inside an inline
table the line of the table is given.
"""
import re
from dataclasses import dataclass

HEADER = re.compile(r"\s*(\[\[?)\s*([^\]]+?)\s*\]\]?\s*(#.*)?$")
KEY = re.compile(r"""\s*(?:"([^"]+)"|'([^']+)'|([A-Za-z0-9_-]+))\s*=""")


@dataclass(frozen=True)
class Place:
    """A line and column, both from 1; column 0 if only the line is known."""
    line: int
    column: int


def _walk(source: str):
    """Yield (line number, text, table path) where arrays of tables carry their index."""
    table: tuple = ()
    counts: dict[str, int] = {}
    for number, text in enumerate(source.splitlines(), 1):
        header = HEADER.match(text)
        if header:
            name = header[2]
            if header[1] == "[[":
                counts[name] = counts.get(name, -1) + 1
                table = (name, counts[name])
            else:
                table = tuple(name.split("."))
        yield number, text, table


def find(source: str, table: tuple, key: str | None = None) -> Place:
    """The place of a key in a table such as ("expect",) or ("steps", 2), or of the table itself."""
    for number, text, current in _walk(source):
        if current != table:
            continue
        if key is None:
            return Place(number, text.index(text.strip() or text) + 1)
        found = KEY.match(text)
        if found and key in found.groups():
            return Place(number, text.index(key) + 1)
    return find(source, table) if key is not None and table else Place(1, 0)


def find_text(source: str, table: tuple, key: str, text: str) -> Place:
    """The place of a string inside the value of a key, for instance in a list of markers."""
    start = find(source, table, key).line
    for number, line in enumerate(source.splitlines(), 1):
        if number >= start and text in line:
            return Place(number, line.index(text) + 1)
    return Place(start, 0)
