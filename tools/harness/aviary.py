# SPDX-License-Identifier: ISC
"""Where canaries are tried: a copy of the tree in out/canary, with build directories of its own
that stay from one run to the next.

For each canary: the test passes in the copy as it is (the twin), the edit is made, the copy still
builds, the test fails with the named reason, the edit is undone. All else is a failure of the
canary; above all an edit that does not build, which would otherwise look like a guard that holds.
"""
import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from harness import canary, paths, programs, suites
from harness.canary import Canary
from harness.check import Check, Job
from harness.outcome import BuildError

TREE = paths.OUT / "canary"
KEPT = ("build", "out")
CANARIES = "tests/canaries/"
OUTPUT_LINES_MAX = 30
STATUS_FAILED = 1


def tracked_files(root: Path) -> list[str]:
    """The files of the tree that are its source, relative to its root."""
    done = subprocess.run(["git", "-C", str(root), "ls-files", "-coz", "--exclude-standard"],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    if done.returncode == 0 and done.stdout:
        names = done.stdout.decode().split("\0")
        return sorted(name for name in names if name and (root / name).is_file())
    return sorted(str(file.relative_to(root)) for file in root.rglob("*")
                  if file.is_file() and file.relative_to(root).parts[0] not in (*KEPT, ".git"))


@dataclass(frozen=True)
class Verdict:
    """What became of the test in the copy: whether it passed, and what it said if not."""
    passed: bool
    message: str


class Trouble(Exception):
    """The test could not be tried: nothing is known about the guard."""


class Copy:
    """The copy of the tree."""

    def __init__(self, source: Path = paths.ROOT, tree: Path = TREE):
        self.source = source
        self.tree = tree

    def bring_up_to_date(self) -> None:
        """Make the copy equal to the tree. What is equal already keeps its time, so that nothing is
        built twice; what an interrupted run has left behind is undone."""
        # Not the canaries themselves: in the edited copy their texts would not be found.
        wanted = [name for name in tracked_files(self.source)
                  if not name.startswith(CANARIES)]
        for name in wanted:
            source, target = self.source / name, self.tree / name
            if not target.is_file() or target.read_bytes() != source.read_bytes():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, target)
            target.chmod(source.stat().st_mode)
        for name in set(tracked_files_of_copy(self.tree)) - set(wanted):
            (self.tree / name).unlink()

    @contextmanager
    def edited(self, edits: tuple[canary.Edit, ...]):
        """The copy with the edits, inside of the block."""
        before = {edit.file: (self.tree / edit.file).read_text(encoding="utf-8") for edit in edits}
        try:
            for edit in edits:
                file = self.tree / edit.file
                text = file.read_text(encoding="utf-8")
                if text.count(edit.old) != 1:
                    raise Trouble(f"`old` is not in {edit.file} exactly once")
                file.write_text(text.replace(edit.old, edit.new), encoding="utf-8")
            yield
        finally:
            # Written anew, with a new time: else Ninja would keep what it made of the edit.
            for name, text in before.items():
                (self.tree / name).write_text(text, encoding="utf-8")

    def _erix(self, *words: str) -> subprocess.CompletedProcess:
        return subprocess.run([str(self.tree / "erix"), *words], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              errors="replace", check=False, cwd=self.tree)

    def build(self, machine: str, *targets: str) -> None:
        done = self._erix("build", machine, *targets)
        if done.returncode != 0:
            tail = "\n".join(done.stdout.splitlines()[-OUTPUT_LINES_MAX:])
            raise Trouble(f"does not build for {machine}:\n{tail}")

    def host_command(self, program: str) -> list[str]:
        """Build one test program of the host, and its command line."""
        self.build("host", "build.ninja")
        try:
            commands = suites.host_tests(self.tree / "build" / "host")
        except BuildError as error:
            raise Trouble(str(error)) from error
        if program not in commands:
            raise Trouble(f"there is no host test {program}")
        command = commands[program]
        folder = self.tree / "build" / "host"
        made = [str(Path(word).relative_to(folder)) for word in command
                if word.startswith(str(folder)) and not Path(word).is_dir()]
        self.build("host", *made)
        return command

    def run_program(self, the_canary: Canary) -> Verdict:
        """Run a host or Python test program and judge the one test."""
        name = the_canary.program
        if the_canary.suite == "host":
            command = ["env", f"CHECK_ONLY={the_canary.case}", *self.host_command(name),
                       *the_canary.words]
            folder = self.tree / "build" / "host"
        else:
            starter = self.tree / "tools" / "harness" / "pytests.py"
            command = [sys.executable, "-B", "-s", str(starter), str(self.tree / f"{name}.py")]
            folder = self.tree
        checks = programs.run(the_canary.suite, name, command, programs.ANY_NUMBER, folder)
        for check in checks:
            if check.name == the_canary.test:
                return Verdict(check.passed, "\n".join(check.details))
        # A sanitizer ends the program before the test can say anything.
        died = [line for check in checks if not check.passed for line in check.details]
        if died:
            return Verdict(False, "\n".join(died))
        raise Trouble(f"there is no test {the_canary.test}")

    def run_scenario(self, the_canary: Canary) -> Verdict:
        self.build("target")
        self.build("uefi")
        done = self._erix("test", "--no-build", "--no-cache", "-j", "1", the_canary.test)
        if done.returncode not in (0, STATUS_FAILED):
            raise Trouble(f"./erix test ended with {done.returncode}:\n"
                          + "\n".join(done.stdout.splitlines()[-OUTPUT_LINES_MAX:]))
        results = json.loads((self.tree / "out" / "last" / "results.json").read_text("utf-8"))
        for check in results["checks"]:
            if check["name"] == the_canary.test:
                return Verdict(check["passed"], "\n".join(check["details"]))
        raise Trouble(f"the scenario {the_canary.test} did not run")

    def verdict(self, the_canary: Canary) -> Verdict:
        return self.run_scenario(the_canary) if the_canary.suite == "scenarios" \
            else self.run_program(the_canary)


