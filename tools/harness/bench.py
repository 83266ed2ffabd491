# SPDX-License-Identifier: ISC
"""Measurements under instruction counting: a benchmark is a scenario whose lines and times are
read.

With -icount shift=0 one instruction takes one nanosecond of guest time, so the numbers do
not depend on the machine. Operations are counted by the guest itself, exactly, on lines of their
own:

    ERIX_KERNEL:BENCH NAME MINIMUM MEDIAN MAXIMUM SINGLE LOADS
    ERIX_KERNEL:BENCH NAME FIGURE

in instructions: of batches, and of the cheapest single shot; and how often the tables of an address
space were loaded.

The stages of a boot are timed from outside, when a marker arrives: good to about a millisecond.
Those of the loader it counts itself, a tick an instruction.
"""
import re
import struct
from dataclasses import dataclass
from pathlib import Path

from harness import markers, paths
from harness.machine import PM_TIMER_HZ
from harness.outcome import UsageError
from harness.runner import Result, Stamp
from harness.scenario import Scenario, load_all
from harness.suggest import did_you_mean

FOLDER = paths.TESTS / "bench"
KERNEL = paths.BUILD / "target" / "kernel" / "kernel"
HANDOFF_MARKER = "ERIX_BOOTLOADER:HANDOFF"
HANDOFF = re.compile(HANDOFF_MARKER + r"((?: [a-z]+=\d+)+)\s*\Z")
LOADER_STAGE = re.compile(r"([a-z]+)=(\d+)")
RATE = re.compile(r"fsbench ([a-z]+) (\d+) KiB/s\Z")
MEASURE = re.compile(r"ERIX_KERNEL:BENCH ([a-z0-9_]+) (\d+)(?: (\d+) (\d+) (\d+) (\d+))?\s*\Z")

PROCESS = re.compile(r" *\d+  (?:starting|running|waiting|ended) +\d+ +(\d+) +[\d.]+  (\S+)\Z")
ROOT_MEMORY = re.compile(r"ERIX_ROOTD:MEMORY (\S+) (\d+)\Z")
BYTES = "bytes"  # the tag of benchmarks that measure no time
SINGLE_MAY_DIFFER = 2
SEGMENT_LOAD = 1
SEGMENT_EXECUTABLE = 1


@dataclass(frozen=True)
class Measure:
    """One operation: the cheapest, the middle and the dearest of its repetitions, in instructions;
    the cheapest single shot and the address spaces that were loaded, where it was repeated."""
    name: str
    minimum: int
    median: int
    maximum: int
    single: int | None = None
    table_loads: int | None = None


@dataclass(frozen=True)
class Stage:
    """A marker, when it came after the first one, and how long after the one before, in ns."""
    marker: str
    at_ns: int
    step_ns: int


def names() -> list[str]:
    return sorted(file.stem for file in FOLDER.glob("*.toml"))


def load(name: str) -> Scenario:
    """The benchmark of that name; raises UsageError if there is none or it has no icount, which
    all need but those that are about bytes."""
    found = {scenario.name: scenario for scenario in load_all(FOLDER)}
    if name not in found:
        raise UsageError(f"no benchmark `{name}`{did_you_mean(name, found)}; there are: "
                         + ", ".join(found))
    if found[name].boot.icount != 0 and BYTES not in found[name].tags:
        raise UsageError(f"{name}: a benchmark of instructions needs [boot] icount = 0")
    return found[name]


def measurements(lines: list[str]) -> list[Measure]:
    """The numbers that the guest said, in their order."""
    result = []
    for line in lines:
        match = MEASURE.match(markers.clean(line).strip())
        if match and match[3]:
            result.append(Measure(match[1], *map(int, match.groups()[1:])))
        elif match:
            result.append(Measure(match[1], *[int(match[2])] * 3))
    return result


def inexact(measures: list[Measure]) -> list[str]:
    """Where repetitions differ: something else ran, so no figure of that operation is true. A
    single shot may differ by the call of an empty function, which the loop around a batch hides."""
    return [f"{each.name}: not exact: {each.minimum} to {each.maximum}, alone {each.single}"
            for each in measures if each.single is not None
            and (each.minimum != each.maximum
                 or abs(each.single - each.median) > SINGLE_MAY_DIFFER)]


def figures(measures: list[Measure]) -> dict[str, int]:
    """The numbers of a benchmark, one object: medians by name, and loaded address spaces."""
    result = {}
    for each in measures:
        result[each.name] = each.median
        if each.table_loads is not None:
            result[f"{each.name}_table_loads"] = each.table_loads
    return result


def text_bytes(elf: Path) -> int:
    """How much code a program has: its executable segments."""
    data = elf.read_bytes()
    table, entry_bytes, count = (*struct.unpack_from("<Q", data, 32),
                                 *struct.unpack_from("<HH", data, 54))
    headers = [struct.unpack_from("<IIQQQQQQ", data, table + entry_bytes * at)
               for at in range(count)]
    return sum(header[5] for header in headers
               if header[0] == SEGMENT_LOAD and header[1] & SEGMENT_EXECUTABLE)


def memory_figures(lines: list[str]) -> dict[str, int]:
    """Bytes that were given to each program: what rootd said of itself and of those that it starts,
    what `ps` said at the prompt of all others. A program that runs more than once is counted
    together."""
    result: dict[str, int] = {}
    for line in lines:
        text = markers.clean(line).rstrip()
        if match := PROCESS.match(text):
            name, size_bytes = match[2].rsplit("/", 1)[-1], int(match[1]) * 1024
        elif match := ROOT_MEMORY.match(text):
            name, size_bytes = match[1], int(match[2])
        else:
            continue
        figure = f"memory_{name.replace('-', '_')}"
        result[figure] = result.get(figure, 0) + size_bytes
    return result


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
    says how long it took, else from the first marker. Markers whose time is not told are none."""
    result: list[Stage] = []
    stamps = [stamp for stamp in stamps if stamp.ticks is not None]
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


@dataclass(frozen=True)
class Reading:
    """What a passed run of a benchmark said: operations, or the stages of a boot; all numbers by
    name; and why they cannot be true, if so."""
    name: str
    measures: tuple[Measure, ...]
    stages: tuple[Stage, ...]
    figures: dict[str, int]
    problems: tuple[str, ...]


def read(name: str, result: Result) -> Reading:
    """The numbers in the log of a passed run; raises UsageError if there are none."""
    text = (result.folder / "serial.log").read_text(encoding="utf-8", errors="replace")
    lines = text.splitlines()
    kernel = measurements(lines)
    measures = kernel + rates(lines)
    numbers = figures(measures) | memory_figures(lines)
    if kernel:
        numbers["kernel_text_bytes"] = text_bytes(KERNEL)
    found = [] if measures or BYTES in load(name).tags else stages(result.stamps, lines)
    numbers |= {stage.marker: stage.at_ns for stage in found}
    if not numbers:
        raise UsageError(f"{name}: the run passed, but said no number")
    return Reading(name, tuple(measures), tuple(found), numbers, tuple(inexact(kernel)))
