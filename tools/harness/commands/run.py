# SPDX-License-Identifier: ISC
"""`./erix run`: boot EriX on this terminal."""
import fcntl
import os
import sys
from pathlib import Path
from typing import TextIO

from harness import (accelerator, artifacts, build, cas, console, debugger, images, packages, paths,
                     qemu)
from harness.arguments import whole_number
from harness.outcome import EnvironmentProblem, Exit
from harness.terminal import styled

SUMMARY = "build, make the disk image and boot EriX on this terminal"
HELP = """\
examples:
  ./erix run              the prompt of EriX here; `shutdown` at the prompt ends it
  ./erix run --fresh      with a new disk; otherwise the disk of the last run
  ./erix run --gui        with a window for the framebuffer
  ./erix run --gdb        waits for gdb and prints the command that attaches it
  ./erix run --release    the release image instead of the dev image

Installs what is missing first. All keys go to EriX, also ^C; Ctrl-] x ends the machine at once and
Ctrl-] h shows QEMU's other keys. The disk is kept in out/run/disk-dev.img.
"""
DEBUG_SOCKET = "gdb.sock"


def add_arguments(parser) -> None:
    parser.add_argument("--fresh", action="store_true", help="start with a new disk image")
    parser.add_argument("--gui", action="store_true", help="show the framebuffer in a window")
    parser.add_argument("--gdb", action="store_true", help="wait for a debugger")
    parser.add_argument("--release", action="store_true", help="boot the release image")
    parser.add_argument("--memory", type=whole_number, default=512, metavar="MIB",
                        help="512 by default")
    parser.add_argument("--no-build", action="store_true", help="trust what lies in build/")


def _claim_disk() -> TextIO:
    """One run at a time has the kept disk, as long as the returned file is open."""
    paths.RUNS.mkdir(parents=True, exist_ok=True)
    lock = open(paths.RUNS / "run.lock", "w", encoding="utf-8")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise EnvironmentProblem("another ./erix run has the disk; end it first (`shutdown` at its "
                                 "prompt, or Ctrl-] x)") from None
    return lock


def _kept_disk(profile: str, fresh: bool) -> Path:
    """The disk that is kept between runs. It is made anew when the build has changed, and the one
    before is put aside."""
    stored = images.appliance(profile)
    kept = paths.RUNS / f"disk-{profile}.img"
    origin = kept.with_suffix(".origin")
    digest = cas.digest_file(stored)
    current = kept.exists() and origin.exists() and origin.read_text(encoding="utf-8") == digest
    if current and not fresh:
        return kept
    kept.parent.mkdir(parents=True, exist_ok=True)
    if kept.exists() and not fresh:
        old = kept.with_suffix(".old.img")
        os.replace(kept, old)
        print(f"the build has changed: new disk; the one before is {paths.shown(old)}")
    images.copy_disk(stored, kept)
    origin.write_text(digest, encoding="utf-8")
    return kept


def execute(arguments) -> Exit:
    packages.ensure(print)
    if arguments.gui:
        packages.ensure(print, packages.GUI_PACKAGES)
    if not arguments.no_build:
        build.build(("target", "uefi"))
    profile = "release" if arguments.release else "dev"
    with _claim_disk():
        disk = _kept_disk(profile, arguments.fresh)
        socket = paths.RUNS / DEBUG_SOCKET
        socket.unlink(missing_ok=True)
        spec = qemu.MachineSpec(
            disks=(qemu.Disk(disk, "virtio", boot=True),), accelerator=accelerator.choose().name,
            memory_mib=arguments.memory, display="gtk" if arguments.gui else "none",
            wait_for_debugger=arguments.gdb,
            gdb_socket=f"unix:{socket},server=on,wait=off" if arguments.gdb else "")
        if arguments.gdb:
            print(f"waiting for the debugger; in another terminal:\n  {debugger.line(socket)}")
        print(styled(f"booting {paths.shown(disk)} · {console.ESCAPE_HELP}", "dim"))
        sys.stdout.flush()
        status = console.run(qemu.command(spec))
    return Exit.PASSED if status == 0 else Exit.FAILED
