# SPDX-License-Identifier: ISC
"""How much of its library what the fuzz targets start from reaches.

lib/NAME/fuzz/coverage.toml says for each file that reads foreign bytes which share of its lines, in
percent, must be reached. The targets are built once more in build/fuzz-coverage and replay their
corpus, all together. So a target that no longer gets past some check is noticed, which would
otherwise find nothing and look well.
"""
import json
import os
import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path

from harness import build, fuzz, paths, tools
from harness.check import Check, Job
from harness.outcome import BuildError, UsageError

TABLE = "coverage.toml"


@dataclass(frozen=True)
class Reached:
    """A file, its lines that are code, and how many of them were reached."""
    file: str
    wanted_percent: int
    line_count: int
    reached_count: int

    @property
    def percent(self) -> float:
        return 100 * self.reached_count / self.line_count if self.line_count else 0.0

    @property
    def enough(self) -> bool:
        return self.percent >= self.wanted_percent

    def __str__(self) -> str:
        return (f"{self.file:<40} {self.percent:5.1f} % of {self.line_count:>4} lines, "
                f"wanted {self.wanted_percent} %")


def libraries() -> list[str]:
    """The libraries that have a table."""
    return sorted(file.parent.parent.name
                  for file in (paths.ROOT / "lib").glob(f"*/fuzz/{TABLE}"))


def wanted(library: str) -> dict[str, int]:
    """File -> percent. Raises UsageError if the library has no table, or one that is wrong."""
    file = paths.ROOT / "lib" / library / "fuzz" / TABLE
    if not file.is_file():
        raise UsageError(f"lib/{library} has no fuzz/{TABLE}; of these it can be said: "
                         + ", ".join(libraries()))
    rows = tomllib.loads(file.read_text(encoding="utf-8")).get("lines", {})
    wrong = [name for name, least in rows.items()
             if not (paths.ROOT / "lib" / library / name).is_file()
             or not isinstance(least, int) or not 0 < least <= 100]
    if wrong or not rows:
        raise UsageError(f"lib/{library}/fuzz/{TABLE}: no such file, or no percentage: "
                         + ", ".join(wrong or ["[lines]"]))
    return rows


def _run(command: list[str], settings: dict[str, str] | None = None) -> str:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, errors="replace", check=False,
                          env=os.environ | (settings or {}), cwd=paths.ROOT)
    if done.returncode != 0:
        raise BuildError(f"{command[0]} fails:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def _replay(names: list[str], folder: Path) -> dict:
    """What llvm-cov says of all targets of a library together."""
    profiles = []
    for name in names:
        start = fuzz.seeds(fuzz.find(name), "coverage")
        profile = folder / f"{name}.profraw"
        _run([str(fuzz.program(name, folder)), "-runs=0", *([str(start)] if start else [])],
             {"LLVM_PROFILE_FILE": str(profile)})
        profiles.append(str(profile))
    merged = folder / "fuzz.profdata"
    _run([tools.find("llvm-profdata-19"), "merge", "-o", str(merged), *profiles])
    programs = [str(fuzz.program(name, folder)) for name in names]
    objects = [word for each in programs[1:] for word in ("-object", each)]
    return json.loads(_run([tools.find("llvm-cov-19"), "export", "-summary-only", programs[0],
                            *objects, f"-instr-profile={merged}"]))


def judge(report: dict, library: str, rows: dict[str, int]) -> list[Reached]:
    """What was reached of each file of the table."""
    found = {os.path.relpath(file["filename"], paths.ROOT / "lib" / library):
             file["summary"]["lines"] for file in report["data"][0]["files"]}
    nothing = {"count": 0, "covered": 0}
    return [Reached(f"lib/{library}/{name}", least, found.get(name, nothing)["count"],
                    found.get(name, nothing)["covered"]) for name, least in rows.items()]


def measure(library: str) -> list[Reached]:
    """Build, replay, and say what was reached of each file of the table."""
    rows = wanted(library)
    names = [name for name, source in fuzz.targets().items() if fuzz.library(source) == library]
    build.build_fuzz_coverage(tuple(name + fuzz.SUFFIX for name in names))
    return judge(_replay(names, build.FUZZ_COVERAGE.folder), library, rows)


def check(library: str) -> Check:
    """Whether enough of each file is reached."""
    name = f"coverage of lib/{library}"
    try:
        reached = measure(library)
    except BuildError as error:
        return Check(fuzz.SUITE, name, False, tuple(str(error).splitlines()))
    missing = tuple(str(each) for each in reached if not each.enough)
    least = min(reached, key=lambda each: each.percent)
    return Check(fuzz.SUITE, name, not missing, missing,
                 note=f"at least {least.percent:.1f} % ({least.file})")


def jobs(estimate) -> list[Job]:
    def job(library: str) -> Job:
        name = f"coverage of lib/{library}"
        return Job(fuzz.SUITE, name, estimate(name), lambda: [check(library)])
    return [job(library) for library in libraries()]
