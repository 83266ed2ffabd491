# SPDX-License-Identifier: ISC
"""What in a serial log depends on time: words that tell one, and lines whose place is a matter of
time. All else is the same in every run of a scenario with the same seed; these lists are the one
place that says so."""
import re
from dataclasses import dataclass

from harness import markers

MASK = "<time>"
ENDED = "(the log has ended)"
TIMING = (
    # How many ticks of the processor each stage of the loader has taken.
    re.compile(r"(?<=^ERIX_BOOTLOADER:HANDOFF )(?:[a-z]+=\d+ ?)+"),
    re.compile(r"\b\d+(?= (?:ns|KiB/s)\b)"),
    # How much programs had been given that were starting when another one failed.
    re.compile(r"(?<=^ERIX_ROOTD:DBG:POST_START_CLEANUP_OK ).*"),
    # In which slot a program keeps what it was given while others ran: spaces of one digit, of two.
    re.compile(r"(?<=^ERIX_KERNEL:GRAPH 0x[0-9a-f] )\d+"),
    re.compile(r"(?<=^ERIX_KERNEL:GRAPH 0x[0-9a-f]{2} )\d+"),
)
# Times in words, which are the same only where time is counted in instructions.
MEASURED = re.compile(r"\b\d+(?= (?:us|ms)\b)")
# Said by programs while rootd, which has the order of all other lines, waits for others: they must
# come, and as often, but where they come depends on how long the disk takes. And the rows of a list
# that is ordered by slots.
PLACELESS = ("ERIX_BLOCKD:READY:GPT", "ERIX_KERNEL:GRAPH 0x*")
# A program that fails or dies ends the run, and how many of those that start at the same time have
# said before that they are ready, and how far rootd has gone on, is a matter of time.
REPORTS = ("rootd: * reports: *", "crashd: process *", "ERIX_ROOTD:DBG:POST_START_CLEANUP_OK*")
OVERTAKEN = ("ERIX_*:READY:*", "ERIX_ROOTD:READY", "ERIX_ROOTD:MEMORY rootd *",
             "ERIX_KERNEL:ROOTD_STAGE:PROBE_SPAWN*")


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
    """The lines that have their place, with their numbers from 1; then the others by their text,
    but for those that a failure may have overtaken."""
    placed, others = [], []
    for number, line in enumerate(map(masked, log), 1):
        (others if any(markers.matches(each, line) for each in PLACELESS) else placed).append(
            (number, line))
    if any(_reports(line) for _, line in placed):
        others = [line for line in others if not _early(line[1])]
    return placed + sorted(others, key=lambda line: line[1])


def _reports(line: str) -> bool:
    return any(markers.matches(each, line) for each in REPORTS)


def _early(line: str) -> bool:
    return any(markers.matches(each, line) for each in OVERTAKEN)


def _overtaken(line: str, by: str) -> bool:
    return _early(line) and _reports(by)


def parting(first: list[str], second: list[str]) -> Parting | None:
    """The first line in which two logs differ by more than time; None if there is none."""
    ended = (0, ENDED)
    ones, others = [*_placed(first), ended], [*_placed(second), ended]
    at, against = 0, 0
    while at < len(ones) and against < len(others):
        one, other = ones[at], others[against]
        if one[1] == other[1]:
            at, against = at + 1, against + 1
        elif _overtaken(one[1], other[1]):
            at += 1
        elif _overtaken(other[1], one[1]):
            against += 1
        else:
            return Parting((one[0], other[0]), one[1], other[1])
    return None
