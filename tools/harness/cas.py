# SPDX-License-Identifier: ISC
"""A store of things that are made from inputs: the same inputs are made into a file only once.

The key is a digest of everything that the result depends on; the file's name is the key.
"""
import hashlib
import os
import tempfile
import threading
import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from harness import paths

KEPT_FILES_MAX = 2000

_locks: dict[str, threading.Lock] = {}
_locks_guard = threading.Lock()


def key_of(parts: tuple) -> str:
    """One digest for a tuple of texts, in which no two different tuples look alike."""
    total = hashlib.sha256()
    for part in parts:
        data = str(part).encode()
        total.update(b"%d:" % len(data) + data)
    return total.hexdigest()


@lru_cache(maxsize=4096)
def _digest_of(path: str, size: int, changed_ns: int) -> str:
    del size, changed_ns  # they only tell one content of the path from another
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest_file(path: Path) -> str:
    """SHA-256 of a file, remembered while the file does not change."""
    status = path.stat()
    return _digest_of(str(path), status.st_size, status.st_mtime_ns)


def get(parts: tuple, make: Callable[[Path], None]) -> Path:
    """The file for a key, made by `make(target)` if there is none. Never changed afterwards."""
    key = key_of(parts)
    target = paths.CAS / key
    with _locks_guard:
        lock = _locks.setdefault(key, threading.Lock())
    with lock:
        if target.exists():
            os.utime(target, ns=(time.time_ns(), target.stat().st_mtime_ns))
            return target
        paths.CAS.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=paths.CAS, prefix=".making-") as folder:
            made = Path(folder) / "file"
            make(made)
            made.chmod(0o444)
            os.replace(made, target)
    return target


def prune() -> None:
    """Drop the files that were not used for longest, beyond KEPT_FILES_MAX."""
    files = [file for file in paths.CAS.glob("[0-9a-f]*") if file.is_file()]
    files.sort(key=lambda file: file.stat().st_atime, reverse=True)
    for file in files[KEPT_FILES_MAX:]:
        file.unlink(missing_ok=True)
