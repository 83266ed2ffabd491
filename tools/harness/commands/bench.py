# SPDX-License-Identifier: ISC
"""`./erix bench`: exact measurements under instruction counting."""
import json
import secrets
import sys

from extbench import command as extbench
from harness import bench, build, costs, hostunit, packages, report, runner, runs
from harness.images import Images
from harness.outcome import Exit

SUMMARY = "measure in exact instruction counts: boot, ext, ipc, memory, read"
HELP = """\
examples:
  ./erix bench                 names the benchmarks
  ./erix bench read            instructions for each KiB read from a file on ext4
  ./erix bench boot            guest time from loader entry to ready, by stage
  ./erix bench ipc             instructions for each kernel operation
  ./erix bench ext             lib/ext on this host: exact costs, how they grow, and others' speed
  ./erix bench memory          bytes that each program was given at the prompt
  ./erix bench ipc --json      one object with the numbers
  ./erix bench ipc --write-costs   after a change that is meant: renew tests/costs.toml

The machine counts instructions (-icount shift=0): one instruction is one nanosecond of
guest time, so the numbers do not depend on this machine and are the same in every run. Those of
`ext` are counted on the host by valgrind, with pictures of how they grow in out/bench; what follows
them are times of this machine, and so are told as ratios to other file systems. Status 1 if
costs are not those of tests/costs.toml, to 2 %, or above what it says they must be.
"""


def add_arguments(parser) -> None:
    parser.add_argument("name", nargs="?", help="which benchmark")
    parser.add_argument("--json", action="store_true", help="one object for programs")
    parser.add_argument("--write-costs", action="store_true",
                        help="make these numbers the table that is held")
    parser.add_argument("--no-build", action="store_true", help="trust what lies in build/")


def _print_stages(stages: tuple[bench.Stage, ...]) -> None:
    for stage in stages:
        print(f"{stage.at_ns / 1e6:10.3f} ms  +{stage.step_ns / 1e6:8.3f}  {stage.marker}")


def _print_figures(reading: bench.Reading) -> None:
    """Medians with what is allowed; the range only where there is one."""
    table = costs.table(reading.name)
    ranges = {each.name: f"   {each.minimum:,} to {each.maximum:,}"
              for each in reading.measures if each.minimum != each.maximum}
    width = max(map(len, reading.figures))
    print(f"{'':<{width}} {'figure':>12} {'table':>12} {'must':>8} {'aim':>8}")
    for name, figure in reading.figures.items():
        row = table.get(name, costs.Cost())
        limits = [f"{value:>{size},}" if value is not None else " " * size
                  for value, size in ((row.cost, 12), (row.must, 8), (row.aim, 8))]
        print(f"{name:<{width}} {figure:>12,} {' '.join(limits)}{ranges.get(name, '')}".rstrip())


def _print(reading: bench.Reading) -> None:
    if reading.stages:
        _print_stages(reading.stages)
    else:
        _print_figures(reading)


def execute(arguments) -> Exit:
    if arguments.name is None:
        print("benchmarks: " + ", ".join(sorted([*bench.names(), extbench.NAME])))
        return Exit.PASSED
    if arguments.name == extbench.NAME:
        packages.ensure(print)
        return extbench.execute(arguments)
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
    reading = bench.read(arguments.name, result)
    if arguments.write_costs:
        costs.write(arguments.name, reading.figures)
    if arguments.json:
        print(json.dumps(reading.figures))
    else:
        _print(reading)
    problems = [*reading.problems, *costs.problems(arguments.name, reading.figures)]
    print("\n".join(problems), end="\n" if problems else "", file=sys.stderr)
    return Exit.FAILED if problems else Exit.PASSED
