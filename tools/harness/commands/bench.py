# SPDX-License-Identifier: ISC
"""`./erix bench`: exact measurements under instruction counting."""
import json
import secrets

from harness import bench, build, hostunit, packages, report, runner, runs
from harness.images import Images
from harness.outcome import Exit, UsageError

SUMMARY = "measure in exact instruction counts: boot, ipc"
HELP = """\
examples:
  ./erix bench                 names the benchmarks
  ./erix bench read            instructions for each KiB read from a file on ext4
  ./erix bench boot            guest time from loader entry to ready, by stage
  ./erix bench ipc             instructions for each kernel operation
  ./erix bench ipc --json      one object with the numbers

The machine counts instructions (-icount shift=0,sleep=off): one instruction is one nanosecond of
guest time, so the numbers do not depend on this machine and are the same in every run.
"""


def add_arguments(parser) -> None:
    parser.add_argument("name", nargs="?", help="which benchmark")
    parser.add_argument("--json", action="store_true", help="one object for programs")
    parser.add_argument("--no-build", action="store_true", help="trust what lies in build/")


def _print_stages(stages: list[bench.Stage]) -> None:
    for stage in stages:
        print(f"{stage.at_ns / 1e6:10.3f} ms  +{stage.step_ns / 1e6:8.3f}  {stage.marker}")


def _print_measures(measures: list[bench.Measure]) -> None:
    width = max((len(each.name) for each in measures), default=0)
    if measures:
        print(f"{'operation':<{width}} {'median':>10} {'minimum':>10} {'maximum':>10}")
    for each in measures:
        print(f"{each.name:<{width}} {each.median:>10,} {each.minimum:>10,} {each.maximum:>10,}")


def execute(arguments) -> Exit:
    if arguments.name is None:
        print("benchmarks: " + (", ".join(bench.names()) or "none"))
        return Exit.PASSED
    scenario = bench.load(arguments.name)
    packages.ensure(print)
    if not arguments.no_build:
        build.build(("target", "uefi"))
    context = runner.Context(Images(), "tcg", hostunit.measure().factor, secrets.token_hex(8),
                             runs.new())
    result = runner.run(scenario, context)
    if not result.passed:
        print("\n".join(report.reason_lines(scenario, result)))
        return Exit.FAILED
    text = (result.folder / "serial.log").read_text(encoding="utf-8", errors="replace")
    measures = bench.measurements(text.splitlines()) + bench.rates(text.splitlines())
    stages = [] if measures else bench.stages(result.stamps, text.splitlines())
    if not measures and not stages:
        raise UsageError(f"{arguments.name}: the run passed, but said no number")
    if arguments.json:
        print(json.dumps({each.name: each.median for each in measures}
                         | {stage.marker: stage.at_ns for stage in stages}))
        return Exit.PASSED
    _print_stages(stages)
    _print_measures(measures)
    return Exit.PASSED
