# SPDX-License-Identifier: ISC
"""What the kernel's operations may cost: tests/costs.toml, a row for each figure of a
benchmark.

    NAME = { cost = 374, must = 600, aim = 400 }

`cost` is what it was when the table was written; a figure that is more than TOLERANCE away from it,
to either side, wants a new table and a reason. `must` is a limit of its own, which a new table does
not move; `aim` is only shown. A row without `cost` is of a figure that is sampled and so not exact.
"""
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path

from harness import bench, paths, report, runner, state
from harness.check import Check
from harness.outcome import UsageError

FILE = paths.TESTS / "costs.toml"
TOLERANCE = 0.02
TOP = """\
# SPDX-License-Identifier: ISC
#
# What the kernel's operations cost: instructions, or bytes where the name says so. README.md,
# "Measuring". `./erix test bench` fails where a figure is more than 2 % away from `cost`, or above
# `must`. After a change that is meant: `./erix bench NAME --write-costs`, and say in the commit why
# it costs what it costs now. Rows without `cost` are sampled, not exact.
"""


@dataclass(frozen=True)
class Cost:
    """A row of the table."""
    cost: int | None = None
    must: int | None = None
    aim: int | None = None


def _cost(place: str, row: object) -> Cost:
    wrong = UsageError(f"{place}: wants {{ cost = …, must = …, aim = … }}, or some of them, whole "
                       "numbers")
    if not isinstance(row, dict) or set(row) - {"cost", "must", "aim"}:
        raise wrong
    if any(type(value) is not int or value < 0 for value in row.values()):
        raise wrong
    return Cost(**row)


def load(path: Path = FILE) -> dict[str, dict[str, Cost]]:
    """The tables of all benchmarks that have one; raises UsageError if something is wrong there."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path}: {error}") from None
    for benchmark, rows in tables.items():
        if not isinstance(rows, dict) or not rows:
            raise UsageError(f"{path}: [{benchmark}] has no rows")
    return {benchmark: {name: _cost(f"{path}: {benchmark}.{name}", row)
                        for name, row in rows.items()}
            for benchmark, rows in tables.items()}


def table(benchmark: str) -> dict[str, Cost]:
    """The rows of one benchmark; none if it has no table."""
    return load().get(benchmark, {})


def _problem(name: str, figure: int, row: Cost) -> str | None:
    if row.must is not None and figure > row.must:
        return f"{name}: {figure}, but it must not be above {row.must}"
    if row.cost is None or abs(figure - row.cost) <= row.cost * TOLERANCE:
        return None
    change = f"{(figure - row.cost) / row.cost * 100:+.1f} %" if row.cost else "from nothing"
    return f"{name}: {figure} instead of {row.cost} ({change})"


def problems(benchmark: str, figures: dict[str, int], rows: dict[str, Cost] | None = None
             ) -> list[str]:
    """What the figures of a benchmark do not keep of its table, and what to do about it; nothing
    if it has none."""
    rows = table(benchmark) if rows is None else rows
    if not rows:
        return []
    found = [_problem(name, figures[name], row) for name, row in rows.items() if name in figures]
    found += [f"{name}: in the table, but was not measured"
              for name in rows if name not in figures]
    found += [f"{name}: {figures[name]}, but it is not in the table"
              for name in figures if name not in rows]
    wrong = [each for each in found if each]
    if wrong:
        wrong.append(f"if that is meant: ./erix bench {benchmark} --write-costs renews the cost in "
                     f"{FILE.relative_to(paths.ROOT)} (`must` stays); say why in the commit")
    return wrong


def _row(name: str, row: Cost) -> str:
    keys = [f"{key} = {value}" for key, value in vars(row).items() if value is not None]
    return f"{name} = {{ {', '.join(keys)} }}".replace("{  }", "{}")


def _renewed(figure: int, row: Cost | None) -> Cost:
    if row is None:
        return Cost(figure)
    return row if row.cost is None else replace(row, cost=figure)


def write(benchmark: str, figures: dict[str, int], path: Path = FILE) -> None:
    """Make the figures the costs of this benchmark; limits stay, other tables stay."""
    tables = load(path) if path.exists() else {}
    old = tables.get(benchmark, {})
    tables[benchmark] = {
        name: _renewed(figure, old.get(name)) for name, figure in figures.items()}
    lines = [TOP]
    for name in sorted(tables):
        lines += [f"[{name}]", *(_row(key, row) for key, row in tables[name].items()), ""]
    state.write_atomically(path, "\n".join(lines).encode())


def check(benchmark: str, context: runner.Context) -> Check:
    """Run a benchmark and hold its table."""
    scenario = bench.load(benchmark)
    result = runner.run(scenario, context)
    if not result.passed:
        wrong = tuple(report.reason_lines(scenario, result))
    else:
        reading = bench.read(benchmark, result)
        wrong = (*reading.problems, *problems(benchmark, reading.figures))
    return Check("bench", benchmark, not wrong, wrong, result.cpu_s, result.wall_s,
                 f"{result.cpu_s:5.1f} cpu", result.folder.name)
