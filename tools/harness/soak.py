# SPDX-License-Identifier: ISC
"""Long searches with host tests that take `STATES SEED`: each run looks at so many states by that
seed, says every now and then how many it has found good, and fails at the first that is not.
"""
import os
import re
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from harness import paths
from harness.outcome import Exit, UsageError
from harness.suggest import did_you_mean
from harness.terminal import Progress

OUTPUT_LINES_MAX = 40
COUNTED = re.compile(r"(\d+) states")


@dataclass(frozen=True)
class Search:
    """What is run, and how much of it if nobody says otherwise."""
    summary: str
    programs: tuple[str, ...]
    states: int
    states_per_run: int


SEARCHES = {
    "crash-ext": Search(
        "losses of power under ext, also while it recovers",
        ("ext_crash_test", "ext_crash_names_test", "ext_crash_inode_test", "ext_fast_replay_test"),
        302_000, 2_500),
}


@dataclass(frozen=True)
class Run:
    """One run of a program."""
    program: str
    states: int
    seed: int

    def words(self) -> list[str]:
        return [str(paths.BUILD / "host" / self.program), str(self.states), str(self.seed)]


def find(name: str) -> Search:
    """A search by name; raises UsageError if there is none."""
    if name not in SEARCHES:
        raise UsageError(f"no search is called `{name}`{did_you_mean(name, list(SEARCHES))}; "
                         f"there are: {', '.join(SEARCHES)}")
    return SEARCHES[name]


def plan(search: Search, states: int, seed: int) -> list[Run]:
    """The runs, the programs in turn, each with a seed of its own; `states` or more in all."""
    per_program = -(-states // len(search.programs))
    runs = []
    left = dict.fromkeys(search.programs, per_program)
    while any(left.values()):
        for program in search.programs:
            count = min(left[program], search.states_per_run)
            left[program] -= count
            if count:
                runs.append(Run(program, count, seed + len(runs)))
    return runs


class Soak:
    """Carries out a plan with several workers; the first failure ends it."""

    def __init__(self, runs: list[Run], workers: int, progress: Progress):
        self._runs = runs
        self._workers = workers
        self._progress = progress
        self._lock = threading.Lock()
        self._good: dict[Run, int] = {}
        self.failed: Run | None = None
        self.output: list[str] = []

    @property
    def states(self) -> int:
        """Those found good so far."""
        return sum(self._good.values())

    def by_program(self) -> dict[str, int]:
        """The same for each program."""
        result: dict[str, int] = {}
        for run, count in self._good.items():
            result[run.program] = result.get(run.program, 0) + count
        return result

    def _note(self, run: Run, count: int) -> None:
        with self._lock:
            self._good[run] = count
            total = sum(each.states for each in self._runs)
            self._progress.status(f"{self.states:,} of {total:,} states · {run.program}, "
                                  f"seed {run.seed}")

    def _work(self, run: Run) -> None:
        if self.failed:
            return
        lines = []
        with subprocess.Popen(run.words(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace",
                              env=os.environ | {"UBSAN_OPTIONS": "print_stacktrace=1"}) as child:
            for line in child.stdout or ():
                lines = [*lines[1 - OUTPUT_LINES_MAX:], line.rstrip()]
                match = COUNTED.fullmatch(line.strip())
                if match:
                    self._note(run, int(match[1]))
        # A program with several shapes leaves out what does not divide evenly.
        short = self._good.get(run, 0) < run.states * 9 // 10
        if child.returncode or short:
            with self._lock:
                if not self.failed:
                    self.failed = run
                    self.output = lines if child.returncode else [*lines, "too few states"]

    def run(self) -> bool:
        """True if all states were good."""
        with ThreadPoolExecutor(self._workers) as workers:
            list(workers.map(self._work, self._runs))
        return self.failed is None


def search(name: str, states: int | None, seed: int, workers: int) -> Exit:
    """Carry out a search and say what it found."""
    what = find(name)
    runs = plan(what, states or what.states, seed)
    print(f"{what.summary}: {sum(run.states for run in runs):,} states in {len(runs)} runs, "
          f"seeds from {seed}")
    with Progress() as progress:
        soak = Soak(runs, workers, progress)
        passed = soak.run()
    for program, count in soak.by_program().items():
        print(f"{program}: {count:,} states")
    if passed:
        print(f"{soak.states:,} states, nothing found")
        return Exit.PASSED
    print("\n".join(soak.output))
    print(f"again: {' '.join(soak.failed.words())}")
    return Exit.FAILED
