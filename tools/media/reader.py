# SPDX-License-Identifier: ISC
"""erixfs as the program under test: runs it on an image and compares what it shows with the
model."""
import datetime
import re
import struct
import subprocess
import zlib
from dataclasses import dataclass, field
from pathlib import Path

from imagemaker import host
from media.tree import CHUNK_BYTES, TYPE_LETTERS, Node, Tree

TIMEOUT_S = 120
PROBLEMS_MAX = 8
LEAKS_EVERY = 16
LISTED = re.compile(r"(\S{10}) +(\d+) +(\d+) +(\d+) +(\d+) (.*)$")
LOST_AND_FOUND = "/lost+found"
# Index, extents, contents in the inode: the ways in which the bytes are kept.
FLAGS_OF_FORMAT = 0x1000 | 0x80000 | 0x10000000
# Entries of an access control list that name a user or a group.
NAMING_TAGS = (2, 8)
STAMPS = {"accessed": "atime", "modified": "mtime", "changed": "ctime"}


def _environment(line: list[str]) -> dict[str, str]:
    """Of a call of erixfs. To look for leaks takes longer than all else, so some calls do, always
    the same ones."""
    leaks = zlib.crc32(" ".join(line[1:]).encode()) % LEAKS_EVERY == 0
    return host.environment() | {"ASAN_OPTIONS": f"detect_leaks={int(leaks)}"}


@dataclass(frozen=True)
class Answer:
    """How a call of erixfs ended."""
    status: int
    output: bytes
    error: str


