# SPDX-License-Identifier: ISC
"""gdb on a machine: the words that load symbols and attach over a socket."""
import shlex
import subprocess
import time
from pathlib import Path

from harness import artifacts, paths, tools
from harness.outcome import EnvironmentProblem

SOCKET_WAIT_S = 10.0


def words(socket: Path) -> list[str]:
    """The command line of gdb with the symbols of the kernel and, by hand, of programs."""
    command = [tools.find("gdb"), "-q"]
    kernel = artifacts.kernel_symbols()
    if kernel:
        command.append(str(kernel))
    # Debug information names sources relative to the root of the tree.
    return [*command, "-ex", "set confirm off", "-ex", f"directory {paths.ROOT}",
            "-ex", f"target remote {socket}"]


def line(socket: Path) -> str:
    return " ".join(shlex.quote(word) for word in words(socket))


def wait_for(socket: Path) -> None:
    deadline = time.monotonic() + SOCKET_WAIT_S
    while not socket.exists():
        if time.monotonic() > deadline:
            raise EnvironmentProblem("QEMU did not open its socket for gdb")
        time.sleep(0.02)


def attach(socket: Path) -> int:
    """Run gdb in the foreground on the machine behind the socket."""
    wait_for(socket)
    return subprocess.run(words(socket), check=False).returncode
