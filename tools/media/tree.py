# SPDX-License-Identifier: ISC
"""What stands on a volume: a model of its files that is filled from lines of a recipe.

    dir   /docs [mode=0750] [owner=1000:100]
    file  /docs/a CONTENT... [mode=] [owner=]      contents one behind the other, or where
                       @OFFSET: says
    link  /docs/l TARGET            symbolic
    hard  /second /docs/a           another name
    fifo  /pipe      char /c 1 3      block /b 7 0
    many  /docs/name%d FIRST LAST [CONTENT...]     one file for each number; its decimal digits by
                       default
    attr  /docs/a user.note CONTENT
    set   /docs/a mtime=1000000000 flags=0x10 links=2     fields of its inode

CONTENT is `text:WORDS`, `line:WORDS` (ends with a line feed), `zero:N`, `hex:DIGITS`, `stamp:TAG:N`
(records of 16 bytes that say whose they are and where they stand), or `size:N` for the size at
the end. `@OFFSET:` before it says where it begins; what lies between is a hole.
"""
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field

RECORD_BYTES = 16
CHUNK_BYTES = 1 << 20
DIRECTORY_MODE = 0o755
FILE_MODE = 0o644
LINK_MODE = 0o777
# The flag of a folder that does not tell upper from lower case.
CASEFOLD = 0x40000000
TYPE_LETTERS = {"file": "-", "dir": "d", "link": "l", "fifo": "p", "char": "c", "block": "b"}


class TreeError(Exception):
    """A line of a tree that says nothing sensible."""


