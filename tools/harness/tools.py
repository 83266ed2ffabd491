# SPDX-License-Identifier: ISC
"""The programs of the host that the harness starts, and their versions."""
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from harness.outcome import EnvironmentProblem

# A user's PATH on Debian lacks the folders of mke2fs and sgdisk.
SEARCH_PATH = os.environ.get("PATH", "/usr/bin:/bin") + ":/usr/sbin:/sbin"
VERSION_TIMEOUT_S = 30


@dataclass(frozen=True)
class Tool:
    """A program, how it is asked for its version, and the least version that will do."""
    program: str
    arguments: tuple[str, ...] = ("--version",)
    least: tuple[int, ...] = ()


TOOLS = (
    Tool("qemu-system-x86_64", least=(7, 2)),
    Tool("clang-19", least=(19,)),
    Tool("ld.lld-19", least=(19,)),
    Tool("lld-link-19", least=(19,)),
    Tool("llvm-ar-19", least=(19,)),
    Tool("clang-format-19", least=(19,)),
    Tool("clang-tidy-19", least=(19,)),
    Tool("meson", least=(1, 0, 1)),
    Tool("ninja", least=(1, 10)),
    Tool("openssl", ("version",), least=(3,)),
    Tool("mke2fs", ("-V",), least=(1, 46)),
    Tool("e2fsck", ("-V",), least=(1, 46)),
    Tool("debugfs", ("-V",), least=(1, 46)),
    Tool("mkfs.vfat", ("--help",)),
    Tool("mcopy", ("--version",), least=(4,)),
    Tool("sgdisk", ("--version",), least=(1,)),
    Tool("gdb", least=(12,)),
)


def _path(program: str) -> str | None:
    """ERIX_QEMU names another QEMU, for trying a newer one and for the tests of this harness."""
    if program == "qemu-system-x86_64" and os.environ.get("ERIX_QEMU"):
        program = os.environ["ERIX_QEMU"]
    return shutil.which(program, path=SEARCH_PATH)


def find(program: str) -> str:
    """The path of a program of the host; raises EnvironmentProblem if it is not there."""
    path = _path(program)
    if path is None:
        raise EnvironmentProblem(f"{program} is missing; `./erix setup` installs it")
    return path


def run(words: list[str], **options) -> subprocess.CompletedProcess:
    """Run a tool of the host quietly; its output stands in the exception if it fails."""
    command = [find(words[0]), *words[1:]]
    done = subprocess.run(command, stdin=options.pop("stdin", subprocess.DEVNULL),
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, **options)
    if done.returncode != 0:
        raise EnvironmentProblem(f"{' '.join(map(str, words))}: exit status {done.returncode}\n"
                                 + done.stdout.decode(errors="replace"))
    return done


def version(tool: Tool) -> str | None:
    """The version as text: "7.2.22"; "" if it does not tell, None if the tool is missing."""
    path = _path(tool.program)
    if path is None:
        return None
    answer = subprocess.run([path, *tool.arguments], stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            timeout=VERSION_TIMEOUT_S, check=False)
    found = re.search(r"\d+(\.\d+)+", answer.stdout.decode(errors="replace"))
    return found[0] if found else ""


def new_enough(text: str, least: tuple[int, ...]) -> bool:
    numbers = tuple(int(part) for part in re.findall(r"\d+", text))
    return numbers >= least


def firmware() -> Path:
    """OVMF as one file (code and variables), for -bios."""
    return _firmware_file("OVMF.fd")


def firmware_flash() -> tuple[Path, Path]:
    """OVMF as two flash images: code, and the template of its variables."""
    return _firmware_file("OVMF_CODE.fd"), _firmware_file("OVMF_VARS.fd")


def _firmware_file(name: str) -> Path:
    for folder in ("/usr/share/ovmf", "/usr/share/OVMF", "/usr/share/qemu"):
        path = Path(folder) / name
        if path.is_file():
            return path
    raise EnvironmentProblem(f"firmware {name} is missing; `./erix setup` installs package ovmf")
