# SPDX-License-Identifier: ISC
"""What is too much for each time is dealt out to turns, and one turn is played at a time.

The number of commits is the turn, so that each commit plays another one and the same commit always
the same.
"""
import hashlib
import subprocess

from harness import paths

TURNS = 8  # within so many turns what is not too much for that comes round


def current() -> int:
    """The turn of this tree; 0 where there is no history."""
    done = subprocess.run(["git", "-C", str(paths.ROOT), "rev-list", "--count", "HEAD"],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    return int(done.stdout or b"0")


def pick(names: list[str], count: int, turn: int) -> list[str]:
    """`count` of many: as the turns go on, each comes once before one comes again."""
    ordered = sorted(names, key=lambda name: hashlib.sha256(name.encode()).digest())
    start = turn * count % max(len(ordered), 1)
    return (ordered[start:] + ordered[:start])[:count]
