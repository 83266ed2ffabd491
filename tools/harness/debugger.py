# SPDX-License-Identifier: ISC
"""gdb on a machine: the words that load symbols and attach over a socket."""
import json
import os
import shlex
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from harness import artifacts, bootplan, paths, tools
from harness.outcome import EnvironmentProblem
from harness.scenario import Scenario
from harness.symbols import Symbols

SOCKET_WAIT_S = 10.0
COMMANDS = Path(__file__).with_name("inside_gdb.py")
FACTS = "facts.json"
FOLDER = "symbols"
KERNEL = "kernel"
# Where a test image ends; an exception or a panic is caught before its first word.
EXIT = "arch_exit"
ENDS = ("panic_at", "panic_exception", "panic_refuse")


@dataclass(frozen=True)
class Executables:
    """The executables with debug information that belong to a machine."""
    kernel: Path
    programs: dict[str, Path]

    @classmethod
    def of(cls, scenario: Scenario) -> "Executables":
        """Those of the build, for the image that a scenario boots."""
        return cls(artifacts.kernel_of(scenario), artifacts.programs())

    @classmethod
    def kept(cls, folder: Path) -> "Executables":
        """Those that `keep` has put there."""
        files = sorted((folder / FOLDER).glob("*.elf"))
        return cls(folder / FOLDER / KERNEL, {file.stem: file for file in files})

    def keep(self, folder: Path) -> None:
        """Copy them, since the next build makes others."""
        target = folder / FOLDER
        target.mkdir()
        shutil.copyfile(self.kernel, target / KERNEL)
        for name, file in self.programs.items():
            shutil.copyfile(file, target / f"{name}.elf")

    def addresses(self, names: tuple[str, ...]) -> dict[int, str]:
        """Where functions of the kernel are."""
        listed = Symbols(self.kernel)
        return {listed.address(name): name for name in names}

    def write_facts(self, folder: Path, forwards_only: str) -> Path:
        """What the commands inside gdb must know and the kernel's memory does not tell.
        `forwards_only`: why the machine cannot run backwards; empty if it can."""
        roles = {number: name for name, number in bootplan.roles().items()}
        programs = {name: str(file) for name, file in self.programs.items()}
        file = folder / FACTS
        file.write_text(json.dumps({"programs": programs, "roles": roles,
                                    "forwards_only": forwards_only}), encoding="utf-8")
        return file


def words(socket: Path, built: Executables | None = None) -> list[str]:
    """The command line of gdb with the symbols of the kernel and, by erix-process, of programs."""
    kernel = built.kernel if built else artifacts.kernel_symbols()
    # Debug information names sources relative to the root of the tree.
    command = [tools.find("gdb"), "-q", "-nx", *([str(kernel)] if kernel else []),
               "-ex", "set confirm off", "-ex", "set pagination off",
               "-ex", f"directory {paths.ROOT}", "-ex", f"target remote {socket}"]
    return [*command, "-x", str(COMMANDS)] if built else command


def line(socket: Path, built: Executables | None = None, facts: Path | None = None) -> str:
    setting = [f"ERIX_GDB_FACTS={facts}"] if facts else []
    return " ".join(shlex.quote(word) for word in [*setting, *words(socket, built)])


def wait_for(socket: Path) -> None:
    deadline = time.monotonic() + SOCKET_WAIT_S
    while not socket.exists():
        if time.monotonic() > deadline:
            raise EnvironmentProblem("QEMU did not open its socket for gdb")
        time.sleep(0.02)


def attach(socket: Path, built: Executables, facts: Path, commands: tuple[str, ...] = ()) -> int:
    """Run gdb in the foreground on the machine behind the socket; its exit status. With commands it
    does these and ends."""
    command = words(socket, built)
    if commands:
        command += [word for each in commands for word in ("-ex", each)]
        command.insert(1, "-batch")
    environment = os.environ | {"ERIX_GDB_FACTS": str(facts)}
    return subprocess.run(command, check=False, env=environment).returncode
