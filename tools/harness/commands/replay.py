# SPDX-License-Identifier: ISC
"""`./erix replay`: run a recording again, bit for bit, and look at it."""
import tempfile
from pathlib import Path

from harness import packages, paths, runner, runs
from harness.commands.debug import Visit, add_gdb_arguments, one_scenario
from harness.held import Held, Hold, Stop
from harness.outcome import Exit
from harness.recording import Recording
from harness.scenario import Scenario

SUMMARY = "replay a recorded run bit for bit, also backwards under gdb"
HELP = """\
examples:
  ./erix replay full-system-normal              and compare its serial log with the recording's
  ./erix replay full-system-normal --gdb        stops where the recording was decided
  ./erix replay prompt --gdb --at ERIX_KERNEL:START
  ./erix replay core-normal --batch reverse-stepi --batch 'hbreak cspace_init' \\
                            --batch reverse-continue

`./erix record NAME` makes the recording. Under gdb, reverse-stepi, reverse-step, reverse-finish and
reverse-continue go back to any earlier instruction after power-on; a watchpoint and
reverse-continue find who wrote a word last. A machine that has powered itself off cannot go back:
stop it before that with --at.
The commands of `./erix debug` (erix-where, erix-threads, ...) work too.
"""
OFF = "the machine is off; --at MARKER stops it earlier"


def add_arguments(parser) -> None:
    parser.add_argument("scenario", help="the name of one scenario")
    parser.add_argument("--gdb", action="store_true", help="stop at the end, for gdb")
    parser.add_argument("--at", default="", metavar="MARKER", help="stop at this marker, for gdb")
    add_gdb_arguments(parser)


def _compare(recording: Recording, folder: Path) -> Exit:
    before, after = recording.log(), recording.replay(folder / "serial.log")
    if before == after:
        print(f"{recording.name}: replayed bit for bit; {len(after)} bytes on the serial line")
        return Exit.PASSED
    line = next((at for at, (old, new) in enumerate(zip(before.split(b"\n"), after.split(b"\n")), 1)
                 if old != new), "behind the last common one")
    print(f"{recording.name}: the replay differs at line {line} of the serial line: "
          f"{paths.shown(recording.folder)}/serial.log and {paths.shown(folder)}/serial.log")
    return Exit.FAILED


def _look(recording: Recording, scenario: Scenario, arguments, folder: Path) -> Exit:
    executables = recording.executables()
    with tempfile.TemporaryDirectory(prefix="erix-gdb-") as place:
        facts = executables.write_facts(Path(place), "")
        visit = Visit(scenario, executables, arguments.batch, facts)

        def look(stop: Stop) -> None:
            if stop.over:
                executables.write_facts(Path(place), OFF)
            visit(stop)
        context = runner.Context(recording, "tcg", 1.0, recording.seed, folder)
        hold = Hold(executables, Path(place) / "gdb", look, arguments.at, recording.spec,
                    recording.end)
        Held(scenario, context, hold).execute()
    return visit.status


def execute(arguments) -> Exit:
    packages.ensure(print)
    scenario = one_scenario(arguments.scenario)
    recording = Recording.load(scenario)
    folder = runs.new()
    if arguments.gdb or arguments.at or arguments.batch:
        return _look(recording, scenario, arguments, folder)
    return _compare(recording, folder)
