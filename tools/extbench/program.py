# SPDX-License-Identifier: ISC
"""The program that does the work, and the images that it does it on."""
import subprocess
from pathlib import Path

from harness import build, tools
from harness.outcome import HarnessError

TARGET = "tools/extbench/extbench"
UUID = "5fbc0f3b-6a2b-4e3d-9c8e-0b1f6f3c2a77"
TIMEOUT_S = 300
# Of the C library always the same functions, whatever the processor has.
ENVIRONMENT = {
    "PATH": tools.SEARCH_PATH,
    "LC_ALL": "C",
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX,-AVX2,-AVX512F,-AVX512VL,-ERMS,-FSRM",
}


class Extbench:
    """Runs it in a folder for images; the folder is the caller's."""

    def __init__(self, folder: Path):
        self.program = build.build_native((TARGET,)) / TARGET
        self.folder = folder

    def image(self, size: str, *options: str) -> Path:
        """A volume, the same in every run but for the times in it."""
        path = self.folder / "volume.img"
        path.unlink(missing_ok=True)
        self._do(["truncate", "-s", size, str(path)])
        self._do(["mke2fs", "-q", "-F", "-t", "ext4", "-b", "4096", "-U", UUID, "-E",
                  f"hash_seed={UUID},nodiscard,lazy_itable_init=1,lazy_journal_init=1", *options,
                  str(path)])
        return path

    def run(self, *words: object, before: tuple[str, ...] = ()) -> subprocess.CompletedProcess:
        """Run it, `before` it what watches it; HarnessError with what it said if it fails."""
        return self._do([*before, str(self.program), *map(str, words)])

    def numbers(self, *words: object) -> dict[str, float]:
        """What it said: a name and a number on each line."""
        lines = self.run(*words).stdout.splitlines()
        return {name: float(value) for name, value in (line.split() for line in lines)}

    def rows(self, *words: object) -> list[list[float]]:
        """What it said: numbers on each line."""
        return [[float(value) for value in line.split()]
                for line in self.run(*words).stdout.splitlines()]

    def judge(self, path: Path) -> None:
        """What it left is in order, says e2fsck."""
        self._do(["e2fsck", "-fn", str(path)])

    @staticmethod
    def _do(command: list[str]) -> subprocess.CompletedProcess:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S,
                                check=False, env=ENVIRONMENT, stdin=subprocess.DEVNULL)
        if answer.returncode != 0:
            said = (answer.stderr or answer.stdout).strip().splitlines()
            raise HarnessError(f"{' '.join(command[:4])}: " + "; ".join(said[-3:]))
        return answer
