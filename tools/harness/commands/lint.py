# SPDX-License-Identifier: ISC
"""`./erix lint`: check scenarios, groups and markers without running anything."""
from harness import lint
from harness.outcome import Exit

SUMMARY = "check scenarios, groups and markers without running anything"
HELP = """\
examples:
  ./erix lint

Each complaint names file, line and column and says what was probably meant:

  tests/scenarios/prompt.toml:16: unknown key `forbiden` in [expect]
      16 | forbiden = ["ERIX_KERNEL:PANIC"]
         | ^^^^^^^^ did you mean `forbidden`?
"""


def add_arguments(parser) -> None:
    del parser  # no words


def execute(arguments) -> Exit:
    del arguments
    problems = lint.problems()
    for problem in problems:
        print(problem)
    if problems:
        print(f"{len(problems)} problem" + ("s" if len(problems) > 1 else ""))
    else:
        print("scenarios, groups and markers are in order")
    return Exit.USAGE if problems else Exit.PASSED
