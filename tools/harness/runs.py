# SPDX-License-Identifier: ISC
"""Folders of runs under out/run, with out/last pointing to the latest."""
import os
import shutil
import time
from pathlib import Path

from harness import paths

KEPT_RUNS_MAX = 10


def new(root: Path = paths.RUNS) -> Path:
    """A fresh folder for this invocation; old ones beyond KEPT_RUNS_MAX go."""
    name = time.strftime("%Y%m%d-%H%M%S") + f"-{os.getpid()}"
    folder = root / name
    folder.mkdir(parents=True)
    last = root.parent / "last"
    temporary = root.parent / f".last-{os.getpid()}"
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(os.path.relpath(folder, root.parent))
    os.replace(temporary, last)
    old = sorted(each for each in root.glob("2*-*-*") if each.is_dir())
    for each in old[:-KEPT_RUNS_MAX]:
        shutil.rmtree(each, ignore_errors=True)
    return folder
