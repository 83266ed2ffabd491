# SPDX-License-Identifier: ISC
"""lib/ext and others, one after the other in the same minutes: figures that depend on the machine,
and ratios that hardly do."""
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from extbench.program import ENVIRONMENT, Extbench
from harness.outcome import HarnessError

PARTS = {"files": 5_000, "write": 1, "read": 1, "random": 20_000}
MEASURES = ("write_mib_s", "read_mib_s", "random_reads_s", "creates_s", "removes_s")
NO_JOURNAL = ("-O", "^has_journal")
MOUNT_WAIT_S = 20
MOUNT_LOOK_S = 0.01

# How many times as fast as others it must be. Bytes of great files mostly wait for the memory of
# the machine, and what others still write when they are unmounted is not counted against them.
LIMITS = {
    ("libext2fs", "write_mib_s"): 1,
    ("libext2fs", "read_mib_s"): 1,
    ("fuse2fs", "write_mib_s"): 2,
    ("fuse2fs", "random_reads_s"): 500 / 105,
    ("fuse2fs", "creates_s"): 55 / 3.1,
    ("fuse2fs", "removes_s"): 55 / 5.9,
    ("linux", "creates_s"): 1 / 2,
    ("linux", "removes_s"): 1 / 2,
}


@dataclass(frozen=True)
class Peer:
    """A file system: how the program is told to use it, on what image, and mounted how."""
    name: str
    summary: str
    subject: str
    options: tuple[str, ...]
    mounted: Callable | None = None
    missing: Callable[[], str | None] = lambda: None


@contextmanager
def _loop(image: Path, folder: Path) -> Iterator[None]:
    _do("mount", "-o", "loop", str(image), str(folder))
    try:
        yield
    finally:
        _do("umount", str(folder))


@contextmanager
def _fuse(image: Path, folder: Path) -> Iterator[None]:
    """The process is waited for: it writes when it ends."""
    process = subprocess.Popen(["fuse2fs", "-f", "-o", "fakeroot", str(image), str(folder)],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               env=ENVIRONMENT)
    deadline = time.monotonic() + MOUNT_WAIT_S
    while not os.path.ismount(folder):
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            raise HarnessError("fuse2fs does not mount; is there /dev/fuse?")
        time.sleep(MOUNT_LOOK_S)
    try:
        yield
    finally:
        _do("fusermount3", "-u", str(folder))
        process.wait(MOUNT_WAIT_S)


def _do(*command: str) -> None:
    answer = subprocess.run(command, capture_output=True, text=True, check=False,
                            env=ENVIRONMENT)
    if answer.returncode != 0:
        raise HarnessError(f"{command[0]}: {answer.stderr.strip()}")


def _no_loop() -> str | None:
    return None if os.geteuid() == 0 else "only root can mount its loop device"


def _no_fuse() -> str | None:
    if not Path("/dev/fuse").exists():
        return "there is no /dev/fuse"
    return None if shutil.which("fuse2fs") else "fuse2fs is missing"


PEERS = (
    Peer("erix", "lib/ext, with a journal", "erix", ()),
    Peer("erix-plain", "lib/ext, without one", "erix", NO_JOURNAL),
    Peer("libext2fs", "in process; it never writes a journal", "e2fs", ()),
    Peer("fuse2fs", "the same, mounted", "posix", (), _fuse, _no_fuse),
    Peer("linux", "the kernel's ext4 on a loop device", "posix", (), _loop, _no_loop),
)


def _once(bench: Extbench, peer: Peer) -> dict[str, float]:
    """Every part through a mount of its own: nothing is left in caches from the one before."""
    path = bench.image("256M", *peer.options)
    result = {}
    for part, count in PARTS.items():
        if peer.mounted is None:
            result |= bench.numbers("speed", peer.subject, part, path, count)
        else:
            folder = bench.folder / "mounted"
            folder.mkdir(exist_ok=True)
            with peer.mounted(path, folder):
                result |= bench.numbers("speed", peer.subject, part, folder, count)
    if peer.subject == "erix":
        bench.judge(path)
    return result


def measure(bench: Extbench, rounds: int, say: Callable[[str], None]
            ) -> tuple[dict[str, dict[str, float]], dict[str, str]]:
    """The best of all rounds, which other work on the machine moves least, by peer; and why others
    cannot be measured here."""
    left_out = {peer.name: why for peer in PEERS if (why := peer.missing())}
    taken: dict[str, list[dict[str, float]]] = {}
    for number in range(rounds):
        for peer in PEERS:
            if peer.name not in left_out:
                say(f"round {number + 1} of {rounds}: {peer.name}")
                taken.setdefault(peer.name, []).append(_once(bench, peer))
    return {name: {measure: max(each[measure] for each in all_rounds)
                   for measure in MEASURES}
            for name, all_rounds in taken.items()}, left_out


def problems(speeds: dict[str, dict[str, float]]) -> list[str]:
    """Which limits are not kept."""
    ratios = {(peer, measure): speeds["erix"][measure] / speeds[peer][measure]
              for peer, measure in LIMITS if peer in speeds}
    return [f"{measure}: {ratio:.2f} times as fast as {peer}, must be {LIMITS[peer, measure]:.2f}"
            for (peer, measure), ratio in ratios.items() if ratio < LIMITS[peer, measure]]
