# SPDX-License-Identifier: ISC
"""The unit of counting: one check that passed or failed, and the jobs that make checks."""
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """One line of the final count. `details` are printed below a failure; `folder` is where a
    scenario left its evidence, relative to the folder of the run. `cached`: the result is that of
    an earlier run with the same inputs."""
    suite: str
    name: str
    passed: bool
    details: tuple[str, ...] = ()
    cpu_s: float = 0.0
    wall_s: float = 0.0
    note: str = ""
    folder: str = ""
    cached: bool = False


@dataclass(frozen=True)
class Job:
    """Work for one worker; gives at least one check. `estimate_s` orders the queue. `key` makes a
    digest of all that can change the result; without one it is run each time."""
    suite: str
    name: str
    estimate_s: float
    execute: Callable[[], list[Check]]
    key: Callable[[], str] | None = None

    @property
    def label(self) -> str:
        return f"{self.suite}/{self.name}"
