# SPDX-License-Identifier: ISC
"""Finding and following the recipes of media/."""
import importlib.util
from pathlib import Path
from types import ModuleType

from imagemaker.tree import Tree

FOLDER = Path(__file__).resolve().parent / "media"


def names() -> list[str]:
    """The names of all media."""
    return sorted(file.stem for file in FOLDER.glob("*.py"))


def load(name: str) -> ModuleType:
    """A recipe by its name; it has SUMMARY and make(target, tree)."""
    file = FOLDER / f"{name}.py"
    specification = importlib.util.spec_from_file_location(f"medium {name}", file)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def make(name: str, target: Path, tree: Tree) -> None:
    """Write the medium into a file. The same name and tree give the same bytes."""
    load(name).make(target, tree)