def tracked_files_of_copy(tree: Path) -> list[str]:
    """What lies in the copy, without what was made there."""
    found = []
    for folder, folders, names in os.walk(tree):
        if Path(folder) == tree:
            folders[:] = [name for name in folders if name not in KEPT]
        found += [str((Path(folder) / name).relative_to(tree)) for name in names]
    return found


def judge(the_canary: Canary, verdict: Verdict) -> tuple[str, ...]:
    """What is wrong with how the test met the canary; nothing if it was caught."""
    if verdict.passed:
        return (f"nobody noticed: {the_canary.test} passes without this guard",
                the_canary.summary)
    if not re.search(the_canary.reason, verdict.message):
        return (f"{the_canary.test} failed, but not because of `{the_canary.reason}`:",
                *verdict.message.splitlines()[:OUTPUT_LINES_MAX])
    return ()


def _try_one(copy: Copy, the_canary: Canary, twins: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    key = " ".join((the_canary.suite, the_canary.test, *the_canary.words))
    try:
        if key not in twins:
            twin = copy.verdict(the_canary)
            twins[key] = () if twin.passed else (
                f"the twin fails: {the_canary.test} without the edit", *twin.message.splitlines())
        if twins[key]:
            return twins[key]
        with copy.edited(the_canary.edits):
            return judge(the_canary, copy.verdict(the_canary))
    except Trouble as trouble:
        return tuple(f"cannot be tried: {trouble}".splitlines())


def job(names: list[str] | None, turn: int | None, estimates: suites.Estimates) -> Job:
    """One job for all canaries that are named ([]: all of them), since they share the copy; None:
    for those of the turn (None: all)."""
    canaries = canary.choose(names or [])
    if names is None and turn is not None:
        canaries = canary.due(canaries, turn)
    return Job("canaries", f"{len(canaries)} of tests/canaries",
               sum(estimates.of("canaries", each.name) for each in canaries),
               lambda: try_all(canaries))


def try_all(canaries: list[Canary], copy: Copy | None = None) -> list[Check]:
    """A check for each canary. Those that need no machine come first."""
    copy = copy or Copy()
    checks: list[Check] = []
    twins: dict[str, tuple[str, ...]] = {}
    copy.tree.mkdir(parents=True, exist_ok=True)
    with open(copy.tree.with_suffix(".lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        copy.bring_up_to_date()
        for each in sorted(canaries, key=lambda one: (one.suite == "scenarios", one.name)):
            start_s = time.monotonic()
            problems = _try_one(copy, each, twins)
            wall_s = time.monotonic() - start_s
            checks.append(Check("canaries", each.name, not problems, problems, 0.0, wall_s,
                                f"{wall_s:5.1f} s"))
    return checks
