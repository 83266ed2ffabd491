# SPDX-License-Identifier: ISC
"""Folders of runs under out/run, with out/last pointing to the latest."""
import fcntl
import os
import shutil
import time
from pathlib import Path

from harness import paths

KEPT_RUNS_MAX = 10

# A run holds the lock on its file of this name for as long as its process lives.
_LOCK = ".running"
_locks = []


def new(root: Path = paths.RUNS) -> Path:
    """A fresh folder; old ones beyond KEPT_RUNS_MAX go, unless they still run."""
    name = time.strftime("%Y%m%d-%H%M%S") + f"-{os.getpid()}"
    folder = root / name
    folder.mkdir(parents=True)
    _hold(folder)
    last = root.parent / "last"
    temporary = root.parent / f".last-{os.getpid()}"
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(os.path.relpath(folder, root.parent))
    os.replace(temporary, last)
    old = sorted(each for each in root.glob("2*-*-*") if each.is_dir())
    for each in old[:-KEPT_RUNS_MAX]:
        if not _is_running(each):
            shutil.rmtree(each, ignore_errors=True)
    return folder


def _hold(folder: Path) -> None:
    lock = (folder / _LOCK).open("w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    _locks.append(lock)


def _is_running(folder: Path) -> bool:
    try:
        with (folder / _LOCK).open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False
