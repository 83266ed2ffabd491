# SPDX-License-Identifier: ISC
"""How many tests there are, fixed in tests/expected-counts.toml: for each program of tests, each
file of scenarios, each canary and each table of costs. More is a failure as well as fewer, so that
what is added or goes is seen in a review. `./erix test --write-counts` renews the numbers of what
was run, and those that need no run.
"""
from collections import Counter

from harness import canary, costs, programs, volumes
from harness.check import Check, Job
from harness.scenario import Scenario, load_all

NAME = "expected numbers"
RENEW = programs.RENEW
STATIC = ("scenarios", "canaries", "bench", "media")


def of_tree(scenarios: list[Scenario]) -> dict[str, dict[str, int]]:
    """The numbers that need no run."""
    return {"scenarios": dict(Counter(each.file.stem for each in scenarios)),
            "canaries": {each.name: 1 for each in canary.read_all()[0]},
            "bench": {table: len(rows) for table, rows in costs.load().items()},
            "media": volumes.numbers()}


def problems(actual: dict[str, int], expected: dict[str, int]) -> list[str]:
    """Where the numbers differ."""
    return [f"{name}: {actual.get(name, 0)}, expected are {expected.get(name, 0)}"
            for name in sorted({*actual, *expected})
            if actual.get(name, 0) != expected.get(name, 0)]


def job(suite: str) -> Job:
    """A job that compares the numbers of a suite that need no run."""
    def execute() -> list[Check]:
        found = problems(of_tree(load_all())[suite], programs.expected_counts().get(suite, {}))
        return [Check(suite, NAME, not found, tuple(found + [RENEW] if found else ()))]
    return Job(suite, NAME, 0.0, execute)


def write(checks: list[Check]) -> None:
    """Renew the file from the checks of a run."""
    counts = programs.expected_counts()
    for suite in ("host", "python"):
        names = [check.name.split(":")[0] for check in checks
                 if check.suite == suite and ":" in check.name]
        if names:
            counts[suite] = dict(Counter(names))
    programs.write_counts(counts | of_tree(load_all()))
