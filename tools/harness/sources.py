# SPDX-License-Identifier: ISC
"""The source files of the tree, and the little that tidy must understand about C."""
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from harness import paths

FOLDERS = ("abi", "boot", "kernel", "lib", "protocol", "userlib", "services", "drivers", "programs",
           "tools", "tests")
# Programs of other systems, kept as they are: that they compile unchanged is their use.
FOREIGN = Path("tests") / "ports"
DIRECTIVE = re.compile(r"\s*#\s*(if|ifdef|ifndef|elif|else)\b")


@dataclass(frozen=True)
class Source:
    """A file and its lines. `folder` is its top folder."""
    path: Path
    name: str
    lines: tuple[str, ...]

    @property
    def folder(self) -> str:
        return self.name.split("/")[0]


@dataclass(frozen=True)
class Function:
    """A C function's body: the lines from { to } at the left margin, numbers from 1."""
    name: str
    first: int
    last: int

    @property
    def length(self) -> int:
        return self.last - self.first + 1


def load(path: Path, root: Path = paths.ROOT) -> Source:
    text = path.read_text(encoding="utf-8", errors="replace")
    return Source(path, str(path.relative_to(root)), tuple(text.splitlines()))


@cache
def find(suffixes: tuple[str, ...], root: Path = paths.ROOT) -> tuple[Source, ...]:
    """The source files with these suffixes, in a fixed order."""
    found = [path for folder in FOLDERS for path in sorted((root / folder).rglob("*"))
             if path.suffix in suffixes and path.is_file() and "__pycache__" not in path.parts
             and root / FOREIGN != path.parent]
    return tuple(load(path, root) for path in found)


def functions(source: Source) -> list[Function]:
    """The functions of a C file in the layout of the tree: braces of a body at the left margin."""
    found = []
    start, name = 0, ""
    for number, line in enumerate(source.lines, 1):
        above = source.lines[number - 2].rstrip() if number > 1 else ""
        if line == "{" and above and not above.endswith((";", "=")):
            start, name = number, _name_above(source.lines, number - 2)
        elif line.startswith("}") and start:
            found.append(Function(name, start, number))
            start = 0
    return found


def _name_above(lines: tuple[str, ...], index: int) -> str:
    """The name in the signature that ends on the line `index`."""
    while index > 0 and lines[index].startswith((" ", "\t")):
        index -= 1
    found = re.search(r"(\w+)\s*\(", lines[index])
    return found[1] if found else lines[index].strip()
