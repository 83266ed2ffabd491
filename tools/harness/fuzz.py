# SPDX-License-Identifier: ISC
"""The fuzz targets of libraries: where they are, how they are built and run.

lib/NAME/fuzz/NAME_fuzz.c is a target. What it starts from lies in lib/NAME/fuzz/corpus, if
anything does; what it has learned is kept in out/fuzz/NAME and only ever grows.
"""
import os
import subprocess
from pathlib import Path

from harness import build, paths
from harness.outcome import UsageError
from harness.suggest import did_you_mean

SUFFIX = "_fuzz"


def targets() -> dict[str, Path]:
    """The source of each target by name."""
    files = sorted((paths.ROOT / "lib").glob(f"*/fuzz/*{SUFFIX}.c"))
    return {file.stem.removesuffix(SUFFIX): file for file in files}


def find(name: str) -> Path:
    """The source of a target; raises UsageError if there is none of that name."""
    known = targets()
    if name not in known:
        choice = ["list", "syscalls", *known]
        raise UsageError(f"nothing to fuzz is called `{name}`{did_you_mean(name, choice)}; "
                         f"there are: {', '.join(choice[1:])}")
    return known[name]


def _command(name: str, source: Path, seconds: int, seed: int) -> list[str]:
    learned = paths.OUT / "fuzz" / name
    learned.mkdir(parents=True, exist_ok=True)
    corpus = source.with_name("corpus")
    return [str(build.FUZZ.folder / (name + SUFFIX)), f"-max_total_time={seconds}",
            f"-seed={seed}", "-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1",
            f"-artifact_prefix={learned.parent / name}-", str(learned),
            *([str(corpus)] if corpus.is_dir() else [])]


def run(name: str, seconds: int, seed: int) -> bool:
    """Build a target and let it search for so long. True if it found nothing."""
    source = find(name)
    build.build_fuzzer(name + SUFFIX)
    command = _command(name, source, seconds, seed)
    print("  $ " + " ".join(command), flush=True)
    environment = os.environ | {"UBSAN_OPTIONS": "print_stacktrace=1"}
    done = subprocess.run(command, stdin=subprocess.DEVNULL, env=environment,
                          check=False)
    return done.returncode == 0
