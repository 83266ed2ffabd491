# SPDX-License-Identifier: ISC
"""Measurements in exact instruction counts: a benchmark is a scenario under icount whose lines are
read.

With -icount shift=0,sleep=off one instruction takes one nanosecond of guest time, so the numbers
are the same on every machine and in every run. The guest says them on lines of their own:

    ERIX_KERNEL:BENCH NAME MINIMUM MEDIAN MAXIMUM    one operation, in instructions
    MARKER t=TICKS                                   the time stamp counter, behind any marker
"""
import re
from dataclasses import dataclass

from harness import markers, paths
from harness.outcome import UsageError
from harness.scenario import Scenario, load_all
from harness.suggest import did_you_mean

FOLDER = paths.TESTS / "bench"
MEASURE = re.compile(r"ERIX_KERNEL:BENCH ([a-z0-9_]+) (\d+) (\d+) (\d+)\s*\Z")
STAMP = re.compile(r"(ERIX_[A-Z0-9_:]+)\b.* t=(\d+)\s*\Z")


@dataclass(frozen=True)
class Measure:
    """One operation: the cheapest, the middle and the dearest of its repetitions, in
    instructions."""
    name: str
    minimum: int
    median: int
    maximum: int


@dataclass(frozen=True)
class Stage:
    """A marker, when it came after the first one, and how long after the one before, in ns."""
    marker: str
    at_ns: int
    step_ns: int


def names() -> list[str]:
    return sorted(file.stem for file in FOLDER.glob("*.toml"))


def load(name: str) -> Scenario:
    """The benchmark of that name; raises UsageError if there is none or it has no icount."""
    found = {scenario.name: scenario for scenario in load_all(FOLDER)}
    if name not in found:
        raise UsageError(f"no benchmark `{name}`{did_you_mean(name, found)}; there are: "
                         + ", ".join(found))
    if found[name].boot.icount != 0:
        raise UsageError(f"{name}: a benchmark needs [boot] icount = 0")
    return found[name]


def measurements(lines: list[str]) -> list[Measure]:
    """The numbers that the guest said, in their order."""
    found = (MEASURE.match(markers.clean(line).strip()) for line in lines)
    return [Measure(match[1], int(match[2]), int(match[3]), int(match[4]))
            for match in found if match]


def stages(lines: list[str]) -> list[Stage]:
    """The markers that carry the time stamp counter, in their order."""
    result: list[Stage] = []
    first = last = None
    for line in lines:
        match = STAMP.match(markers.clean(line).strip())
        if match:
            ticks = int(match[2])
            first = ticks if first is None else first
            result.append(Stage(match[1], ticks - first, ticks - (first if last is None else last)))
            last = ticks
    return result
