# SPDX-License-Identifier: ISC
"""Doing jobs in parallel: longest first, with progress, and without losing one.

A job that raises something unexpected, or is cut off by ^C, has no result; the caller learns their
names and ends with "planned but without a result". Nothing is run twice and nothing is skipped.
"""
import queue
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import replace

from harness.check import Check, Job
from harness.outcome import EnvironmentProblem
from harness.terminal import Progress, duration

SLOW_FACTOR = 3.0
SLOW_MIN_S = 20.0
WAKE_S = 0.2
TWICE = "a result of this name came twice: one of them hides the other"


class Pool:
    """A run of many jobs. `report` is called for each check as soon as it is there. `fail_fast`:
    after the first failure no other job is begun."""

    def __init__(self, jobs: list[Job], workers: int, progress: Progress,
                 report: Callable[[Check], None], fail_fast: bool = False):
        self._fail_fast = fail_fast
        self._jobs = sorted(jobs, key=lambda job: (-job.estimate_s, job.name))
        self._workers = max(1, min(workers, len(jobs)))
        self._progress = progress
        self._report = report
        self._queue: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self._done: queue.SimpleQueue = queue.SimpleQueue()
        self._running: dict[str, tuple[float, Job]] = {}
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._problem: EnvironmentProblem | None = None
        self.outcomes: dict[str, list[Check]] = {}
        self.checks: list[Check] = []
        self._names: set[tuple[str, str]] = set()
        self.lost: list[str] = []

    def _work(self) -> None:
        while not self._stopped.is_set():
            try:
                job = self._queue.get_nowait()
            except queue.Empty:
                return
            label = job.label
            with self._lock:
                self._running[label] = (time.monotonic(), job)
            checks: list[Check] = []
            try:
                checks = job.execute()
            except EnvironmentProblem as problem:
                self._problem = problem
                self._stopped.set()
            except Exception:  # whatever it is: the job has no result, and that is reported
                self._progress.say(f"no result of {label}:\n{traceback.format_exc()}")
            if self._fail_fast and not (checks and all(check.passed for check in checks)):
                self._stopped.set()
            with self._lock:
                del self._running[label]
            self._done.put((label, checks))

    def _left_s(self, waiting: set[str], rows: list, now: float) -> float:
        """An estimate of the time that is left: all work shared, but no less than the longest job
        that runs."""
        running = {label: max(job.estimate_s - (now - since_s), 0.0)
                   for label, (since_s, job) in rows}
        work_s = sum(running.get(job.label, job.estimate_s) for job in self._jobs
                     if job.label in waiting)
        return max([work_s / self._workers, *running.values()])

    def _status(self, waiting: set[str], start_s: float) -> str:
        now = time.monotonic()
        finished = len(self._jobs) - len(waiting)
        with self._lock:
            rows = sorted(self._running.items(), key=lambda row: row[1][0])
        parts = []
        for label, (since_s, job) in rows:
            took_s = now - since_s
            slow = took_s > max(SLOW_MIN_S, SLOW_FACTOR * job.estimate_s)
            parts.append(f"{label} {duration(took_s)}" + (" (SLOW)" if slow else ""))
        failed = sum(not check.passed for check in self.checks)
        lost = f" · {failed} failed" if failed else ""
        left_s = self._left_s(waiting, rows, now)
        return (f"[{finished:>3}/{len(self._jobs)}] {duration(now - start_s)}, about "
                f"{duration(left_s)} left{lost} · " + ", ".join(parts))

    def run(self) -> bool:
        """Do all jobs; False if some have no result (see `lost`). Raises EnvironmentProblem as soon
        as a job finds that the machine lacks something."""
        for job in self._jobs:
            self._queue.put(job)
        waiting = {job.label for job in self._jobs}
        start_s = time.monotonic()
        threads = [threading.Thread(target=self._work, daemon=True) for _ in range(self._workers)]
        try:
            for thread in threads:
                thread.start()
            while waiting and (any(thread.is_alive() for thread in threads)
                               or not self._done.empty()):
                self._collect(waiting)
                self._progress.status(self._status(waiting, start_s))
        except KeyboardInterrupt:
            self._stopped.set()
            self._progress.say("interrupted")
        self._progress.clear()
        if self._problem:
            raise self._problem
        self.lost += sorted(waiting)
        return not self.lost

    def _collect(self, waiting: set[str]) -> None:
        try:
            label, checks = self._done.get(timeout=WAKE_S)
        except queue.Empty:
            return
        waiting.discard(label)
        self.outcomes[label] = checks
        if not checks:
            self.lost.append(label)
        for check in checks:
            if (check.suite, check.name) in self._names:
                check = replace(check, passed=False, details=(TWICE, *check.details))
            self._names.add((check.suite, check.name))
            self.checks.append(check)
            self._report(check)
