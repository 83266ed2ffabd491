# SPDX-License-Identifier: ISC
"""The files that go onto a volume: contents and modes only, nothing of the host's."""
from dataclasses import dataclass

MODE_FILE = 0o644
MODE_PROGRAM = 0o755


@dataclass(frozen=True)
class Entry:
    """A file: its bytes and permission bits. With `link` it is a symbolic link to that text."""
    data: bytes = b""
    mode: int = MODE_FILE
    link: str = ""


# Absolute path -> entry. Folders are made as needed; a path that ends with / is an empty folder.
Tree = dict[str, Entry]


def folders(tree: Tree) -> list[str]:
    """All folders that the tree needs, parents first."""
    needed = set()
    for path in tree:
        parts = path.split("/")[1:-1]
        needed.update("/" + "/".join(parts[:count]) for count in range(1, len(parts) + 1))
    return sorted(needed)


def files(tree: Tree) -> list[tuple[str, Entry]]:
    """The files in a fixed order."""
    return sorted((path, entry) for path, entry in tree.items() if not path.endswith("/"))
