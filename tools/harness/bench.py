# SPDX-License-Identifier: ISC
"""Measurements under instruction counting: a benchmark is a scenario whose lines and times are
read.

With -icount shift=0,sleep=off one instruction takes one nanosecond of guest time, so the numbers do
not depend on the machine. Operations are counted by the guest itself, exactly, on lines of their
own:

    ERIX_KERNEL:BENCH NAME MINIMUM MEDIAN MAXIMUM    in instructions

The stages of a boot are timed from outside, when a marker arrives: good to about a millisecond.
Those of the loader it counts itself, a tick an instruction.
"""
import re
from dataclasses import dataclass

from harness import markers, paths
from harness.machine import PM_TIMER_HZ
from harness.outcome import UsageError
from harness.runner import Stamp
from harness.scenario import Scenario, load_all
from harness.suggest import did_you_mean

FOLDER = paths.TESTS / "bench"
HANDOFF_MARKER = "ERIX_BOOTLOADER:HANDOFF"
HANDOFF = re.compile(HANDOFF_MARKER + r"((?: [a-z]+=\d+)+)\s*\Z")
LOADER_STAGE = re.compile(r"([a-z]+)=(\d+)")
RATE = re.compile(r"fsbench ([a-z]+) (\d+) KiB/s\Z")
MEASURE = re.compile(r"ERIX_KERNEL:BENCH ([a-z0-9_]+) (\d+) (\d+) (\d+)\s*\Z")


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


def _loader_stages(lines: list[str]) -> list[tuple[str, int]]:
    """What the loader counted itself, stage by stage: it says its first markers together, when it
    knows that the image is none of a release."""
    for line in lines:
        found = HANDOFF.match(markers.clean(line).strip())
        if found:
            return [(name, int(ticks)) for name, ticks in LOADER_STAGE.findall(found[1])]
    return []


def rates(lines: list[str]) -> list[Measure]:
    """Throughputs that fsbench said, as instructions for each KiB: all that the machine did
    meanwhile, in every program and in the kernel."""
    found: dict[str, list[int]] = {}
    for line in lines:
        match = RATE.match(markers.clean(line).strip())
        if match:
            found.setdefault(match[1], []).append(1_000_000_000 // int(match[2]))
    return [Measure(f"{name}_per_kib", min(values), sorted(values)[len(values) // 2], max(values))
            for name, values in found.items()]


def stages(stamps: tuple[Stamp, ...], lines: list[str] = ()) -> list[Stage]:
    """When each stage was reached, counted from the loader's first instruction where the loader
    says how long it took, else from the first marker."""
    result: list[Stage] = []
    for name, ticks in _loader_stages(lines):
        at_ns = (result[-1].at_ns if result else 0) + ticks
        result.append(Stage(f"loader: {name}", at_ns, ticks))
    base_ns = result[-1].at_ns if result else 0
    first = next((at for at, stamp in enumerate(stamps) if stamp.marker == HANDOFF_MARKER), 0) \
        if result else 0
    for stamp in stamps[first:]:
        at_ns = base_ns + (stamp.ticks - stamps[first].ticks) * 1_000_000_000 // PM_TIMER_HZ
        result.append(Stage(stamp.marker, at_ns, at_ns - (result[-1].at_ns if result else 0)))
    return result
