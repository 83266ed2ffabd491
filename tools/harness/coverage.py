# SPDX-License-Identifier: ISC
"""Which branches of the kernel its host tests take.

The tests are built a second time, for clang's source-based coverage, in build/coverage, and run. A
branch is a condition in the source and one of its two outcomes; a header's is taken if it is taken
anywhere. Not counted:

  the conditions of kassert: that they never fail is the point of them;
  kernel/object/invariants*.c and test*.c: they are in no runtime image, and their other outcomes
  are broken kernels.
"""
import json
import os
import subprocess
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from harness import build, paths, tools
from harness.check import Check
from harness.outcome import BuildError, UsageError
from harness.suggest import did_you_mean

# The folders that are covered, and how many of their branches must be taken, in percent.
LEAST_PERCENT = {"kernel/object": 95.0, "kernel/ipc": 95.0, "kernel/syscall": 95.0}
NOT_COUNTED = ("kernel/object/invariants*", "kernel/object/test*")
# Fewer steps than the test itself makes: the same branches, in a tenth of the time.
PROGRAMS = {"capability_test": [], "fast_test": [], "limits_test": [],
            "model_test": ["--steps", "1200000"]}
UNCOVERED_MAX = 40


@dataclass(frozen=True)
class Branch:
    """One outcome of a condition."""
    file: str
    line: int
    column: int
    outcome: bool
    text: str

    def __str__(self) -> str:
        return (f"{self.file}:{self.line}:{self.column}: never {str(self.outcome).lower()}: "
                f"{self.text}")


def known(folder: str) -> str:
    """The folder if it is covered; raises UsageError otherwise."""
    name = folder.rstrip("/")
    if name not in LEAST_PERCENT:
        raise UsageError(f"`{folder}` is not covered{did_you_mean(name, LEAST_PERCENT)}; "
                         "there are: " + ", ".join(LEAST_PERCENT))
    return name


def _run(command: list[str], environment: dict[str, str] | None = None) -> str:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, check=False,
                          env=os.environ | (environment or {}))
    if done.returncode != 0:
        raise BuildError(f"{command[0]} fails:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def _measure(folder: Path) -> dict:
    """Run the tests; what llvm-cov says of all of them together."""
    programs = [folder / "kernel" / "test" / name for name in PROGRAMS]
    profiles = []
    for program, words in zip(programs, PROGRAMS.values()):
        profile = folder / f"{program.name}.profraw"
        _run([str(program), *words], {"LLVM_PROFILE_FILE": str(profile)})
        profiles.append(str(profile))
    merged = folder / "kernel.profdata"
    _run([tools.find("llvm-profdata-19"), "merge", "-o", str(merged), *profiles])
    objects = [word for program in programs[1:] for word in ("-object", str(program))]
    return json.loads(_run([tools.find("llvm-cov-19"), "export", str(programs[0]), *objects,
                            f"-instr-profile={merged}"]))


def _branches(report: dict) -> dict[Branch, bool]:
    """Every branch of the covered folders, and whether it was taken."""
    found: dict[Branch, bool] = {}
    for file in report["data"][0]["files"]:
        path = os.path.relpath(file["filename"], paths.ROOT)
        if str(Path(path).parent) not in LEAST_PERCENT \
                or any(fnmatch(path, pattern) for pattern in NOT_COUNTED):
            continue
        lines = Path(file["filename"]).read_text(encoding="utf-8").splitlines()
        for line, column, _, _, true_count, false_count, *_ in file["branches"]:
            text = lines[line - 1].strip()
            if text.startswith("kassert("):
                continue
            for outcome, count in ((True, true_count), (False, false_count)):
                branch = Branch(path, line, column, outcome, text)
                found[branch] = found.get(branch, False) or count > 0
    return found


def measure() -> dict[str, tuple[float, list[Branch]]]:
    """Build, run, and give for each folder the percentage and the branches never taken."""
    build.build_coverage(tuple(f"kernel/test/{name}" for name in PROGRAMS))
    branches = _branches(_measure(build.COVERAGE.folder))
    result = {}
    for folder in LEAST_PERCENT:
        own = {branch: taken for branch, taken in branches.items()
               if str(Path(branch.file).parent) == folder}
        missed = [branch for branch, taken in own.items() if not taken]
        if not own:
            raise BuildError(f"no branch of {folder} is known: is it still tested?")
        result[folder] = (100 * (1 - len(missed) / len(own)),
                          sorted(missed, key=lambda each: (each.file, each.line, each.column)))
    return result


def checks() -> list[Check]:
    """A check for each folder: enough of its branches are taken."""
    found = []
    for folder, (percent, missed) in measure().items():
        good = percent >= LEAST_PERCENT[folder]
        details = (f"{percent:.1f} % of branches, wanted {LEAST_PERCENT[folder]:.0f} %",
                   *map(str, missed[:UNCOVERED_MAX]))
        found.append(Check("host", f"coverage of {folder}", good, () if good else details,
                           note=f"{percent:.1f} % of branches"))
    return found
