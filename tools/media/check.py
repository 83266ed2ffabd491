# SPDX-License-Identifier: ISC
"""Checks a medium: makes it, shows it to erixfs and to independent judges, and says what is wrong.

What is accepted must read as the model says, and all judges must agree. What is refused must be
refused for exactly its reason, must be left as it was, and must have a twin that is accepted and
differs in nothing but the damage. What is changed by erixfs must afterwards be what the model
says, and e2fsck must have nothing to say.
"""
import copy
import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path

from imagemaker import host
from media import judges, layout, maker, mutation, recipe
from media.reader import Reader
from media.recipe import FOLDER, Recipe

PROGRAM = recipe.ROOT / "build" / "host" / "tools" / "erixfs" / "erixfs"
DIGESTS = FOLDER / "digests.txt"
LINUX = "by Linux"
JUDGED = FOLDER / "judged.txt"
# What 7z cannot read: a bit of a feature word.
SEVEN_CANNOT = {"incompat": 0x8000 | 0x10000 | 0x8 | 0x10, "ro_compat": 0x200}


@dataclass(frozen=True)
class Result:
    """What came of one check. `problems` are those of erixfs, `unsound` those of the medium
    itself, or of how erixfs refuses, which nothing excuses. `awaits`: why erixfs cannot pass
    yet."""
    name: str
    problems: tuple[str, ...]
    unsound: tuple[str, ...] = ()
    awaits: str = ""

    @property
    def state(self) -> str:
        """passed, failed or awaiting; what awaits something and passes all the same has failed."""
        if not self.awaits or self.unsound:
            return "failed" if self.problems or self.unsound else "passed"
        return "awaiting" if self.problems else "failed"

    @property
    def details(self) -> tuple[str, ...]:
        if self.awaits and not self.problems:
            early = f"it awaits \"{self.awaits}\", and passes: take that out of its recipe"
            return (*self.unsound, early)
        return self.unsound + self.problems


