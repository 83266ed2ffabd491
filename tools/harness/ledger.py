# SPDX-License-Identifier: ISC
"""How each job ended the last time that it was run here, in whatever selection: what `./erix rerun`
goes by."""
from harness import state
from harness.check import Check, Job

NAME = "ledger"


def load() -> dict[str, bool]:
    """Label of a job -> whether it passed."""
    return state.load(NAME, {}) or {}


def note(jobs: list[Job], outcomes: dict[str, list[Check]]) -> None:
    """Remember the outcomes of jobs; one without a result has not passed."""
    known = load()
    for job in jobs:
        checks = outcomes.get(job.label, [])
        known[job.label] = bool(checks) and all(check.passed for check in checks)
    state.store(NAME, {}, known)


def open_jobs(jobs: list[Job]) -> list[Job]:
    """Of the jobs those that failed, had no result, or were never run."""
    known = load()
    return [job for job in jobs if not known.get(job.label, False)]
