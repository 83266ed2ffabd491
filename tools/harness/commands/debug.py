# SPDX-License-Identifier: ISC
"""`./erix debug`: one scenario, stopped at its failure, under gdb."""
import secrets
import sys
import tempfile
from pathlib import Path

from harness import build, debugger, expression, hostunit, packages, paths, report, runner, runs
from harness.held import Held, Hold, Stop
from harness.images import Images
from harness.outcome import Exit, UsageError
from harness.scenario import Scenario, load_all

SUMMARY = "run one scenario and stop at its failure, with gdb attached"
HELP = """\
examples:
  ./erix debug full-system-normal                   stops where the run is decided, pass or fail
  ./erix debug prompt --at ERIX_KERNEL:START        stops when that marker has come
  ./erix debug prompt --batch erix-where --batch 'info registers'
                                                    does these commands of gdb and ends

The run stops before the kernel's first word about a panic, before the exit of a test image, at the
first forbidden marker, at power-off, or when a budget is used up. Then gdb is attached, with the
symbols of the kernel, and these commands besides its own:

  erix-where     who runs, and where             erix-threads   every thread and what it waits for
  erix-process NAME|PID   see as that process    erix-caps NAME|PID   its capabilities
  erix-back      see as the processor again

What the guest says and is told goes on while it runs; the log is in out/last/NAME/serial.log.
Without a terminal, gdb's command line is printed and the machine waits. docs/debugging.md has more.
"""
FORWARDS = "this is no replay; ./erix record NAME, then ./erix replay NAME --gdb"


def add_arguments(parser) -> None:
    parser.add_argument("scenario", help="the name of one scenario")
    parser.add_argument("--at", default="", metavar="MARKER", help="stop at this marker")
    parser.add_argument("--seed", default="", help="the seed of an earlier run")
    add_gdb_arguments(parser)
    parser.add_argument("--no-build", action="store_true", help="trust what lies in build/")


def add_gdb_arguments(parser) -> None:
    parser.add_argument("--batch", action="append", default=[], metavar="COMMAND",
                        help="a command for gdb, which ends after the last one")


def one_scenario(word: str) -> Scenario:
    """The only scenario that a word means, and one whose machine has no debugger yet."""
    chosen = expression.choose([word], load_all())
    if len(chosen) != 1:
        names = ", ".join(scenario.name for scenario in chosen)
        raise UsageError(f"`{word}` means several scenarios: {names}")
    if chosen[0].inject:
        raise UsageError(f"{chosen[0].name} is under attack from outside: its machine has a "
                         "debugger already, and takes only one")
    return chosen[0]


class Visit:
    """What is done with a stopped machine: say where it is, and let gdb have it."""

    def __init__(self, scenario: Scenario, executables: debugger.Executables, commands: list[str],
                 facts: Path):
        self._scenario = scenario
        self._executables = executables
        self._commands = tuple(commands)
        self._facts = facts
        self.status = Exit.FAILED

    def __call__(self, stop: Stop) -> None:
        print(f"stopped: {stop.why}")
        for reason in stop.reasons:
            for line in report.reason_text(self._scenario, reason):
                print(f"  {line}")
        if not stop.reasons:
            print("  nothing is wrong with the run so far")
        sys.stdout.flush()
        if not self._commands and not sys.stdin.isatty():
            print("attach with, and end with Enter or the end of input:\n  "
                  + debugger.line(stop.socket, self._executables, self._facts), flush=True)
            sys.stdin.readline()
            self.status = Exit.PASSED
            return
        done = debugger.attach(stop.socket, self._executables, self._facts, self._commands)
        self.status = Exit.PASSED if done == 0 else Exit.FAILED


def execute(arguments) -> Exit:
    packages.ensure(print)
    scenario = one_scenario(arguments.scenario)
    if not arguments.no_build:
        build.build(("target", "uefi"))
    executables = debugger.Executables.of(scenario)
    with tempfile.TemporaryDirectory(prefix="erix-gdb-") as place:
        facts = executables.write_facts(Path(place), FORWARDS)
        visit = Visit(scenario, executables, arguments.batch, facts)
        context = runner.Context(Images(), "tcg", hostunit.measure().factor,
                                 arguments.seed or secrets.token_hex(8), runs.new())
        held = Held(scenario, context, Hold(executables, Path(place) / "gdb", visit, arguments.at))
        print(f"serial line: {paths.shown(held.folder)}/serial.log", flush=True)
        held.execute()
    return visit.status
