# SPDX-License-Identifier: ISC
"""`./erix rerun`: what has not passed yet."""
from harness import ledger
from harness.commands import test
from harness.outcome import Exit

SUMMARY = "run again what failed, had no result, or was never run"
HELP = """\
examples:
  ./erix rerun                   of all that `./erix test` runs, what did not pass the last time
  ./erix rerun scenarios         the same of the scenarios only
  ./erix rerun --fail-fast       until one fails

How each test ended is remembered in out/state, whatever run it was in. Status 0 also if nothing is
left to be run.
"""


def add_arguments(parser) -> None:
    test.add_arguments(parser)


def execute(arguments) -> Exit:
    return test.execute(arguments, ledger.open_jobs)
