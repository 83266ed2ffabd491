# SPDX-License-Identifier: ISC
"""Groups: named lists of scenarios, one file each in tests/scenario-groups.

A line is a scenario's name or a pattern; # starts a comment. A scenario of a matrix is named by its
file or with its values.
"""
import fnmatch
from pathlib import Path

from harness import paths
from harness.schema import Problem
from harness.suggest import nearest


def _lines(file: Path) -> list[tuple[int, str]]:
    text = file.read_text(encoding="utf-8").splitlines()
    plain = [(number, line.split("#")[0].strip()) for number, line in enumerate(text, 1)]
    return [(number, line) for number, line in plain if line]


def fits(pattern: str, name: str) -> bool:
    """Whether a line of a group means a scenario."""
    if pattern in (name, name.split("[")[0]):
        return True
    return fnmatch.fnmatchcase(name, pattern) and "[" not in pattern


def names(folder: Path = paths.GROUPS) -> list[str]:
    return sorted(file.stem for file in folder.glob("*.txt"))


def members(group: str, scenario_names: list[str], folder: Path = paths.GROUPS) -> list[str]:
    """The scenarios of a group, in their own order."""
    patterns = [line for _, line in _lines(folder / f"{group}.txt")]
    return [name for name in scenario_names if any(fits(each, name) for each in patterns)]


def problems(scenario_names: list[str], folder: Path = paths.GROUPS) -> list[Problem]:
    """Groups that are empty, and lines that mean no scenario."""
    found = []
    for file in sorted(folder.glob("*.txt")):
        lines = _lines(file)
        if not lines:
            found.append(Problem(file, 1, 0, "the group is empty"))
        seen: set[str] = set()
        for number, line in lines:
            if line in seen:
                found.append(Problem(file, number, 0, f"`{line}` is listed twice", line))
            seen.add(line)
            if not any(fits(line, name) for name in scenario_names):
                meant = nearest(line, scenario_names)
                hint = f"did you mean `{meant}`?" if meant else ""
                found.append(Problem(file, number, 0, f"no scenario `{line}`", line, hint))
    return found
