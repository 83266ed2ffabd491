# SPDX-License-Identifier: ISC
"""Carrying out a plan of jobs: what need not be repeated is taken from the passes that are kept,
the rest is run longest first, and results and what was learned are written."""
import time
from dataclasses import dataclass, field
from pathlib import Path

from harness import cas, ledger, report, suites, webpage
from harness.check import Check, Job
from harness.outcome import Exit
from harness.passcache import PassCache
from harness.pool import Pool
from harness.terminal import Progress, duration

SLOWEST_SHOWN = 10
SLOW_S = 1.0
MACHINE_SUITES = ("scenarios", "liars")


@dataclass(frozen=True)
class Options:
    """How a plan is carried out. `facts` go into results.json; `quiet`: say nothing of what
    passed."""
    workers: int
    verbose: bool = False
    quiet: bool = False
    fail_fast: bool = False
    passes: PassCache | None = None
    facts: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """All checks, the jobs that have none, and what comes of it."""
    checks: list[Check]
    lost: list[str]
    exit: Exit


def _exit(checks: list[Check], lost: list[str], fail_fast: bool) -> Exit:
    """A missing result is worse than a failure, unless it was asked to stop at one."""
    failed = any(not check.passed for check in checks)
    if lost and not (failed and fail_fast):
        return Exit.INCOMPLETE
    return Exit.FAILED if failed else Exit.PASSED


def write_results(checks: list[Check], lost: list[str], facts: dict, folder: Path) -> None:
    """results.json, junit.xml and index.html in a folder of a run."""
    report.write_json(checks, lost, facts, folder / "results.json")
    report.write_junit(checks, lost, folder / "junit.xml")
    webpage.write(checks, lost, folder / "index.html")


def _announce(progress: Progress, hits: int, jobs: list[Job], options: Options) -> None:
    work_s = sum(job.estimate_s for job in jobs)
    longest_s = max((job.estimate_s for job in jobs), default=0.0)
    workers = max(1, min(options.workers, len(jobs)))
    parts = [f"{hits + len(jobs)} planned = {hits} cached + {len(jobs)} to run", "longest first",
             f"about {duration(max(work_s / workers, longest_s))}"]
    if options.passes and options.passes.verified:
        parts.insert(1, f"{options.passes.verified} passes are verified")
    progress.say(" · ".join(parts))


def _budget(progress: Progress, checks: list[Check]) -> None:
    """Where the time went."""
    ran = [check for check in checks if not check.cached]
    machines_s = sum(check.cpu_s for check in ran if check.suite in MACHINE_SUITES)
    host_s = sum(check.cpu_s for check in ran if check.suite not in MACHINE_SUITES)
    progress.say(f"time: {machines_s:.0f} CPU-s in machines, {host_s:.0f} in tests of the host")
    slowest = sorted((check for check in ran if check.wall_s >= SLOW_S),
                     key=lambda check: -check.wall_s)[:SLOWEST_SHOWN]
    if slowest:
        progress.say("slowest: " + ", ".join(
            f"{check.name.split(':')[0]} {duration(check.wall_s)}" for check in slowest))


def _printer(progress: Progress, options: Options):
    def show(check: Check) -> None:
        if not (check.passed and options.quiet and not options.verbose):
            report.print_check(progress, check, options.verbose)
    return show


def run(jobs: list[Job], options: Options, folder: Path, progress: Progress) -> Outcome:
    """Carry out a plan; the results lie in the folder."""
    start_s = time.monotonic()
    estimates = suites.Estimates()
    hits, rest = options.passes.split(jobs, options.workers) if options.passes else ([], jobs)
    _announce(progress, len(hits), rest, options)
    show = _printer(progress, options)
    pool = Pool(rest, options.workers, progress, show, options.fail_fast)
    pool.run()
    outcomes = pool.outcomes | {hit.job.label: list(hit.checks) for hit in hits}
    checks = [*pool.checks, *(check for hit in hits for check in hit.checks)]
    estimates.learn(pool.checks)
    ledger.note([job for job in jobs if job.label in outcomes], outcomes)
    facts = {**options.facts, "planned": len(jobs), "cached": len(hits),
             "jobs": {job.label: len(outcomes.get(job.label, [])) for job in jobs}}
    write_results(checks, pool.lost, facts, folder)
    cas.prune()
    if options.passes:
        options.passes.prune()
    _budget(progress, checks)
    progress.say(f"{len(jobs)} jobs, {len(hits)} of them cached, in "
                 f"{duration(time.monotonic() - start_s)}")
    report.print_summary(progress, checks, pool.lost, folder)
    return Outcome(checks, pool.lost, _exit(checks, pool.lost, options.fail_fast))
