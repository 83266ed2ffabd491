# SPDX-License-Identifier: ISC
"""Markers: the list of the tree, patterns over them, and finding them in a serial log."""
import fnmatch
import re
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from harness import paths
from harness.outcome import UsageError

sys.path.append(str(paths.ROOT / "tools" / "markergen"))
import markergen  # noqa: E402  (a sibling tool, found through the path above)

# Cursor movements, colours and resets that firmware and shells print between the words.
CONTROL = re.compile(r"\x1b(\[[0-9;?=]*[A-Za-z]|[()][0-9A-Za-z]|[=>c78])|[\x00-\x08\x0b-\x1f\x7f]")
TOKEN = re.compile(r"ERIX_[A-Z0-9_]+(?::[A-Z0-9_]+)+")


@dataclass(frozen=True)
class Seen:
    """A marker in a serial log. `at_start`: it began its line, as markers do."""
    text: str
    line: int
    time_s: float
    at_start: bool


@cache
def known(path: Path = paths.MARKERS) -> dict[str, markergen.Marker]:
    """All markers of the tree by text; raises UsageError if the list is broken."""
    try:
        listed = markergen.parse(path.read_text(encoding="utf-8"))
    except markergen.MarkerError as error:
        raise UsageError(f"{paths.shown(path)}: {error}") from error
    return {marker.text: marker for marker in listed}


def is_pattern(text: str) -> bool:
    return any(character in text for character in "*?[")


def matches(pattern: str, text: str) -> bool:
    """Whether a marker fits a pattern; `*` stands for any text, colons included."""
    return fnmatch.fnmatchcase(text, pattern)


def clean(text: str) -> str:
    """A line of the serial log without control characters and sequences."""
    return CONTROL.sub("", text)


def in_line(line: str, number: int, time_s: float) -> list[Seen]:
    """The markers in one line of the log. Only the first can be at its start."""
    text = clean(line)
    return [Seen(found[0], number, time_s, found.start() == 0) for found in TOKEN.finditer(text)]
