# SPDX-License-Identifier: ISC
"""The log of the last pass of each scenario, and where another log leaves it."""
import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from harness import markers, paths, timing
from harness.outcome import UsageError
from harness.runner import Result
from harness.scenario import Scenario
from harness.template import FUNCTIONS

FOLDER = paths.OUT / "passed"
FILES = ("serial.log", "verdict.json")
FIRST_WORD = "ERIX_BOOTLOADER:"
CONTEXT_LINES = 3
# The runs differ in their nonces, and so in digests of them; what tells a time is in timing.py.
DIGEST = re.compile(r"\b[0-9a-f]{64}\b")


def keep(scenario: Scenario, run: Path) -> None:
    """Remember the log of a run that has passed."""
    target = FOLDER / scenario.folder_name()
    target.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        if (run / name).exists():
            shutil.copyfile(run / name, target / name)


@dataclass(frozen=True)
class Log:
    """The lines of a run from the loader on: as they were, and as they are compared. `skipped`:
    how many lines firmware wrote before."""
    lines: list[str]
    compared: list[str]
    skipped: int


def read(folder: Path) -> Log:
    """The log of a run; raises UsageError if there is none."""
    try:
        text = (folder / "serial.log").read_text(encoding="utf-8", errors="replace")
        nonce = json.loads((folder / "verdict.json").read_text(encoding="utf-8"))["nonce"]
    except (OSError, ValueError, KeyError) as error:
        raise UsageError(f"{paths.shown(folder)} has no log of a finished run: {error}") from error
    lines = [markers.clean(line).rstrip() for line in text.splitlines()]
    first = next((at for at, line in enumerate(lines) if line.startswith(FIRST_WORD)), 0)
    return Log(lines[first:], [_comparable(line, nonce) for line in lines[first:]], first)


def _comparable(line: str, nonce: str) -> str:
    for text in (nonce, *(function(nonce) for function in FUNCTIONS.values())):
        if len(text) > 2:
            line = line.replace(text, "{nonce}")
    return timing.MEASURED.sub(timing.MASK, DIGEST.sub("{digest}", line))


def parting(first: Log, second: Log) -> timing.Parting | None:
    """Where two logs differ; None if they do not."""
    return timing.parting(first.compared, second.compared)


def _around(log: Log, number: int) -> tuple[list[str], list[str]]:
    """The lines before line `number` of a log, from 1, and those from it on; 0: behind its end."""
    at = number - 1 if number else len(log.lines)
    return log.lines[max(0, at - CONTEXT_LINES):at], log.lines[at:at + CONTEXT_LINES]


def hint(scenario: Scenario, result: Result) -> list[str]:
    """A line for a failure: where its log leaves the last pass, if there is one."""
    passed = FOLDER / scenario.folder_name()
    if result.passed or not passed.is_dir() or not (result.folder / "verdict.json").exists():
        return []
    lines = explain(read(passed), read(result.folder))
    text = lines[0] if lines else "the log is the same but for times and nonces"
    return [f"last pass   {text}; ./erix diff '{scenario.name}'"]


def explain(passed: Log, run: Log) -> list[str]:
    """Where a run leaves the last pass, for people; empty if it does not."""
    found = parting(passed, run)
    if found is None:
        return []
    here = found.lines[1] or len(run.lines) + 1
    before, now = _around(run, found.lines[1])
    _, then = _around(passed, found.lines[0])
    return [f"the logs part at serial.log:{run.skipped + here}",
            *(f"   {line}" for line in before),
            *(f" - {line}" for line in then or [timing.ENDED]),
            *(f" + {line}" for line in now or [timing.ENDED])]
