# SPDX-License-Identifier: ISC
"""Which words of a serial log tell a time. All others are the same in every run of a scenario with
the same seed; this list is the one place that says so."""
import re
from dataclasses import dataclass

from harness import markers

MASK = "<time>"
TIMING = (
    # How many ticks of the processor each stage of the loader has taken.
    re.compile(r"(?<=^ERIX_BOOTLOADER:HANDOFF )(?:[a-z]+=\d+ ?)+"),
)


@dataclass(frozen=True)
class Parting:
    """Where two logs part: the number of the line, from 1, and what each has there."""
    line: int
    first: str
    second: str

    def __str__(self) -> str:
        return f"line {self.line}: `{self.first}` and `{self.second}`"


def masked(line: str) -> str:
    """A line of a log without control characters, and with MASK where it tells a time."""
    text = markers.clean(line).rstrip()
    for pattern in TIMING:
        text = pattern.sub(MASK, text)
    return text


def parting(first: list[str], second: list[str]) -> Parting | None:
    """The first line in which two logs differ by more than times; None if there is none."""
    ended = "(the log has ended)"
    for at in range(max(len(first), len(second))):
        pair = [masked(log[at]) if at < len(log) else ended for log in (first, second)]
        if pair[0] != pair[1]:
            return Parting(at + 1, *pair)
    return None
