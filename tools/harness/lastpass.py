# SPDX-License-Identifier: ISC
"""The log of the last pass of each scenario, and where another log leaves it."""
import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from harness import markers, paths
from harness.outcome import UsageError
from harness.runner import Result
from harness.scenario import Scenario
from harness.template import FUNCTIONS

FOLDER = paths.OUT / "passed"
FILES = ("serial.log", "verdict.json")
FIRST_WORD = "ERIX_BOOTLOADER:"
ENDED = "(the log has ended)"
CONTEXT_LINES = 3
# Words that tell a time or a digest: they may differ between two runs of one scenario.
VARYING = (
    (re.compile(r"(?<=^ERIX_BOOTLOADER:HANDOFF ).*"), "{ticks}"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "{digest}"),
    (re.compile(r"\b\d+ (ns|us|ms)\b"), r"{time} \1"),
)


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
    for pattern, meaning in VARYING:
        line = pattern.sub(meaning, line)
    return line


def parting(first: Log, second: Log) -> int | None:
    """The index of the first line in which two logs differ; None if there is none."""
    for at in range(max(len(first.compared), len(second.compared))):
        if first.compared[at:at + 1] != second.compared[at:at + 1]:
            return at
    return None


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
    at = parting(passed, run)
    if at is None:
        return []
    lines = [f"the logs part at serial.log:{run.skipped + at + 1}"]
    lines += [f"   {line}" for line in run.lines[max(0, at - CONTEXT_LINES):at]]
    for mark, log in (("-", passed), ("+", run)):
        shown = log.lines[at:at + CONTEXT_LINES] or [ENDED]
        lines += [f" {mark} {line}" for line in shown]
    return lines
