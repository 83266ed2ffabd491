# SPDX-License-Identifier: ISC
"""The fuzz targets of libraries: where they are, how they are built and run.

lib/NAME/fuzz/TARGET_fuzz.c is a target. What it starts from lies in lib/NAME/fuzz/corpus: a file
for each input, or, of targets with short inputs, TARGET.txt with an input in base64 on each line
and TARGET.found.txt with those that have found something.
What it has learned is kept in out/fuzz/TARGET and only ever grows.
"""
import base64
import hashlib
import os
import re
import shutil
import subprocess
import time
from pathlib import Path

from harness import build, ci, paths
from harness.check import Check, Job
from harness.outcome import UsageError
from harness.suggest import did_you_mean

SUFFIX = "_fuzz"
SUITE = "fuzz"
# How long a target searches in `./erix test`: in CI longer, and longest those of some libraries.
SECONDS = 5
SECONDS_IN_CI = 10
SECONDS_IN_CI_OF = {"ext": 45}
INPUT_SECONDS_MAX = 10
DETAIL_LINES_MAX = 40
EXECUTIONS = re.compile(r"stat::number_of_executed_units:\s*(\d+)")


def targets() -> dict[str, Path]:
    """The source of each target by name."""
    files = sorted((paths.ROOT / "lib").glob(f"*/fuzz/*{SUFFIX}.c"))
    return {file.stem.removesuffix(SUFFIX): file for file in files}


def library(source: Path) -> str:
    """The library that a target is of."""
    return source.parent.parent.name


def find(name: str) -> Path:
    """The source of a target; raises UsageError if there is none of that name."""
    known = targets()
    if name not in known:
        choice = ["list", "syscalls", *known]
        raise UsageError(f"nothing to fuzz is called `{name}`{did_you_mean(name, choice)}; "
                         f"there are: {', '.join(choice[1:])}")
    return known[name]


# ---- What targets start from ----------------------------------------------------------------


def packed(source: Path) -> Path:
    """The file with the short inputs of a target."""
    return source.with_name("corpus") / (source.stem.removesuffix(SUFFIX) + ".txt")


def found(source: Path) -> Path:
    """The file with inputs that have found something once, which `--keep` leaves alone."""
    return packed(source).with_suffix(".found.txt")


def seeds(source: Path, use: str) -> Path | None:
    """A folder with what a target starts from, an input in each file; None: there is nothing. It is
    made anew, one for each `use`: others can be at work at the same time."""
    corpus = source.with_name("corpus")
    if not packed(source).is_file():
        alone = [file for file in targets().values() if file.parent == source.parent] == [source]
        return corpus if alone and corpus.is_dir() else None
    folder = paths.OUT / "fuzz" / "seeds" / use / source.stem.removesuffix(SUFFIX)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    files = [file for file in (packed(source), found(source)) if file.is_file()]
    for line in " ".join(file.read_text(encoding="ascii") for file in files).split():
        data = base64.b64decode(line, validate=True)
        (folder / hashlib.sha1(data).hexdigest()).write_bytes(data)
    return folder


def pack(source: Path, folder: Path) -> int:
    """Write the inputs of a folder as what a target starts from; how many there are."""
    lines = sorted({base64.b64encode(file.read_bytes()).decode() for file in folder.iterdir()},
                   key=lambda line: (len(line), line))
    packed(source).parent.mkdir(exist_ok=True)
    packed(source).write_text("".join(f"{line}\n" for line in lines if line), encoding="ascii")
    return len(lines)


# ---- Running --------------------------------------------------------------------------------


def program(name: str, folder: Path) -> Path:
    return folder / (name + SUFFIX)


def environment() -> dict[str, str]:
    return os.environ | {"UBSAN_OPTIONS": "print_stacktrace=1"}


def learned(name: str) -> Path:
    folder = paths.OUT / "fuzz" / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def command(name: str, source: Path, limit: str, seed: int, bare: bool = False) -> list[str]:
    """The command line of a search; `limit` is -max_total_time=SECONDS or -runs=COUNT. `bare`:
    from nothing, keeping nothing."""
    own = learned(name)
    start = seeds(source, "search")
    folders = [] if bare else [str(own), *([str(start)] if start else [])]
    return [str(program(name, build.FUZZ.folder)), limit, f"-seed={seed}",
            f"-timeout={INPUT_SECONDS_MAX}", "-rss_limit_mb=2048", "-print_final_stats=1",
            f"-artifact_prefix={own.parent / name}-", *folders]


def run(name: str, limit: str, seed: int, bare: bool = False) -> bool:
    """Build a target and let it search. True if it found nothing."""
    source = find(name)
    build.build_fuzzers((name + SUFFIX,))
    words = command(name, source, limit, seed, bare)
    print("  $ " + " ".join(words), flush=True)
    done = subprocess.run(words, stdin=subprocess.DEVNULL, env=environment(), cwd=paths.ROOT,
                          check=False)
    return done.returncode == 0


def keep(name: str) -> int:
    """Write the fewest inputs that take all ways which what is learned and the corpus take into the
    corpus; how many those are."""
    source = find(name)
    build.build_fuzzers((name + SUFFIX,))
    start = seeds(source, "keep")
    merged = paths.OUT / "fuzz" / "merged" / name
    shutil.rmtree(merged, ignore_errors=True)
    merged.mkdir(parents=True)
    subprocess.run([str(program(name, build.FUZZ.folder)), "-set_cover_merge=1", "-use_counters=0",
                    str(merged), *([str(start)] if start else []), str(learned(name))],
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                   env=environment(), cwd=paths.ROOT, check=True)
    return pack(source, merged)


# ---- As a part of `./erix test` -------------------------------------------------------------


def search(name: str, seed: int) -> Check:
    """Replay what a target starts from, and search on from there for some seconds."""
    source = find(name)
    build.build_fuzzers((name + SUFFIX,))
    seconds = SECONDS_IN_CI_OF.get(library(source), SECONDS_IN_CI) if ci.active() else SECONDS
    words = command(name, source, f"-max_total_time={seconds}", seed)
    start_s = time.monotonic()
    done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, env=environment(), cwd=paths.ROOT, text=True,
                          errors="replace", check=False)
    count = EXECUTIONS.search(done.stdout)
    good = done.returncode == 0 and count is not None
    details = () if good else (" ".join(words), *done.stdout.splitlines()[-DETAIL_LINES_MAX:])
    return Check(SUITE, name, good, details, 0.0, time.monotonic() - start_s,
                 f"{int(count[1]):,} executions, seed {seed}" if count else "")


def jobs(estimate, seed: int) -> list[Job]:
    """A job for each target. They are not repeated with the same numbers: no key."""
    def job(name: str) -> Job:
        return Job(SUITE, name, estimate(name), lambda: [search(name, seed)])
    return [job(name) for name in targets()]
