# SPDX-License-Identifier: ISC
"""A bug behind a checksum, planted in a copy of the tree: a fuzz target must find it from nothing,
in a fixed number of inputs from a fixed seed, and must not without the repair of checksums. If a
fuzzer finds nothing, that only proves something if it would have found this.
"""
import fcntl
import re
import subprocess
import time
from dataclasses import dataclass

from harness import fuzz, paths
from harness.aviary import Copy
from harness.canary import Edit
from harness.check import Check, Job
from harness.outcome import Exit

NAME = "a planted bug behind a checksum"
TREE = paths.OUT / "fuzz-planted"
TARGET = "ext_extent"
SEED = 1
# Eight seeds found the bug after 70 to 787 inputs: any change of the code may shift that.
RUNS_MAX = 4_000
BUG = Edit("lib/ext/extent.c",
           "        if (!ext_blocks_valid(mount, place, length)) {\n",
           "        if (node->block == 0 && !ext_blocks_valid(mount, place, length)) {\n")
NO_REPAIR = Edit("lib/ext/fuzz/damage.c",
                 "    if (count > 0 && (input->flags & input_unrepaired) == 0) {\n",
                 "    if (false) {\n")
FOUND = re.compile(r"^found: |ERROR: AddressSanitizer", re.MULTILINE)


@dataclass(frozen=True)
class Search:
    """What a search came to. `found`: the target failed; `sound`: it tried all and did not."""
    found: bool
    sound: bool
    run_count: int
    tail: tuple[str, ...]


def _search(copy: Copy, *edits: Edit) -> Search:
    with copy.edited(edits):
        done = subprocess.run([str(copy.tree / "erix"), "fuzz", TARGET, "--bare", "--runs",
                               str(RUNS_MAX), "--seed", str(SEED)], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=copy.tree,
                              text=True, errors="replace", check=False)
    count = re.search(fuzz.EXECUTIONS, done.stdout)
    return Search(done.returncode == Exit.FAILED and FOUND.search(done.stdout) is not None,
                  done.returncode == Exit.PASSED, int(count[1]) if count else 0,
                  tuple(done.stdout.splitlines()[-fuzz.DETAIL_LINES_MAX:]))


def judge(planted: Search, blind: Search) -> tuple[str, ...]:
    """What is wrong; nothing if the bug was found with the repair, and only so."""
    if not planted.found:
        return (f"{TARGET} does not find the bug in {planted.run_count:,} inputs", *planted.tail)
    if not blind.sound or blind.run_count < RUNS_MAX:
        return ("without the repair something is found, too, or nothing was tried", *blind.tail)
    return ()


def search(copy: Copy | None = None) -> Check:
    """Plant the bug; look for it with the repair of checksums, and without."""
    copy = copy or Copy(tree=TREE)
    start_s = time.monotonic()
    copy.tree.mkdir(parents=True, exist_ok=True)
    with open(copy.tree.with_suffix(".lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        copy.bring_up_to_date()
        planted = _search(copy, BUG)
        blind = _search(copy, BUG, NO_REPAIR)
    wrong = judge(planted, blind)
    return Check(fuzz.SUITE, NAME, not wrong, wrong, 0.0, time.monotonic() - start_s,
                 f"after {planted.run_count:,} inputs; without repair not in {blind.run_count:,}")


def job(estimate) -> Job:
    return Job(fuzz.SUITE, NAME, estimate(NAME), lambda: [search()])
