# SPDX-License-Identifier: ISC
"""The media that scenarios may attach: recipes of tools/imagemaker, found by listing a folder."""
import sys
from pathlib import Path

from harness import paths

sys.path.append(str(paths.ROOT / "tools"))

RECIPES = paths.ROOT / "tools" / "imagemaker" / "media"


def names() -> list[str]:
    """The names of all recipes."""
    return sorted(file.stem for file in RECIPES.glob("*.py") if not file.stem.startswith("_"))


def recipe(name: str) -> Path:
    return RECIPES / f"{name}.py"
