# SPDX-License-Identifier: ISC
"""Canaries: edits that take one guard out of the tree. Each must make a test fail, for the reason
that it names: a guard whose absence nobody notices is not tested.

One file each in tests/canaries:

    summary = "what is broken"
    [[edit]]                     file, and an exact text `old` in it, once, that becomes `new`
    [fails]                      suite (host, python, scenarios), test, and reason: a pattern
                                 that the failure's message must match; `words`: what the program
                                 of a host test is started with, for example fewer states to look at
"""
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from harness import paths, rotation
from harness.outcome import UsageError
from harness.schema import Checker, Field, Problem
from harness.suggest import did_you_mean

SUITES = ("host", "python", "scenarios")
DUE = 4
TOP = {
    "summary": Field(str),
    "edit": Field(list, item=dict),
    "fails": Field(dict),
}
EDIT = {"file": Field(str), "old": Field(str), "new": Field(str)}
FAILS = {"suite": Field(str, choices=SUITES), "test": Field(str), "reason": Field(str),
         "words": Field(list, [], item=str)}


@dataclass(frozen=True)
class Edit:
    """A text of a file of the tree, and what takes its place."""
    file: str
    old: str
    new: str


@dataclass(frozen=True)
class Canary:
    """What is broken, and which test must fail with which words. A test is PROGRAM:TEST for host
    and Python tests, else the name of a scenario."""
    name: str
    file: Path
    summary: str
    edits: tuple[Edit, ...]
    suite: str
    test: str
    reason: str
    words: tuple[str, ...] = ()

    @property
    def program(self) -> str:
        return self.test.split(":")[0]

    @property
    def case(self) -> str:
        """The one test of the program."""
        return self.test.split(":", 1)[1]


def _check_edit(edit: Edit, index: int, root: Path, checker: Checker) -> None:
    file = root / edit.file
    if not file.is_file():
        checker.complain(f"there is no file {edit.file}", ("edit", index), "file")
        return
    count = file.read_text(encoding="utf-8").count(edit.old)
    if not edit.old or count != 1:
        checker.complain(f"`old` occurs {count} times in {edit.file}, wanted once",
                         ("edit", index), "old")
    if edit.old == edit.new:
        checker.complain("the edit changes nothing", ("edit", index), "new")


def _check_reason(reason: str, checker: Checker) -> None:
    try:
        if re.search(reason, "?"):
            checker.complain("any failure matches", ("fails",), "reason")
    except re.error as error:
        checker.complain(f"not a regular expression: {error}", ("fails",), "reason")


def parse(file: Path, root: Path = paths.ROOT) -> tuple[Canary | None, list[Problem]]:
    """A canary, checked against the tree; or what is wrong with it."""
    source = file.read_text(encoding="utf-8")
    checker = Checker(file, source)
    try:
        data = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        checker.complain(f"not TOML: {error}")
        return None, checker.problems
    top = checker.table(data, TOP)
    fails = checker.table(data.get("fails", {}), FAILS, ("fails",))
    rows = data.get("edit") if isinstance(data.get("edit"), list) else []
    edits = [checker.table(row, EDIT, ("edit", index)) for index, row in enumerate(rows)]
    if not rows:
        checker.complain("a canary has at least one [[edit]]")
    if checker.problems:
        return None, checker.problems
    found = tuple(Edit(**row) for row in edits)
    for index, edit in enumerate(found):
        _check_edit(edit, index, root, checker)
    if (":" in fails["test"]) != (fails["suite"] != "scenarios"):
        checker.complain("`test` is PROGRAM:TEST, or the name of a scenario", ("fails",), "test")
    if fails["words"] and fails["suite"] != "host":
        checker.complain("only a host test takes words", ("fails",), "words")
    _check_reason(fails["reason"], checker)
    if checker.problems:
        return None, checker.problems
    return Canary(file.stem, file, top["summary"], found, fails["suite"], fails["test"],
                  fails["reason"], tuple(fails["words"])), []


def read_all(folder: Path = paths.CANARIES, root: Path = paths.ROOT
             ) -> tuple[list[Canary], list[Problem]]:
    """All canaries by name, and everything that is wrong with them."""
    canaries: list[Canary] = []
    problems: list[Problem] = []
    for file in sorted(folder.glob("*.toml")):
        found, wrong = parse(file, root)
        canaries += [found] if found else []
        problems += wrong
    return canaries, problems


def choose(names: list[str]) -> list[Canary]:
    """The named canaries, or all. Raises UsageError for a name that there is not, or a canary that
    is itself broken."""
    canaries, problems = read_all()
    if problems:
        raise UsageError("\n".join(str(problem) for problem in problems))
    if not canaries:
        raise UsageError(f"there are no canaries in {paths.shown(paths.CANARIES)}")
    known = {canary.name: canary for canary in canaries}
    for name in names:
        if name not in known:
            raise UsageError(f"no canary `{name}`" + did_you_mean(name, known))
    return [known[name] for name in names] if names else canaries


def due(canaries: list[Canary], turn: int) -> list[Canary]:
    """The canaries of a turn: DUE of them, or as many as it takes that each has its turn."""
    known = {canary.name: canary for canary in canaries}
    count = max(DUE, -(-len(canaries) // rotation.TURNS))
    return [known[name] for name in rotation.pick(list(known), count, turn)]