def stamp(tag: str, offset_bytes: int, size_bytes: int) -> bytes:
    """Bytes that say whose they are and where they stand."""
    first = offset_bytes // RECORD_BYTES
    last = -(-(offset_bytes + size_bytes) // RECORD_BYTES)
    data = "".join(f"{tag[:6]:<6} {number * RECORD_BYTES:08x}\n" for number in range(first, last))
    skip = offset_bytes - first * RECORD_BYTES
    return data.encode()[skip:skip + size_bytes]


@dataclass
class Content:
    """Pieces of a file: offset -> bytes; holes between them. Pieces do not overlap."""
    pieces: list[tuple[int, bytes]] = field(default_factory=list)
    size_bytes: int = 0

    def put(self, offset_bytes: int, data: bytes) -> None:
        """Write over what was there."""
        end = offset_bytes + len(data)
        kept = []
        for at, piece in self.pieces:
            if at < offset_bytes:
                kept.append((at, piece[:max(0, offset_bytes - at)]))
            if at + len(piece) > end:
                start = max(at, end)
                kept.append((start, piece[start - at:]))
        self.pieces = sorted([*(each for each in kept if each[1]), (offset_bytes, data)])
        self.size_bytes = max(self.size_bytes, end)

    def cut(self, size_bytes: int) -> None:
        """Set the size; what lies beyond it is gone for good."""
        self.pieces = [(at, piece[:size_bytes - at])
                        for at, piece in self.pieces if at < size_bytes]
        self.size_bytes = size_bytes

    def chunks(self) -> Iterator[bytes]:
        """The whole file in pieces of CHUNK_BYTES."""
        zeros = bytes(CHUNK_BYTES)
        for start in range(0, self.size_bytes, CHUNK_BYTES):
            size = min(CHUNK_BYTES, self.size_bytes - start)
            chunk = None
            for at, piece in self.pieces:
                if at < start + size and at + len(piece) > start:
                    chunk = bytearray(size) if chunk is None else chunk
                    low, high = max(at, start), min(at + len(piece), start + size)
                    chunk[low - start:high - start] = piece[low - at:high - at]
            yield zeros[:size] if chunk is None else bytes(chunk)

    def data(self) -> bytes:
        return b"".join(self.chunks())


@dataclass
class Node:
    """A file of some kind. Hard links share one node. `given` are fields that the recipe sets."""
    kind: str
    mode: int
    content: Content = field(default_factory=Content)
    target: str = ""
    device: tuple[int, int] = (0, 0)
    owner: tuple[int, int] = (0, 0)
    attributes: dict[str, bytes] = field(default_factory=dict)
    given: dict[str, int] = field(default_factory=dict)
    sampled: bool = False

    @property
    def type_mode(self) -> int:
        return {"file": 0o100000, "dir": 0o040000, "link": 0o120000, "fifo": 0o010000,
                "char": 0o020000, "block": 0o060000}[self.kind] | self.mode


def parse_content(words: list[str]) -> Content:
    """The bytes of a file from the words that describe it."""
    content = Content()
    for word in words:
        at = content.size_bytes
        if word.startswith("@"):
            offset, _, word = word[1:].partition(":")
            at = _number(offset)
        kind, _, rest = word.partition(":")
        if kind == "size":
            content.cut(_number(rest))
        else:
            content.put(at, _bytes(kind, rest, at))
    return content


def _bytes(kind: str, rest: str, at: int) -> bytes:
    if kind == "text":
        return rest.encode()
    if kind == "line":
        return rest.encode() + b"\n"
    if kind == "zero":
        return bytes(_number(rest))
    if kind == "hex":
        try:
            return bytes.fromhex(rest)
        except ValueError as error:
            raise TreeError(f"`{rest}` is not made of hexadecimal digits") from error
    if kind == "stamp" and rest.count(":") == 1:
        tag, size = rest.split(":")
        return stamp(tag, at, _number(size))
    raise TreeError(
        f"`{kind}:{rest}` is no content (text:, line:, zero:, hex:, stamp:TAG:N, size:)")


def _number(word: str) -> int:
    try:
        return int(word, 0)
    except ValueError as error:
        raise TreeError(f"`{word}` is no number") from error


class Tree:
    """The model of a volume: absolute path -> node, in the order in which things were made."""

    def __init__(self):
        self.nodes: dict[str, Node] = {}

    def names(self, node: Node) -> list[str]:
        """All names of a node."""
        return [path for path, each in self.nodes.items() if each is node]

    def links(self, path: str) -> int:
        """How many links the node of a path should have."""
        node = self.nodes[path] if path != "/" else None
        if node is not None and "links" in node.given:
            return node.given["links"]
        if node is not None and node.kind != "dir":
            return len(self.names(node))
        return 2 + sum(each.kind == "dir" for each in self.children(path).values())

    def children(self, path: str) -> dict[str, Node]:
        """What stands directly in a folder, by name."""
        prefix = path.rstrip("/") + "/"
        return {each[len(prefix):]: node for each, node in self.nodes.items()
                if each.startswith(prefix) and "/" not in each[len(prefix):]}

    def distinct(self) -> list[tuple[str, Node]]:
        """Each node once, under its first name, but for those of which samples are enough."""
        first: dict[int, tuple[str, Node]] = {}
        for path, node in self.nodes.items():
            if not node.sampled:
                first.setdefault(id(node), (path, node))
        return list(first.values())

    def add(self, line: str) -> list[str]:
        """Take one line; the paths that are new (or changed, for `attr` and `set`)."""
        try:
            words = shlex.split(line)
        except ValueError as error:
            raise TreeError(f"`{line}`: {error}") from error
        if not words:
            return []
        takers = {"dir": self._dir, "file": self._file, "link": self._link, "hard": self._hard,
                  "fifo": self._special, "char": self._special, "block": self._special,
                  "many": self._many, "attr": self._attr, "set": self._set}
        if words[0] not in takers:
            raise TreeError(f"`{words[0]}` begins no line of a tree (one of: {', '.join(takers)})")
        if len(words) < 2 or not words[1].startswith("/"):
            raise TreeError(f"`{line}`: an absolute path stands behind the first word")
        return takers[words[0]](words)

    def _new(self, path: str, node: Node) -> None:
        if path in self.nodes:
            raise TreeError(f"{path} is there already")
        parent = path.rpartition("/")[0]
        if parent and (parent not in self.nodes or self.nodes[parent].kind != "dir"):
            raise TreeError(f"{path}: there is no folder {parent}")
        self.nodes[path] = node

    def _existing(self, path: str) -> Node:
        if path not in self.nodes:
            raise TreeError(f"there is no {path}")
        return self.nodes[path]

    @staticmethod
    def _options(words: list[str], node: Node) -> list[str]:
        rest = []
        for word in words:
            if word.startswith("mode="):
                node.mode = int(word[5:], 8)
            elif word.startswith("owner="):
                user, _, group = word[6:].partition(":")
                node.owner = (_number(user), _number(group))
            else:
                rest.append(word)
        return rest

    def _dir(self, words: list[str]) -> list[str]:
        node = Node("dir", DIRECTORY_MODE)
        if self._options(words[2:], node):
            raise TreeError(f"`{' '.join(words)}`: a folder has no contents")
        self._new(words[1], node)
        return [words[1]]

    def _file(self, words: list[str]) -> list[str]:
        node = Node("file", FILE_MODE)
        node.content = parse_content(self._options(words[2:], node))
        self._new(words[1], node)
        return [words[1]]

    def _link(self, words: list[str]) -> list[str]:
        if len(words) != 3:
            raise TreeError(f"`{' '.join(words)}`: link PATH TARGET")
        self._new(words[1], Node("link", LINK_MODE, target=words[2]))
        return [words[1]]

    def _hard(self, words: list[str]) -> list[str]:
        if len(words) != 3:
            raise TreeError(f"`{' '.join(words)}`: hard PATH OLD")
        self._new(words[1], self._existing(words[2]))
        return [words[1]]

    def _special(self, words: list[str]) -> list[str]:
        node = Node(words[0], FILE_MODE)
        if words[0] != "fifo":
            if len(words) != 4:
                raise TreeError(f"`{' '.join(words)}`: {words[0]} PATH MAJOR MINOR")
            node.device = (_number(words[2]), _number(words[3]))
        self._new(words[1], node)
        return [words[1]]

    def _many(self, words: list[str]) -> list[str]:
        if len(words) < 4 or "%d" not in words[1]:
            raise TreeError(f"`{' '.join(words)}`: many PATH%d FIRST LAST [CONTENT...]")
        made = []
        first, last = _number(words[2]), _number(words[3])
        for number in range(first, last + 1):
            content = parse_content(words[4:] or [f"text:{number}"])
            path = words[1].replace("%d", str(number))
            node = Node("file", FILE_MODE, content)
            node.sampled = number not in (first, (first + last) // 2, last)
            self._new(path, node)
            made.append(path)
        return made

    def _attr(self, words: list[str]) -> list[str]:
        if len(words) != 4:
            raise TreeError(f"`{' '.join(words)}`: attr PATH NAME CONTENT")
        self._existing(words[1]).attributes[words[2]] = parse_content(words[3:]).data()
        return [words[1]]

    def _set(self, words: list[str]) -> list[str]:
        node = self._existing(words[1])
        for word in words[2:]:
            name, equals, value = word.partition("=")
            if not equals:
                raise TreeError(f"`{word}`: FIELD=NUMBER")
            node.given[name] = _number(value)
        return [words[1]]

    def actual(self, path: str) -> str:
        """The name under which a file is there, if its folder does not tell upper from lower
        case."""
        folder, _, name = path.rpartition("/")
        folds = folder in self.nodes and self.nodes[folder].given.get("flags", 0) & CASEFOLD
        if folds:
            for each in self.children(folder):
                if each.casefold() == name.casefold():
                    return f"{folder}/{each}"
        return path

    def remove(self, path: str) -> None:
        """Take a name away, with all that is below it."""
        self._existing(path)
        for each in [each for each in self.nodes if each == path or each.startswith(path + "/")]:
            del self.nodes[each]

    def move(self, old: str, new: str) -> None:
        """Rename, over what may be there."""
        self._existing(old)
        if new in self.nodes:
            self.remove(new)
        moved = {each: node for each, node in self.nodes.items()
                 if each == old or each.startswith(old + "/")}
        for each in moved:
            del self.nodes[each]
        self._new(new, moved[old])
        for each, node in moved.items():
            self.nodes[new + each[len(old):]] = node
