# SPDX-License-Identifier: ISC
"""Measurements in exact instruction counts: a benchmark is a scenario under icount whose lines are read.

With -icount shift=0,sleep=off one instruction takes one nanosecond of guest time, so the numbers are the same
on every machine and in every run. The guest says them on lines of their own:

    ERIX_KERNEL:BENCH NAME=VALUE            one measurement, a whole number
    MARKER t=NANOSECONDS                    guest time since the loader was entered, behind any marker
"""
import re
from dataclasses import dataclass

from harness import markers
from harness.outcome import UsageError
from harness.scenario import Scenario, load_all
from harness.suggest import did_you_mean
from harness import paths

FOLDER = paths.TESTS / "bench"
MEASURE = re.compile(r"ERIX_KERNEL:BENCH ([a-z0-9_]+)=(\d+)\s*\Z")
STAMP = re.compile(r"(ERIX_[A-Z0-9_:]+)\b.* t=(\d+)\s*\Z")


@dataclass(frozen=True)
class Stage:
    """A marker, when it came, and how long that was after the one before, in ns of guest time."""
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


def measurements(lines: list[str]) -> dict[str, int]:
    """The numbers that the guest said, in their order."""
    found = (MEASURE.match(markers.clean(line).strip()) for line in lines)
    return {match[1]: int(match[2]) for match in found if match}


def stages(lines: list[str]) -> list[Stage]:
    """The markers that carry guest time, in their order."""
    result: list[Stage] = []
    for line in lines:
        match = STAMP.match(markers.clean(line).strip())
        if match:
            at_ns = int(match[2])
            result.append(Stage(match[1], at_ns, at_ns - (result[-1].at_ns if result else 0)))
    return result
