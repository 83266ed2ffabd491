# SPDX-License-Identifier: ISC
"""What the host checks on a disk after a run, with tools that are not ours.

e2fsck alone is not enough: `-fn` does not replay the journal and may print doubts with status 0. So
a volume passes only if -fn is silent and -fy on a copy finds nothing to do.
"""
import hashlib
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from harness import media, tools
from harness.scenario import Verify
from harness.template import fill

media.names()  # puts tools/ on the path
from imagemaker import gpt  # noqa: E402

TOOL_TIMEOUT_S = 120
DOUBTS = ("IGNORED", "skipping", "? no")


class DiskProblem(Exception):
    """A check failed; the text says what was found."""


def _run(words: list[str]) -> subprocess.CompletedProcess:
    """Run a judge; a hang of it is a failure of the check (e2fsck knows images that hang it)."""
    try:
        return subprocess.run([tools.find(words[0]), *words[1:]], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=TOOL_TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired as error:
        raise DiskProblem(f"{words[0]} did not come to an end") from error


def _extract(disk: Path, partition: str, target: Path) -> Path:
    found = gpt.find(disk, partition)
    if found is None:
        raise DiskProblem(f"there is no partition {partition}")
    with open(disk, "rb") as source, open(target, "wb") as copy:
        source.seek(found.first_byte)
        left = found.size_bytes
        while left:
            piece = source.read(min(left, 1 << 20))
            if not piece:
                raise DiskProblem(f"partition {partition} reaches behind the disk's end")
            if piece.strip(b"\0"):
                copy.write(piece)
            else:
                copy.seek(len(piece), 1)
            left -= len(piece)
        copy.truncate(found.size_bytes)
    return target


def _check_ext(volume: Path, _: Verify, __: str) -> None:
    for options, status in (("-fn", (0,)), ("-fy", (0,))):
        done = _run(["e2fsck", options, str(volume)])
        text = done.stdout.decode(errors="replace")
        if done.returncode not in status or any(doubt in text for doubt in DOUBTS):
            raise DiskProblem(f"e2fsck {options}: status {done.returncode}: {text.strip()[-400:]}")


def _check_fat(volume: Path, _: Verify, __: str) -> None:
    done = _run(["fsck.fat", "-n", str(volume)])
    if done.returncode != 0:
        text = done.stdout.decode(errors="replace")
        raise DiskProblem(f"fsck.fat -n: status {done.returncode}: {text.strip()[-400:]}")


def _debugfs(volume: Path, request: str) -> bytes:
    """The answer of debugfs to one request, without the lines in which it greets."""
    done = _run(["debugfs", "-R", request, str(volume)])
    lines = done.stdout.split(b"\n")
    return b"\n".join(line for line in lines if not line.startswith(b"debugfs "))


def _check_file(volume: Path, check: Verify, nonce: str) -> None:
    wanted = fill(check.content, nonce).encode()
    found = _debugfs(volume, f'cat "{fill(check.path, nonce)}"')
    if found != wanted:
        raise DiskProblem(f"{check.path} holds {found[:200]!r}, wanted {wanted[:200]!r}")


def _check_absent(volume: Path, check: Verify, nonce: str) -> None:
    found = _debugfs(volume, f'stat "{fill(check.path, nonce)}"')
    if b"not found" not in found:
        raise DiskProblem(f"{check.path} is there, but must not be")


VOLUME_CHECKS: dict[str, Callable[[Path, Verify, str], None]] = {
    "ext": _check_ext, "fat": _check_fat, "file": _check_file, "absent": _check_absent}


def digest(file: Path) -> str:
    with open(file, "rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()


def _check(check: Verify, disk: Path, digest_before: str, nonce: str) -> None:
    if check.check == "unchanged":
        if digest(disk) != digest_before:
            raise DiskProblem("its bytes have changed")
        return
    if check.check == "gpt":
        done = _run(["sgdisk", "--verify", str(disk)])
        if b"No problems found" not in done.stdout:
            raise DiskProblem(f"sgdisk: {done.stdout.decode(errors='replace').strip()[-400:]}")
        return
    with tempfile.TemporaryDirectory(prefix="erix-disk-") as folder:
        volume = _extract(disk, check.partition, Path(folder) / "volume")
        VOLUME_CHECKS[check.check](volume, check, nonce)


def problems(checks: tuple[Verify, ...], disk: Path, digest_before: str, nonce: str
             ) -> tuple[str, ...]:
    """What is wrong with the disk, one text for each failed check."""
    found = []
    for check in checks:
        try:
            _check(check, disk, digest_before, nonce)
        except DiskProblem as problem:
            found.append(f"{check.check} {check.partition}{check.path}: {problem}")
    return tuple(found)
