# SPDX-License-Identifier: ISC
"""`./erix det`: run scenarios more than once and compare what they said."""
import secrets

from harness import (accelerator, build, determinism, expression, hostunit, packages, paths, runner,
                     runs)
from harness.arguments import whole_number
from harness.images import Images
from harness.outcome import Exit, UsageError
from harness.scenario import load_all

SUMMARY = "run scenarios twice with one seed and compare their serial logs"
HELP = """\
examples:
  ./erix det                       every scenario, twice
  ./erix det 'phase0*' --times 5
  ./erix det prompt --seed 42

The logs must be the same but for the words that tell a time (tools/harness/timing.py lists them).
The first line in which two runs part is printed; the logs are in out/last/run-1, run-2, ...
Machines start from a saved one wherever they can, as under ./erix test.
Where typed words are echoed depends on when they come, so [[steps]] that do not wait for the prompt
may differ.
"""


def add_arguments(parser) -> None:
    parser.add_argument("expression", nargs="*", metavar="EXPR", help="scenarios, as for test")
    parser.add_argument("--times", type=whole_number, default=2, metavar="N",
                        help="how many runs of each")
    parser.add_argument("--seed", default="", help="where the nonces come from")
    parser.add_argument("--no-build", action="store_true", help="trust what lies in build/")


def execute(arguments) -> Exit:
    if arguments.times < 2:
        raise UsageError("--times: two runs at least can be compared")
    packages.ensure(print)
    chosen = expression.choose(arguments.expression, load_all())
    if not arguments.no_build:
        build.build(("target", "uefi"))
    context = runner.Context(Images(), accelerator.choose().name, hostunit.measure().factor,
                             arguments.seed or secrets.token_hex(8), runs.new(), frozenset())
    different = 0
    for scenario in chosen:
        found = determinism.problems(scenario, context, arguments.times)
        different += bool(found)
        print(f"{'differs' if found else 'same   '} {scenario.name}", flush=True)
        for line in found:
            print(f"        {line}")
    print(f"{len(chosen) - different} the same in {arguments.times} runs, {different} not; "
          f"{paths.shown(context.folder)}")
    return Exit.FAILED if different else Exit.PASSED
