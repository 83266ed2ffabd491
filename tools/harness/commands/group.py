# SPDX-License-Identifier: ISC
"""`./erix group`: named lists of scenarios, shown and run."""
import argparse

from harness import cli, expression
from harness.commands.list import print_groups, print_scenarios
from harness.outcome import Exit, UsageError
from harness.scenario import load_all

SUMMARY = "show or run a named list of scenarios"
HELP = """\
examples:
  ./erix group                   the groups and how many scenarios each has
  ./erix group phase0            the scenarios of one
  ./erix group run phase0        builds and runs them; options of ./erix test may follow

A group is a file of tests/scenario-groups. Elsewhere its scenarios are meant by group:NAME.
"""


def add_arguments(parser) -> None:
    parser.add_argument("words", nargs=argparse.REMAINDER, metavar="[run] NAME ...",
                        help="a group; with `run` before it, run it")


def execute(arguments) -> Exit:
    words = arguments.words
    if words[:1] == ["run"]:
        if len(words) < 2:
            raise UsageError("`group run` wants the name of a group\n"
                             "  ./erix group shows them")
        expression.choose([f"group:{words[1]}"], load_all())
        return cli.dispatch(["test", f"group:{words[1]}", *words[2:]])
    if len(words) > 1:
        raise UsageError(f"`group` shows one group, not also `{words[1]}`")
    everything = load_all()
    if words:
        print_scenarios(expression.choose([f"group:{words[0]}"], everything))
    else:
        print_groups([scenario.name for scenario in everything])
    return Exit.PASSED
