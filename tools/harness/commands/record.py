# SPDX-License-Identifier: ISC
"""`./erix record`: run one scenario so that it can be had again bit for bit."""
import secrets

from harness import build, hostunit, packages, paths, report, runner, runs
from harness.arguments import whole_number
from harness.commands.debug import one_scenario
from harness.images import Images
from harness.outcome import Exit
from harness.recording import Recorded

SUMMARY = "record one run, to be replayed bit for bit"
HELP = """\
examples:
  ./erix record full-system-normal
  ./erix record prompt --seed 42      with the nonce of an earlier run
  ./erix record NAME --until-failure 20
                                      again and again, until a run fails; that one is kept

The recording lies in out/record/NAME, with disks and symbols, until the next one of that scenario;
`./erix replay NAME` runs it again. A recorded run starts cold and counts instructions, so its
timing is not that of a run under ./erix test. It costs about a tenth more.
"""


def add_arguments(parser) -> None:
    parser.add_argument("scenario", help="the name of one scenario")
    parser.add_argument("--seed", default="", help="where the nonce comes from")
    parser.add_argument("--until-failure", type=whole_number, default=1, metavar="N",
                        help="at most N runs, until one fails")
    parser.add_argument("--no-build", action="store_true", help="trust what lies in build/")


def execute(arguments) -> Exit:
    packages.ensure(print)
    scenario = one_scenario(arguments.scenario)
    if not arguments.no_build:
        build.build(("target", "uefi"))
    factor, folder = hostunit.measure().factor, runs.new()
    for number in range(1, arguments.until_failure + 1):
        context = runner.Context(Images(), "tcg", factor, arguments.seed or secrets.token_hex(8),
                                 folder)
        recorded = Recorded(scenario, context)
        result = recorded.execute()
        verdict = "passed" if result.passed else "FAILED"
        print(f"run {number} {verdict}: ended with {result.end}, {result.cpu_s:.1f} CPU-s")
        if not result.passed:
            break
    for line in report.reason_lines(scenario, result):
        print(f"  {line}")
    print(f"{paths.shown(recorded.place)}: replay with ./erix replay {report.typed(scenario.name)}")
    return Exit.PASSED if result.passed else Exit.FAILED
