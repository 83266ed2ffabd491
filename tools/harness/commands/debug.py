# SPDX-License-Identifier: ISC
"""`./erix debug`: one scenario under gdb."""
import secrets
import subprocess
import sys
import tempfile
from pathlib import Path

from harness import build, debugger, expression, packages, paths, qemu, runs, template
from harness.images import Images
from harness.outcome import Exit, UsageError
from harness.scenario import load_all

SUMMARY = "run one scenario under gdb, stopped before its first instruction"
HELP = """\
examples:
  ./erix debug full-system-normal
  ./erix debug 'boot-refused[truncated]'

gdb starts attached to the stopped machine, with the symbols of the kernel; `continue` lets it run.
The serial line is written to out/last/NAME/serial.log: follow it with tail -f in another terminal.
Without a terminal, gdb's command line is printed and the machine waits.
"""


def add_arguments(parser) -> None:
    parser.add_argument("scenario", help="the name of one scenario")
    parser.add_argument("--no-build", action="store_true", help="trust what lies in build/")


def _machine(words: list[str], log: Path) -> subprocess.Popen:
    """QEMU with its serial line in a file, so that gdb has the terminal."""
    changed = [word.replace("stdio,id=serial0,signal=off", f"file,id=serial0,path={log}")
               for word in words]
    return subprocess.Popen(changed, stdin=subprocess.DEVNULL, start_new_session=True)


def execute(arguments) -> Exit:
    packages.ensure(print)
    chosen = expression.choose([arguments.scenario], load_all())
    if len(chosen) != 1:
        names = ", ".join(scenario.name for scenario in chosen)
        raise UsageError(f"`{arguments.scenario}` means several scenarios: {names}")
    scenario = chosen[0]
    if not arguments.no_build:
        build.build(("target", "uefi"))
    folder = runs.new() / scenario.folder_name()
    folder.mkdir()
    nonce = template.nonce(secrets.token_hex(8), scenario.name)
    prepared = Images().prepare(scenario, folder, nonce)
    with tempfile.TemporaryDirectory(prefix="erix-gdb-") as place:
        socket = Path(place) / "gdb"
        spec = qemu.MachineSpec(
            disks=prepared.disks, memory_mib=scenario.boot.memory_mib, icount=scenario.boot.icount,
            start=scenario.boot.start, flash_variables=prepared.flash_variables,
            debug_exit=prepared.debug_exit, wait_for_debugger=True,
            gdb_socket=f"unix:{socket},server=on,wait=off")
        log = folder / "serial.log"
        with _machine(qemu.command(spec), log) as machine:
            print(f"serial line: {paths.shown(log)}")
            try:
                if sys.stdin.isatty():
                    debugger.attach(socket)
                else:
                    debugger.wait_for(socket)
                    print(f"attach with:\n  {debugger.line(socket)}", flush=True)
                    machine.wait()
            finally:
                machine.kill()
    return Exit.PASSED
