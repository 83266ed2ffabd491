# SPDX-License-Identifier: ISC
"""Small facts measured once and remembered in out/state, each with what it was measured on."""
import json
import os
import tempfile
from pathlib import Path

from harness import paths


def load(name: str, measured_on: dict) -> dict | None:
    """The fact, or None if there is none or it was measured on something else."""
    try:
        stored = json.loads((paths.STATE / f"{name}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(stored, dict) or stored.get("measured_on") != measured_on:
        return None
    return stored.get("fact")


def store(name: str, measured_on: dict, fact: dict) -> None:
    text = json.dumps({"measured_on": measured_on, "fact": fact}, indent=1)
    write_atomically(paths.STATE / f"{name}.json", text.encode())


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that others see it whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    os.chmod(temporary, 0o644)
    os.replace(temporary, path)
