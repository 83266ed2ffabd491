# SPDX-License-Identifier: ISC
"""Running the host's makers of file systems with a fixed clock and without their configuration."""
import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

EPOCH_S = 1767225600  # 2026-01-01 00:00:00 UTC: the time stamp of everything that is made
SEARCH_PATH = os.environ.get("PATH", "/usr/bin:/bin") + ":/usr/sbin:/sbin"
TIMEOUT_S = 300


class MakerError(Exception):
    """A maker of the host failed or is missing; the text is its output."""


class MissingTool(MakerError):
    """A maker is not installed."""


def environment() -> dict[str, str]:
    """What the makers see of the host: nothing that could change a byte."""
    return {"PATH": SEARCH_PATH, "LC_ALL": "C.UTF-8", "TZ": "UTC0", "HOME": "/nonexistent",
            "SOURCE_DATE_EPOCH": str(EPOCH_S), "E2FSPROGS_FAKE_TIME": str(EPOCH_S),
            "MKE2FS_CONFIG": os.devnull, "MTOOLSRC": os.devnull, "MTOOLS_SKIP_CHECK": "1",
            "MTOOLS_NO_VFAT": "0"}


def run(words: list[str], given: bytes = b"") -> bytes:
    """Run a maker and return its output; raises MakerError."""
    program = shutil.which(words[0], path=SEARCH_PATH)
    if program is None:
        raise MissingTool(f"{words[0]} is missing; `./erix setup` installs it")
    done = subprocess.run([program, *words[1:]], input=given, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, env=environment(), timeout=TIMEOUT_S,
                          check=False)
    if done.returncode != 0:
        raise MakerError(f"{' '.join(words)}: status {done.returncode}\n"
                         + done.stdout.decode(errors="replace"))
    return done.stdout


@contextmanager
def scratch():
    """A folder for intermediate files, in memory where the host has such a place."""
    shared = "/dev/shm"
    where = shared if os.access(shared, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="erix-image-", dir=where) as folder:
        yield Path(folder)
