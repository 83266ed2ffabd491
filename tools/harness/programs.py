# SPDX-License-Identifier: ISC
"""Running test programs of the host: C tests and Python tests speak the same way.

A test prints "ok NAME" or "FAIL NAME" on a line of its own. The lines are counted and compared with
tests/expected-counts.toml, so that a test which silently does not run any more is a failure. CPU
time is limited, not wall time.
"""
import os
import re
import resource
import subprocess
import threading
import time
import tomllib
from pathlib import Path

from harness import ci, paths, state
from harness.check import Check

LINE = re.compile(r"(ok|FAIL) (\S.*)")
ANY_NUMBER = -1
CPU_LIMIT_S = 600
# Only for a program that waits for ever: what works uses up its CPU time long before.
GIVE_UP_S = 3600
DETAIL_LINES_MAX = 40
SEARCH_SHARE = "4"  # a person gets a fourth of long searches, as of the losses of power
COUNTS_TOP = """\
# SPDX-License-Identifier: ISC
#
# How many tests each program has, scenarios each file, rows each table of costs, and which
# canaries there are. More is a failure as well as fewer. After adding tests:
# `./erix test host python --write-counts`, and look at the difference.
"""
RENEW = ("if that is meant: `./erix test host python --write-counts` renews "
         "tests/expected-counts.toml")


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_LIMIT_S, CPU_LIMIT_S + 5))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def run(suite: str, name: str, command: list[str], expected: int | None,
        folder: Path = paths.ROOT) -> list[Check]:
    """Run a test program; a check for each of its tests, and one more if the program as a whole
    did not behave. `expected` None means that its number of tests is nowhere written down;
    ANY_NUMBER means that nobody cares."""
    environment = os.environ | {"ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0",
                                "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
                                "CHECK_SHARE": "1" if ci.active() else SEARCH_SHARE}
    start_s = time.monotonic()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, cwd=folder, env=environment, text=True,
                               errors="replace", preexec_fn=_limit)
    killer = threading.Timer(GIVE_UP_S, process.kill)
    killer.start()
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    killer.cancel()
    process.stdout.close()
    process.returncode = os.waitstatus_to_exitcode(status)
    wall_s, cpu_s = time.monotonic() - start_s, usage.ru_utime + usage.ru_stime
    checks = _checks(suite, name, output, wall_s, cpu_s)
    complaint = _complaint(checks, process.returncode, expected)
    if complaint:
        tail = tuple(output.splitlines()[-DETAIL_LINES_MAX:]) if process.returncode else ()
        checks.append(Check(suite, f"{name} (as a whole)", False, (complaint, *tail), cpu_s,
                            wall_s))
    return checks


def _checks(suite: str, name: str, output: str, wall_s: float, cpu_s: float) -> list[Check]:
    checks: list[Check] = []
    between: list[str] = []
    for line in output.splitlines():
        found = LINE.fullmatch(line)
        if not found:
            between.append(line)
            continue
        passed = found[1] == "ok"
        details = () if passed else tuple(between[-DETAIL_LINES_MAX:])
        first = not checks
        checks.append(Check(suite, f"{name}:{found[2]}", passed, details,
                            cpu_s if first else 0.0, wall_s if first else 0.0))
        between = []
    return checks


def _complaint(checks: list[Check], status: int, expected: int | None) -> str:
    failed = any(not check.passed for check in checks)
    if status < 0:
        return f"died of signal {-status}"
    if (status != 0) != failed:
        return f"exit status {status}, but {'a test' if failed else 'no test'} failed"
    if expected is None:
        return f"not in tests/expected-counts.toml; {RENEW}"
    if expected not in (len(checks), ANY_NUMBER):
        return f"{len(checks)} tests ran, expected are {expected}; {RENEW}"
    return ""


def expected_counts(path: Path = paths.EXPECTED_COUNTS) -> dict[str, dict[str, int]]:
    """Suite -> program -> number of tests."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}


def write_counts(counts: dict[str, dict[str, int]], path: Path = paths.EXPECTED_COUNTS) -> None:
    rows = [COUNTS_TOP]
    for suite in sorted(counts):
        rows.append(f"\n[{suite}]")
        rows += [f'"{name}" = {count}' for name, count in sorted(counts[suite].items())]
    state.write_atomically(path, ("\n".join(rows).replace("\n\n\n", "\n\n") + "\n").encode())
