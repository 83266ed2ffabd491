# SPDX-License-Identifier: ISC
"""Compiling: three build directories of Meson from one tree, brought up to date by Ninja."""
import fcntl
import hashlib
import json
import os
import re
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from harness import paths, state, tools
from harness.outcome import BuildError
from harness.terminal import Progress, duration

STEP = re.compile(r"\[(\d+)/(\d+)\] (.*)")
OPTIONS_FILE = "erix-options.json"


@dataclass(frozen=True)
class Machine:
    """A build directory: the machine that it is for, and its options."""
    name: str
    machine_file: str
    options: tuple[str, ...]
    machine: str = ""

    @property
    def kind(self) -> str:
        return self.machine or self.name

    @property
    def folder(self) -> Path:
        return paths.BUILD / self.name


# b_ndebug is off everywhere: assertions stay in release builds.
MACHINES = (
    Machine("host", "--native-file",
            ("-Dbuildtype=debug", "-Doptimization=1", "-Db_sanitize=address,undefined",
             "-Db_lundef=false")),
    # With debug information, for gdb (-g stands in target.ini: buildtype release overrules the
    # option `debug`); images are made of stripped files.
    Machine("target", "--cross-file", ("--buildtype=release",)),
    Machine("uefi", "--cross-file", ("--buildtype=release",)),
)


# Fuzz targets are built one by one, when somebody asks for one.
FUZZ = Machine("fuzz", "--native-file",
               ("-Dbuildtype=debug", "-Doptimization=2", "-Db_sanitize=address,undefined",
                "-Db_lundef=false", "-Dfuzz=true"), "host")

# Fuzz targets once more, for counting the lines that their corpus reaches.
FUZZ_COVERAGE = Machine("fuzz-coverage", "--native-file",
                        ("-Dbuildtype=debug", "-Doptimization=1", "-Db_lundef=false",
                         "-Dfuzz=true", "-Dc_args=-fprofile-instr-generate -fcoverage-mapping",
                         "-Dc_link_args=-fprofile-instr-generate"), "host")

# Tools as users run them: fast, without sanitizers; built when somebody asks for one.
NATIVE = Machine("native", "--native-file", ("--buildtype=release",), "host")

# The kernel's host tests once more, for counting branches.
COVERAGE = Machine("coverage", "--native-file",
                   ("-Dbuildtype=debug", "-Doptimization=1", "-Db_lundef=false",
                    "-Dc_args=-fprofile-instr-generate -fcoverage-mapping",
                    "-Dc_link_args=-fprofile-instr-generate"), "host")


@contextmanager
def exclusive():
    """Only one build at a time in this tree; a second one waits."""
    paths.OUT.mkdir(parents=True, exist_ok=True)
    with open(paths.OUT / "build.lock", "w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _setup_command(machine: Machine) -> list[str]:
    ini = paths.ROOT / "tools" / "meson" / f"{machine.kind}.ini"
    return [tools.find("meson"), "setup", str(machine.folder), str(paths.ROOT),
            machine.machine_file, str(ini), f"-Dmachine={machine.kind}", *machine.options]


def _configure(machine: Machine, progress: Progress) -> None:
    command = _setup_command(machine)
    ini = Path(command[command.index(machine.machine_file) + 1])
    wanted = {"command": command, "ini": hashlib.sha256(ini.read_bytes()).hexdigest(),
              "compiler": tools.version(tools.TOOLS[1])}
    stamp = machine.folder / OPTIONS_FILE
    try:
        current = json.loads(stamp.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        current = None
    if current == wanted and (machine.folder / "build.ninja").exists():
        return
    progress.status(f"configuring build/{machine.name}", force=True)
    if (machine.folder / "build.ninja").exists():
        command = [*command, "--wipe"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False, env=_environment())
    if done.returncode != 0:
        raise BuildError(f"meson cannot configure build/{machine.name}:\n{done.stdout}")
    state.write_atomically(stamp, json.dumps(wanted).encode())


def _environment() -> dict[str, str]:
    """The environment of the build without the variables that would change what it makes."""
    unwanted = ("CFLAGS", "CPPFLAGS", "LDFLAGS", "CC", "CC_LD", "AR", "DESTDIR", "MAKEFLAGS")
    kept = {name: value for name, value in os.environ.items() if name not in unwanted}
    # Meson runs a program to try the compiler; where branches are counted, it would leave them.
    return kept | {"PATH": tools.SEARCH_PATH, "LC_ALL": "C.UTF-8", "NINJA_STATUS": "[%f/%t] ",
                   "LLVM_PROFILE_FILE": os.devnull}


def _ninja(machine: Machine, targets: tuple[str, ...], progress: Progress) -> None:
    command = [tools.find("ninja"), "-C", str(machine.folder), *targets]
    output: list[str] = []
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace",
                          env=_environment()) as process:
        for line in process.stdout:
            step = STEP.match(line)
            if step:
                name = step[3].rsplit("/", 1)[-1]
                progress.status(f"building {machine.name} {step[1]}/{step[2]}  {name}")
            else:
                output.append(line)
    if process.returncode != 0:
        # Of what Meson said while it configured anew only errors are of interest.
        first = next((at for at, line in enumerate(output) if line.startswith("FAILED")), 0)
        errors = [line for line in output[:first] if "ERROR:" in line]
        text = "".join([*errors, *output[first:]]).rstrip()
        raise BuildError(f"build/{machine.name} does not build:\n{text}")


def build_release_loader(public_key: Path) -> Path:
    """Build the loader that trusts a release key besides the keys of the tree; its folder."""
    digest = hashlib.sha256(public_key.read_bytes()).hexdigest()[:12]
    machine = Machine(f"uefi-release-{digest}", "--cross-file",
                      ("--buildtype=release", f"-Drelease_key={public_key}"), "uefi")
    with Progress() as shown, exclusive():
        _configure(machine, shown)
        _ninja(machine, (), shown)
    return machine.folder


def build_fuzzers(targets: tuple[str, ...]) -> None:
    """Build fuzz targets, in build/fuzz."""
    with Progress() as shown, exclusive():
        _configure(FUZZ, shown)
        _ninja(FUZZ, targets, shown)


def build_fuzz_coverage(targets: tuple[str, ...]) -> None:
    """Build fuzz targets in build/fuzz-coverage."""
    with Progress() as shown, exclusive():
        _configure(FUZZ_COVERAGE, shown)
        _ninja(FUZZ_COVERAGE, targets, shown)


def build_native(targets: tuple[str, ...]) -> Path:
    """Build tools without sanitizers; their folder, build/native."""
    with Progress() as shown, exclusive():
        _configure(NATIVE, shown)
        _ninja(NATIVE, targets, shown)
    return NATIVE.folder


def build_coverage(targets: tuple[str, ...]) -> None:
    """Build tests in build/coverage."""
    with Progress() as shown, exclusive():
        _configure(COVERAGE, shown)
        _ninja(COVERAGE, targets, shown)


def build(names: tuple[str, ...] = ("host", "target", "uefi"), targets: tuple[str, ...] = (),
          progress: Progress | None = None) -> float:
    """Bring build directories up to date; the seconds that it took. Raises BuildError."""
    start_s = time.monotonic()
    with progress or Progress() as shown, exclusive():
        for machine in MACHINES:
            if machine.name in names:
                _configure(machine, shown)
                _ninja(machine, targets, shown)
        took_s = time.monotonic() - start_s
        if took_s > 2:
            shown.say(f"built {', '.join(names)} in {duration(took_s)}")
    return took_s
