# SPDX-License-Identifier: ISC
"""tests/durations.toml: CPU seconds of each job, the same for everybody who has the same tree.

It is what shards are balanced by, so it must not depend on the machine that looks at it.
"""
import tomllib
from pathlib import Path

from harness import paths, state
from harness.check import Check

TOP = """\
# SPDX-License-Identifier: ISC
#
# CPU seconds that each job takes, by which `./erix test --shard` balances. Nothing fails if one is
# wrong or missing; `./erix test --write-counts` writes them from its run.
"""
SHORT_S = 0.3


def load(path: Path = paths.DURATIONS) -> dict[str, float]:
    """Label of a job -> seconds."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return {f"{suite}/{name}": seconds for suite, rows in tables.items()
            for name, seconds in rows.items()}


def of(checks: list[Check]) -> dict[str, dict[str, float]]:
    """Suite -> job -> seconds, of checks that were run now; wall time where no other is known."""
    found: dict[str, dict[str, float]] = {}
    for check in checks:
        if not check.cached:
            rows = found.setdefault(check.suite, {})
            name = check.name.split(":")[0]
            rows[name] = rows.get(name, 0.0) + (check.cpu_s or check.wall_s)
    return found


def write(checks: list[Check], path: Path = paths.DURATIONS) -> None:
    """Write the seconds of a run; what it did not do keeps its number. Short jobs are all alike."""
    rows = load(path)
    rows |= {f"{suite}/{name}": seconds for suite, names in of(checks).items()
             for name, seconds in names.items()}
    lines, suite = [TOP], ""
    for label in sorted(label for label, seconds in rows.items() if seconds >= SHORT_S):
        if label.partition("/")[0] != suite:
            suite = label.partition("/")[0]
            lines.append(f"\n[{suite}]\n")
        lines.append(f'"{label.partition("/")[2]}" = {rows[label]:.1f}\n')
    state.write_atomically(path, "".join(lines).encode())