def digest(file: Path) -> str:
    with open(file, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def make_digest(name: str) -> str:
    """Make a medium and throw it away; the digest of its bytes."""
    with host.scratch() as scratch:
        return digest(maker.make(recipe.load(name), scratch / f"{name}.img").image)


def _read_digests(file: Path) -> dict[str, str]:
    rows = (line.split() for line in file.read_text(encoding="utf-8").splitlines()
            if line and not line.startswith("#"))
    return {name: value for value, name in rows}


def _write_digests(file: Path, what: str, digests: dict[str, str]) -> None:
    lines = ["# SPDX-License-Identifier: ISC", f"# {what}"]
    lines += [f"{value}  {name}" for name, value in sorted(digests.items())]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def expected_digests() -> dict[str, str]:
    """Medium -> SHA-256 of its bytes, as the tree fixes it."""
    return _read_digests(DIGESTS)


def judged() -> dict[str, str]:
    """Medium -> SHA-256 of the bytes on which Linux agreed with the recipe."""
    return _read_digests(JUDGED) if JUDGED.exists() else {}


def write_judged(digests: dict[str, str]) -> None:
    """Of judge.py."""
    _write_digests(JUDGED, "The media on which Linux agrees; tools/media/linux/judge.py writes it.",
                   digests)


def write_digests(digests: dict[str, str]) -> None:
    """Of `./erix media digests`."""
    _write_digests(DIGESTS, "SHA-256 of each medium; ./erix media digests writes it.", digests)


class Checker:
    """The check of one medium in a folder of its own."""

    def __init__(self, name: str, scratch: Path, program: Path = PROGRAM):
        self.recipe = recipe.load(name)
        self.scratch = scratch
        self.program = program
        self.medium = maker.make(self.recipe, scratch / f"{name}.img")
        self.image = self.medium.image
        self.problems: list[str] = []
        self.unsound: list[str] = []

    def note(self, text: str) -> None:
        self.problems.append(text)

    def check(self) -> None:
        """Find all that is wrong."""
        before = digest(self.image)
        if before != expected_digests().get(self.recipe.name):
            self.unsound.append("the bytes are not those of tests/media/ext/digests.txt: the "
                                "recipe has changed (./erix media digests), or does not make "
                                "the same each time")
        if self.recipe.expect == "refused":
            self._check_refused(before)
        elif self.recipe.expect == "journal":
            self._check_journal()
        else:
            self._check_accepted()
        if digest(self.image) != before:
            self.note("the image was changed by reading it")

    def _reader(self, own: Recipe) -> Reader:
        """erixfs with the words that a medium needs."""
        journal = self._journal_name(own)
        return Reader(self.program, tuple(word.replace("{journal}", journal)
                                          for word in own.arguments))

    def _journal_name(self, own: Recipe) -> str:
        if not own.journal:
            return ""
        file = self.scratch / f"{own.journal}.img"
        if not file.exists():
            maker.make(recipe.load(own.journal), file)
        return file.name

    def _check_journal(self) -> None:
        answer = Reader(self.program).run("info", self.image)
        if answer.status != 1 or "journal device" not in answer.error:
            self.note(f"a journal device is no volume, but erixfs says: {answer.error}")

    def _check_accepted(self) -> None:
        reader = self._reader(self.recipe)
        image = self.image
        if self.recipe.recovers:
            image = self.scratch / "replayed.img"
            shutil.copy(self.image, image)
            answer = reader.run("replay", image)
            if answer.status != 0:
                self.note(
                    f"replay: {answer.error.splitlines()[0] if answer.error else answer.status}")
        answer = reader.run("info", image)
        if answer.status != 0:
            self.note(f"not accepted: {answer.error}")
        else:
            reader.reads(image, self.medium.tree, made_here=not self.recipe.data)
            self._check_also(reader, image)
            self.problems += reader.problems
            if self.recipe.recovers:
                self.problems += judges.consistent(image)
        if self.recipe.expect == "read-only":
            self.problems += self.stays_unchanged()
        self._check_judges()

    def _check_also(self, reader: Reader, image: Path) -> None:
        """`cat /other/name = /path`: another way to the same contents."""
        for line in self.recipe.also:
            words, _, path = line.partition(" = ")
            command, *arguments = words.split(maxsplit=1)
            answer = reader.run(command, image, *arguments)
            if answer.output != self.medium.tree.nodes[path].content.data():
                self.note(f"{words}: not the contents of {path} ({answer.error})")

    def _check_judges(self) -> None:
        """The judges agree with the model; for a journal, once e2fsck has replayed it."""
        keyed = "--key" in self.recipe.arguments
        if (keyed and not self.recipe.judged) or self.recipe.judged.startswith(LINUX):
            if judged().get(self.recipe.name) != digest(self.image):
                self.unsound.append("tests/media/ext/judged.txt has it not: let Linux judge it "
                                    "(tools/media/linux/judge.py)")
        if self.recipe.judged:
            return
        image = self.image
        if self.recipe.recovers:
            image = self.scratch / "judged.img"
            shutil.copy(self.image, image)
            self.unsound += judges.recover(image)
        elif not self.recipe.journal:
            self.unsound += judges.consistent(image)
        if keyed:
            return
        self.unsound += judges.debugfs_reads(image, self.medium.tree, self.scratch)
        if not self.recipe.third and self._seven_can(image):
            self.unsound += judges.seven_reads(image, self.medium.tree, self.scratch)

    @staticmethod
    def _seven_can(image: Path) -> bool:
        with open(image, "rb") as stream:
            start = stream.read(layout.SUPERBLOCK_AT + layout.SUPERBLOCK_BYTES)
        volume = layout.Volume(bytearray(start))
        return not any(volume.super(word) & bits for word, bits in SEVEN_CANNOT.items())

    def _check_refused(self, before: str) -> None:
        reader = self._reader(self.recipe)
        words = _words(self.recipe.operation or "info")
        if self.recipe.operation:
            answer = reader.run("info", self.image)
            if answer.status != 0:
                self.note(f"should be mounted first, but: {answer.error}")
        answer = reader.run(words[0], self.image, *words[1:])
        start = f"erixfs: {self.image.name}: "
        error = answer.error.splitlines()[0] if answer.error else ""
        if answer.status != 1 or error != start + self.recipe.reason:
            self.note(f"should be refused with `{self.recipe.reason}`, but status {answer.status}: "
                      + (error.removeprefix(start) or "nothing was said"))
        if self.recipe.operation:
            self._check_rest(reader, words[1])
        if digest(self.image) != before:
            self.note("the refused image was changed")
        self._check_twin(words)

    def _check_rest(self, reader: Reader, path: str) -> None:
        """What is wrong is the one file, or what is in its folder: all others are read."""
        above = path.rpartition("/")[0]
        for each, node in self.medium.tree.distinct():
            if node.kind == "file" and each != path and not (above and each.startswith(above + "/")
                                                             or each.startswith(path + "/")):
                reader.compare_contents(self.image, each, node)
        self.problems += reader.problems

    def _check_twin(self, words: list[str]) -> None:
        """The twin takes the very same; and only the damage tells the two apart."""
        twin_recipe = recipe.load(self.recipe.twin)
        image = self.scratch / f"{twin_recipe.name}.img"
        maker.make(twin_recipe, image)
        reader = self._reader(twin_recipe)
        used = self.scratch / "twin-used.img"
        shutil.copy(image, used)
        if twin_recipe.recovers:
            reader.run("replay", used)
        answer = reader.run(words[0], used, *words[1:])
        if answer.status != 0:
            self.note(f"the twin {twin_recipe.name} is refused, too: {answer.error}")
        if not self.recipe.differs:
            self.unsound += different_only_at(image, self.image, self.medium.touched)

    def mutate(self) -> list[str]:
        """Let erixfs change a copy as the recipe says, then compare and judge it."""
        image = self.scratch / "mutated.img"
        shutil.copy(self.image, image)
        reader = self._reader(self.recipe)
        if self.recipe.recovers:
            answer = reader.run("replay", image)
            if answer.status != 0:
                return [f"replay: {answer.error}"]
        mutation.run(reader, image, self.recipe, self.medium.tree, self.scratch)
        reader.reads(image, self.medium.tree, made_here=False)
        journal = self.scratch / self._journal_name(self.recipe) if self.recipe.journal else None
        return reader.problems + judges.consistent(image, journal) + (
            [] if "--key" in self.recipe.arguments
            else judges.debugfs_reads(image, self.medium.tree, self.scratch))

    def stays_unchanged(self) -> list[str]:
        """What erixfs cannot change it refuses for the very reason that the recipe gives, and
        leaves as it was."""
        image = self.scratch / "unchanged.img"
        shutil.copy(self.image, image)
        line = (*mutation.lines(self.recipe), "folder /mutated")[0]
        problems = []
        answer = mutation.attempt(self._reader(self.recipe), image, line,
                                  copy.deepcopy(self.medium.tree), self.scratch)
        error = answer.error.removeprefix(f"erixfs: {image.name}: ")
        if answer.status != 1 or error != self.recipe.unchanged:
            problems.append(f"`{line}` should be refused with `{self.recipe.unchanged}`, but "
                            f"status {answer.status}: {error or 'nothing was said'}")
        if digest(image) != digest(self.image):
            problems.append(f"`{line}` was refused, and changed the image")
        return problems


def _words(operation: str) -> list[str]:
    """The command, which may be two words, and what stands behind the image."""
    words = operation.split()
    return [" ".join(words[:2]), *words[2:]] if words[0] == "xattr" else words


def different_only_at(twin: Path, image: Path, touched: list[tuple[int, int]]) -> list[str]:
    """Complain about bytes that differ outside of the damage, or damage that changes nothing."""
    old, new = twin.read_bytes(), image.read_bytes()
    if len(old) != len(new):
        return [f"its twin has {len(old)} bytes, not {len(new)}"]
    allowed = {at + index for at, size in touched for index in range(size)}
    step = 4096
    differing = {index for at in range(0, len(old), step) if old[at:at + step] != new[at:at + step]
                 for index in range(at, min(at + step, len(old))) if old[index] != new[index]}
    if not differing:
        return ["the same bytes as its twin"]
    outside = sorted(differing - allowed)
    return [f"differs from its twin at byte {outside[0]}, outside of the damage"] if outside else []


def check(name: str, program: Path = PROGRAM) -> list[Result]:
    """The checks of a medium: as it is, and after its mutations. `program` stands for erixfs."""
    with host.scratch() as scratch:
        checker = Checker(name, scratch, program)
        checker.check()
        own = checker.recipe
        results = [Result(name, tuple(checker.problems), tuple(checker.unsound), own.awaits)]
        if own.mutations:
            refused = checker.stays_unchanged() if own.unchanged else []
            results.append(Result(f"{name} mutated", tuple(checker.mutate()), tuple(refused),
                                  own.unchanged or own.awaits))
        return results
