# SPDX-License-Identifier: ISC
"""`./erix cover`: which branches of the kernel its host tests never take."""
from harness import coverage, packages
from harness.outcome import Exit

SUMMARY = "branches of the kernel that no host test takes"
HELP = """\
examples:
  ./erix cover                  all folders that are covered, in percent
  ./erix cover kernel/object    one folder, and each branch that is never taken

`./erix test host` fails if a folder has less than its share. Status 0: enough is covered, 1: not.
"""


def add_arguments(parser) -> None:
    parser.add_argument("folder", nargs="?", help="one of " + ", ".join(coverage.LEAST_PERCENT))


def execute(arguments) -> Exit:
    only = coverage.known(arguments.folder) if arguments.folder else None
    packages.ensure(print)
    good = True
    for folder, (percent, missed) in coverage.measure().items():
        if only not in (None, folder):
            continue
        good &= percent >= coverage.LEAST_PERCENT[folder]
        print(f"{folder:<16} {percent:5.1f} % of branches, wanted "
              f"{coverage.LEAST_PERCENT[folder]:.0f} %, {len(missed)} never taken")
        if only:
            print("\n".join(map(str, missed)))
    return Exit.PASSED if good else Exit.FAILED