@dataclass
class Reader:
    """erixfs with the words that a medium needs before the command's own."""
    program: Path
    arguments: tuple[str, ...] = ()
    problems: list[str] = field(default_factory=list)

    def run(self, command: str, image: Path, *words: str) -> Answer:
        """Call one command. The image is named without its folder, so that reasons are the same."""
        line = [str(self.program), *command.split(), *self.arguments, image.name, *words]
        try:
            done = subprocess.run(line, cwd=image.parent, stdin=subprocess.DEVNULL,
                                  env=_environment(line),
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=TIMEOUT_S,
                                  check=False)
        except subprocess.TimeoutExpired:
            return Answer(-9, b"", f"no end within {TIMEOUT_S} s")
        return Answer(done.returncode, done.stdout, done.stderr.decode(errors="replace").strip())

    def note(self, text: str) -> None:
        if len(self.problems) < PROBLEMS_MAX:
            self.problems.append(text)

    def reads(self, image: Path, tree: Tree, made_here: bool) -> None:
        """Compare all that can be read with the model. `made_here`: times are those of the
        makers."""
        self._compare_tree(image, tree)
        for path in ["/", *(path for path, node in tree.nodes.items() if node.kind == "dir")]:
            self._compare_folder(image, tree, path)
        for path, node in tree.distinct():
            if node.kind == "file":
                self.compare_contents(image, path, node)
            self._compare_fields(image, path, node, made_here)
            self._compare_attributes(image, path, node)

    def _compare_tree(self, image: Path, tree: Tree) -> None:
        answer = self.run("tree", image)
        if answer.status != 0:
            self.note(f"tree: {answer.error.splitlines()[0] if answer.error else answer.status}")
            return
        expected = {LOST_AND_FOUND + "/"}
        for path, node in tree.nodes.items():
            ending = {"dir": "/", "link": f" -> {node.target}"}.get(node.kind, "")
            expected.add(path + ending)
        found = set(_paths(answer.output.decode(errors="replace")))
        for path in sorted(expected - found)[:3]:
            self.note(f"tree: {path} is missing")
        for path in sorted(found - expected)[:3]:
            self.note(f"tree: {path} should not be there")

    def _compare_folder(self, image: Path, tree: Tree, path: str) -> None:
        answer = self.run("ls", image, path)
        if answer.status != 0:
            self.note(f"ls {path}: {answer.error}")
            return
        children = tree.children(path)
        for line in answer.output.decode(errors="replace").splitlines():
            row = LISTED.match(line)
            if not row:
                self.note(f"ls {path}: the line `{line}`")
                continue
            mode, links, user, group, size, shown = row.groups()
            name = shown.split(" -> ")[0]
            if name not in children:
                continue
            node = children[name]
            place = f"{path.rstrip('/')}/{name}"
            wanted = (TYPE_LETTERS[node.kind] + permissions(node.mode),
                      tree.links(place), *node.owner)
            if (mode, int(links), int(user), int(group)) != wanted:
                self.note(f"ls {place}: {mode} {links} {user} {group}, should be "
                          + " ".join(map(str, wanted)))
            if node.kind == "file" and int(size) != node.content.size_bytes:
                self.note(f"ls {place}: {size} bytes, should be {node.content.size_bytes}")

    def compare_contents(self, image: Path, path: str, node: Node) -> None:
        """All bytes of a file with those of the model."""
        line = [str(self.program), "cat", *self.arguments, image.name, path]
        with subprocess.Popen(line, cwd=image.parent, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env=_environment(line), bufsize=CHUNK_BYTES) as process:
            for number, chunk in enumerate(node.content.chunks()):
                if process.stdout.read(len(chunk)) != chunk:
                    process.stdout.close()
                    error = process.stderr.read().decode(errors="replace").strip()
                    self.note(f"cat {path}: other bytes from {number * CHUNK_BYTES} on"
                              + (f" ({error})" if error else ""))
                    break
            else:
                if process.stdout.read(1):
                    self.note(f"cat {path}: more than {node.content.size_bytes} bytes")
            process.stdout.close()
            error = process.stderr.read().decode(errors="replace").strip()
        if process.returncode not in (0, -13):
            self.note(f"cat {path}: {error or process.returncode}")

    def _compare_fields(self, image: Path, path: str, node: Node, made_here: bool) -> None:
        answer = self.run("stat", image, path)
        if answer.status != 0:
            self.note(f"stat {path}: {answer.error}")
            return
        fields = _fields(answer.output.decode(errors="replace"))
        lacking = {"flags", *STAMPS} - set(fields)
        if lacking:
            self.note(f"stat {path}: says nothing of {', '.join(sorted(lacking))}")
            return
        if "flags" in node.given:
            found = int(fields["flags"], 16) & ~FLAGS_OF_FORMAT
            wanted = node.given["flags"] & ~FLAGS_OF_FORMAT
            if found != wanted:
                self.note(f"stat {path}: flags {found:#x}, should be {wanted:#x}")
        for label, name in STAMPS.items():
            wanted = node.given.get(name, host.EPOCH_S if made_here else None)
            if wanted is not None and fields[label].split(".")[0] != time_text(wanted):
                self.note(f"stat {path}: {label} {fields[label]}, should be {time_text(wanted)}")

    def _compare_attributes(self, image: Path, path: str, node: Node) -> None:
        answer = self.run("xattr list", image, path)
        found = sorted(answer.output.decode(errors="replace").splitlines())
        if answer.status != 0 or found != sorted(node.attributes):
            self.note(f"xattr list {path}: {' '.join(found)} {answer.error}, should be "
                      + " ".join(sorted(node.attributes)))
        for name, value in node.attributes.items():
            answer = self.run("xattr get", image, path, name)
            if _comparable(name, answer.output) != _comparable(name, value):
                self.note(f"xattr get {path} {name}: other bytes {answer.error}")


def _comparable(name: str, value: bytes) -> bytes:
    """The value of an attribute. Entries of an access control list that name nobody have 0 as
    their number for debugfs and all bits for Linux."""
    if not name.startswith("system.posix_acl_"):
        return value
    entries = struct.iter_unpack("<HHI", value[4:4 + (len(value) - 4) // 8 * 8])
    return value[:4] + b"".join(struct.pack("<HHI", tag, mode, who if tag in NAMING_TAGS else 0)
                                for tag, mode, who in entries)


def time_text(seconds: int) -> str:
    moment = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def permissions(mode: int) -> str:
    """rwxr-x--- for 0750; the special bits are not used by media."""
    return "".join(letter if mode >> (8 - bit) & 1 else "-"
                   for bit, letter in enumerate("rwxrwxrwx"))


def _fields(text: str) -> dict[str, str]:
    """What `erixfs stat` says: a word, and what stands behind it."""
    rows = (line.split(None, 1) for line in text.splitlines())
    return {row[0]: row[1] for row in rows if len(row) == 2}


def _paths(text: str):
    """The paths in the output of `erixfs tree`, folders with a slash behind, links with their
    target."""
    above: list[str] = []
    for line in text.splitlines():
        depth = (len(line) - len(line.lstrip(" "))) // 2
        name = line.lstrip(" ")
        above[depth:] = []
        yield "/" + "".join(above) + name
        if name.endswith("/") and " -> " not in name:
            above.append(name)
