# SPDX-License-Identifier: ISC
"""The catalogue of components (components.toml), what is really there, and digests of contents."""
import hashlib
import json
import os
import tomllib
from dataclasses import dataclass
from pathlib import Path

from harness import paths, state
from harness.outcome import UsageError

# Folders that are one component each, and folders whose every sub-folder with files is one.
SINGLE = {"abi": "contract", "protocol": "contract", "boot": "boot", "kernel": "kernel",
          "userlib": "runtime", "tests": "tests"}
PARENTS = {"lib": "library", "services": "service", "drivers": "driver", "programs": "program",
           "tools": "tool"}
FIELDS = {"name", "kind", "folder"}


@dataclass(frozen=True)
class Component:
    """One row of the catalogue."""
    name: str
    kind: str
    folder: str


def _files(folder: Path) -> list[Path]:
    found = []
    for base, folders, names in os.walk(folder):
        folders[:] = sorted(each for each in folders if each not in ("__pycache__", ".git"))
        found += [Path(base) / name for name in sorted(names)
                  if not name.startswith(".") and not name.endswith(".pyc")]
    return found


def present(root: Path = paths.ROOT) -> list[Component]:
    """The components that the folders of the tree show."""
    found = [Component(folder, kind, folder) for folder, kind in SINGLE.items()
             if _files(root / folder)]
    for parent, kind in PARENTS.items():
        for folder in sorted((root / parent).glob("*/")):
            if _files(folder):
                prefix = {"library": "lib-", "tool": "tool-"}.get(kind, "")
                found.append(Component(prefix + folder.name, kind, f"{parent}/{folder.name}"))
    return sorted(found, key=lambda component: component.folder)


def catalogue(path: Path = paths.COMPONENTS) -> list[Component]:
    """The rows of components.toml; raises UsageError if a row is no component."""
    with open(path, "rb") as file:
        rows = tomllib.load(file).get("component", [])
    for row in rows:
        if set(row) != FIELDS:
            raise UsageError(f"{paths.shown(path)}: a component has exactly the keys "
                             f"{sorted(FIELDS)}: {row}")
    return [Component(**row) for row in rows]


def differences(root: Path = paths.ROOT) -> list[str]:
    """What the catalogue and the folders disagree about; empty when they agree."""
    listed, there = set(catalogue(root / paths.COMPONENTS.name)), set(present(root))
    return ([f"components.toml lacks {each.folder} ({each.kind} `{each.name}`)"
             for each in sorted(there - listed, key=lambda each: each.folder)]
            + [f"components.toml lists {each.folder} ({each.kind} `{each.name}`), not in the tree"
               for each in sorted(listed - there, key=lambda each: each.folder)])


def write_catalogue(root: Path = paths.ROOT) -> None:
    """Make the rows anew from the folders; the comment at the top stays."""
    path = root / paths.COMPONENTS.name
    top = path.read_text(encoding="utf-8").split("\n[[component]]")[0].rstrip() + "\n"
    rows = [f'\n[[component]]\nname = "{each.name}"\nkind = "{each.kind}"\n'
            f'folder = "{each.folder}"\n' for each in present(root)]
    state.write_atomically(path, (top + "".join(rows)).encode())


def digest(folder: Path) -> str:
    """SHA-256 over the sorted names and contents of a folder's files."""
    total = hashlib.sha256()
    for file in _files(folder):
        name = str(file.relative_to(folder)).encode()
        data = file.read_bytes()
        total.update(b"%d %s %d\n" % (len(name), name, len(data)))
        total.update(data)
    return total.hexdigest()


def write_revisions(root: Path = paths.ROOT, target: Path | None = None) -> dict[str, str]:
    """Write out/resolved-revisions.json: which content of each component was built."""
    rows = {each.name: {"kind": each.kind, "folder": each.folder,
                        "sha256": digest(root / each.folder)} for each in present(root)}
    text = json.dumps({"version": 1, "components": rows}, indent=1, sort_keys=True) + "\n"
    state.write_atomically(target or paths.OUT / "resolved-revisions.json", text.encode())
    return {name: row["sha256"] for name, row in rows.items()}
