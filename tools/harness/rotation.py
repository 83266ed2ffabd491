# SPDX-License-Identifier: ISC
"""What is not run each time: scenarios with the tag `rotating`, and generated runs, are dealt out
to turns, and one turn is played at a time.

The number of commits decides the turn, so that each commit plays another one and the same commit
always the same. Whatever is named on the command line is run, and `--all` runs everything.
"""
import hashlib
import subprocess

from harness import paths
from harness.scenario import Scenario

TAG = "rotating"
TURNS = 8


def current() -> int:
    """The turn of this tree; 0 where there is no history."""
    done = subprocess.run(["git", "-C", str(paths.ROOT), "rev-list", "--count", "HEAD"],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    return int(done.stdout or b"0") % TURNS


def turn_of(name: str, turns: int = TURNS) -> int:
    """The turn in which something is played."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") % turns


def due(scenarios: list[Scenario], turn: int) -> list[Scenario]:
    """All that do not rotate, and those whose turn it is."""
    return [scenario for scenario in scenarios
            if TAG not in scenario.tags or turn_of(scenario.name) == turn % TURNS]


def pick(names: list[str], count: int, turn: int) -> list[str]:
    """`count` of many: as the turns go on, each comes once before one comes again."""
    ordered = sorted(names, key=lambda name: hashlib.sha256(name.encode()).digest())
    start = turn * count % max(len(ordered), 1)
    return (ordered[start:] + ordered[:start])[:count]
