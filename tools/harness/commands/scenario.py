# SPDX-License-Identifier: ISC
"""`./erix scenario`: one scenario, shown and run."""
import argparse

from harness import cli, expression
from harness.commands.list import describe, print_scenarios
from harness.outcome import Exit, UsageError
from harness.scenario import load_all

SUMMARY = "show or run a scenario"
NOTHING = ("", "none", [], (), {}, 0, None)
HELP = """\
examples:
  ./erix scenario                all scenarios, one line each
  ./erix scenario phase0         what is put into the machine, what must come of it, its twin
  ./erix scenario run phase0     builds and runs it; options of ./erix test may follow

A scenario of a matrix is meant by its whole name, as in 'boot-refused[wrong-key]'.
"""


def add_arguments(parser) -> None:
    parser.add_argument("words", nargs=argparse.REMAINDER, metavar="[run] NAME ...",
                        help="a scenario; with `run` before it, run it")


def _print_object(found: dict, indent: str = "") -> None:
    """The keys that say something, one a line."""
    for key, value in found.items():
        if value in NOTHING:
            continue
        if isinstance(value, dict):
            print(f"{indent}{key}:")
            _print_object(value, indent + "  ")
        elif isinstance(value, (list, tuple)):
            print(f"{indent}{key}:")
            for each in value:
                print(f"{indent}  {each}")
        else:
            print(f"{indent}{key}: {value}")


def execute(arguments) -> Exit:
    words = arguments.words
    if words[:1] == ["run"]:
        if len(words) < 2:
            raise UsageError("`scenario run` wants the name of a scenario\n"
                             "  ./erix scenario shows them")
        expression.choose([words[1]], load_all())
        return cli.dispatch(["test", *words[1:]])
    if len(words) > 1:
        raise UsageError(f"`scenario` shows one scenario, not also `{words[1]}`")
    everything = load_all()
    chosen = expression.choose(words, everything)
    if len(chosen) > 1:
        print_scenarios(chosen)
    else:
        _print_object(describe(chosen[0], [scenario.name for scenario in everything]))
    return Exit.PASSED
