# SPDX-License-Identifier: ISC
"""What in a serial log depends on time: words that tell one, and lines whose place is a matter of
time. All else is the same in every run of a scenario with the same seed; these lists are the one
place that says so."""
import itertools
import re
from dataclasses import dataclass

from harness import markers

MASK = "<time>"
ENDED = "(the log has ended)"
TIMING = (
    # How many ticks of the processor each stage of the loader has taken.
    re.compile(r"(?<=^ERIX_BOOTLOADER:HANDOFF )(?:[a-z]+=\d+ ?)+"),
)
# Times in words, which are the same only where time is counted in instructions.
MEASURED = re.compile(r"\b\d+(?= (?:ns|us|ms)\b)")
# Said by programs while rootd, which has the order of all other lines, waits for others: they must
# come, and as often, but where they come depends on how long the disk takes.
PLACELESS = ("ERIX_BLOCKD:READY:GPT",)


@dataclass(frozen=True)
class Parting:
    """Where two logs part: the number of the line in each, from 1, or 0 where it has ended; and
    what each has there."""
    lines: tuple[int, int]
    first: str
    second: str

    @property
    def line(self) -> int:
        """The number in the first log, or in the other one if the first has ended."""
        return self.lines[0] or self.lines[1]

    def __str__(self) -> str:
        return f"line {self.line}: `{self.first}` and `{self.second}`"


def masked(line: str) -> str:
    """A line of a log without control characters, and with MASK where it tells a time."""
    text = markers.clean(line).rstrip()
    for pattern in TIMING:
        text = pattern.sub(MASK, text)
    return text


def _placed(log: list[str]) -> list[tuple[int, str]]:
    """The lines that have their place, with their numbers from 1; then the others by their text."""
    lines = [(number, masked(line)) for number, line in enumerate(log, 1)]
    return [line for line in lines if line[1] not in PLACELESS] \
        + sorted((line for line in lines if line[1] in PLACELESS), key=lambda line: line[1])


def parting(first: list[str], second: list[str]) -> Parting | None:
    """The first line in which two logs differ by more than time; None if there is none."""
    ended = (0, ENDED)
    for one, other in itertools.zip_longest(_placed(first), _placed(second), fillvalue=ended):
        if one[1] != other[1]:
            return Parting((one[0], other[0]), one[1], other[1])
    return None
