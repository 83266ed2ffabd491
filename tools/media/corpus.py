# SPDX-License-Identifier: ISC
"""What the tree says about itself for the ext family, held against what is there.

    tests/media/corpus/features.toml           each feature bit: verdict, test, medium
    tests/media/corpus/rows.toml               each medium that the system's description names, in
    groups tests/media/corpus/interoperability.toml   what media of which tools prove which features
    tests/media/corpus/compliance.toml         what each format can do, and what shows it

Nothing here is believed: features are those of `erixfs features` and of the super blocks of the
media, media are recipes, tests are programs of tests/expected-counts.toml, tools are packages of
the harness.
"""
import subprocess
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

from harness.suggest import did_you_mean
from imagemaker import host
from media import layout, maker, recipe
from media.recipe import ROOT, Recipe

FOLDER = ROOT / "tests" / "media" / "corpus"
COUNTS = ROOT / "tests" / "expected-counts.toml"
WORDS = ("compat", "incompat", "ro_compat")
FORMATS = recipe.FAMILIES
STATUSES = {"read-write": "accepted", "read-only": "read-only", "rejected": "refused",
            "obsolete-rejected": "refused"}
CLASSES = ("implemented", "planned", "rejected", "obsolete-rejected", "non-goal")
DAMAGES = ("feature bits", "metadata checksums", "geometry", "allocation accounting",
           "directory entries", "journal state", "bitmap state")
OPERATIONS = (
    "mount",
    "open",
    "read",
    "write",
    "directory",
    "rename",
    "truncate",
    "symlink",
    "hard-link",
    "metadata-update",
    "unlink",
     "xattr")
RESULTS = ("done", "denied", "planned")
# What a mutation of a recipe shows that can be done.
SHOWN_BY = {"write": ("put", "write", "standard"), "open": ("put", "standard"),
            "directory": ("folder", "standard"), "rename": ("move", "standard"),
            "truncate": ("cut", "standard"), "symlink": ("link", "standard"),
            "metadata-update": ("mode", "owner", "time"), "unlink": ("remove", "standard")}


def load(name: str) -> dict:
    return tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))


class Corpus:
    """All files of the corpus beside what they speak of."""

    def __init__(self, registry: list[tuple[str, int, str, str, str]]):
        self.registry = registry
        self.recipes = recipe.load_all()
        counts = tomllib.loads(COUNTS.read_text(encoding="utf-8"))
        self.tests = set(counts["host"]) | set(counts["python"])
        self._features: dict[str, dict[str, int]] = {}

    def features_of(self, name: str) -> dict[str, int]:
        """The three words of a medium's super block."""
        if name not in self._features:
            with host.scratch() as scratch:
                image = maker.make(self.recipes[name], scratch / "image").image
                volume = layout.Volume(bytearray(image.read_bytes()))
            self._features[name] = {word: volume.super(word) for word in WORDS}
        return self._features[name]

    def media_exist(self, names: list[str], place: str) -> Iterator[str]:
        for name in names:
            if name not in self.recipes:
                yield f"{place}: there is no medium `{name}`{did_you_mean(name, self.recipes)}"

    def tests_exist(self, names: list[str], place: str) -> Iterator[str]:
        for name in names:
            if name not in self.tests:
                yield f"{place}: there is no test `{name}`{did_you_mean(name, self.tests)}"

    # ---- features.toml

    def features(self) -> Iterator[str]:
        """Each bit has a row that says what the registry says, and a medium that has the bit
        set."""
        rows = load("features").get("feature", [])
        found = {(row["word"], bit): row for row in rows for bit in row["bits"]}
        if len(found) != sum(len(row["bits"]) for row in rows):
            yield "features.toml: a bit stands in two rows"
        for word, bit, verdict, name, reason in self.registry:
            row = found.pop((word, bit), None)
            place = f"features.toml: {word} bit {bit}"
            if row is None:
                yield f"{place}: no row; the registry has it as {name}, {verdict}"
                continue
            for key, wanted in (("verdict", verdict), ("name", name), ("reason", reason)):
                if row.get(key, "-") != wanted:
                    yield f"{place}: {key} `{row.get(key, '-')}`, the registry says `{wanted}`"
            yield from self._feature_evidence(row, word, bit, place)
        for word, bit in found:
            yield f"features.toml: {word} bit {bit}: no such bit"

    def _feature_evidence(self, row: dict, word: str, bit: int, place: str) -> Iterator[str]:
        if not row.get("tests") or not row.get("media"):
            yield f"{place}: a row needs `tests` and `media`"
            return
        yield from self.tests_exist(row["tests"], place)
        unknown = list(self.media_exist(row["media"], place))
        yield from unknown
        if unknown:
            return
        for name in row["media"]:
            if not self.features_of(name)[word] >> bit & 1:
                yield f"{place}: the medium {name} has it not"
        expectations = {"awaiting" if self.recipes[name].awaits else self.recipes[name].expect
                        for name in row["media"]}
        allowed = {"accepted": {"accepted", "awaiting"},
                   "read-only": {"accepted", "read-only", "awaiting"},
                   "refused": {"refused", "journal", "awaiting"}}[row["verdict"]]
        if not expectations & allowed:
            yield f"{place}: {row['verdict']}, but its media are {', '.join(sorted(expectations))}"

    # ---- rows.toml

    def rows(self) -> Iterator[str]:
        """Each row of the description has a medium of the right kind, and stands in a group."""
        groups = load("rows")
        media: dict[str, list[Recipe]] = {}
        for each in self.recipes.values():
            media.setdefault(each.row or each.name, []).append(each)
        listed = {row for group in groups.values() for row in (*group.get("positive", ()),
                                                             *group.get("negative", ()))}
        for name, group in groups.items():
            for kind, wanted in (("positive", ("accepted", "read-only")),
                                 ("negative", ("refused",))):
                for row in group.get(kind, ()):
                    if not any(each.expect in wanted for each in media.get(row, ())):
                        yield f"rows.toml: {name}: `{row}` has no medium that is {wanted[0]}"
        for row in sorted(set(media) - listed):
            yield f"rows.toml: `{row}` ({media[row][0].name}) is in no group"

    # ---- interoperability.toml

    def interoperability(self) -> Iterator[str]:
        """Media that tools of Linux made: the features that they prove are on them, the
        companions are refused, and what must be changed on them is in their recipes."""
        names = {(word, name): bit for word, bit, _, name, _ in self.registry}
        for row in load("interoperability").get("medium", []):
            place = f"interoperability.toml: {row.get('name')}"
            unknown = [*self.media_exist([row["name"], *row["malformed"]], place)]
            yield from unknown
            if unknown:
                continue
            own = self.recipes[row["name"]]
            if own.family != row["family"]:
                yield f"{place}: it is of {own.family}"
            if not own.mutations and own.expect == "accepted":
                yield f"{place}: nothing is changed on it"
            for text in row["proves"]:
                word, _, feature = text.partition(".")
                if (word, feature) not in names:
                    yield f"{place}: there is no feature `{text}`"
                elif not self.features_of(own.name)[word] >> names[word, feature] & 1:
                    yield f"{place}: {text} is not on it"
            for name in row["malformed"]:
                if self.recipes[name].expect != "refused":
                    yield f"{place}: the companion {name} is not refused"
            if set(row["tools"]) - set(_tools_of(own)):
                yield f"{place}: made by {', '.join(_tools_of(own))}"

    # ---- compliance.toml

    def compliance(self) -> Iterator[str]:
        """What each format can do: a status with evidence, an outcome of each operation, and
        negatives of each kind of damage."""
        matrix = load("compliance")
        for name in FORMATS:
            place = f"compliance.toml: {name}"
            if name not in matrix.get("format", {}):
                yield f"{place}: no such table"
                continue
            row = matrix["format"][name]
            yield from self.tests_exist(row["tests"], place)
            yield from self.media_exist(row["media"], place)
            if row["status"] not in STATUSES:
                yield f"{place}: status `{row['status']}` (one of: {', '.join(STATUSES)})"
            yield from self._operations(name, row, place)
        for damage in DAMAGES:
            place = f"compliance.toml: {damage}"
            names = matrix.get("damage", {}).get(damage, [])
            yield from self.media_exist(names, place)
            if not any(each in self.recipes and self.recipes[each].expect == "refused"
                       for each in names):
                yield f"{place}: no medium that is refused"
        for number, row in enumerate(matrix.get("advanced", []), 1):
            yield from self._advanced(row, f"compliance.toml: advanced row {number}")

    def _operations(self, name: str, row: dict, place: str) -> Iterator[str]:
        results = row["operations"]
        for operation in OPERATIONS:
            if results.get(operation) not in RESULTS:
                yield (f"{place}: {operation} `{results.get(operation)}` "
                       f"(one of: {', '.join(RESULTS)})")
        for operation in sorted(set(results) - set(OPERATIONS)):
            yield f"{place}: no operation `{operation}`"
        for operation, words in SHOWN_BY.items():
            shown = any(line.split()[0] in words for each in self.recipes.values()
                        if each.family == name for line in each.mutations)
            if results.get(operation) == "done" and not shown:
                yield f"{place}: {operation} is done, but no medium's mutations show it"
            if results.get(operation) == "done" and row["status"] != "read-write":
                yield f"{place}: {operation} is done on what is {row['status']}"

    def _advanced(self, row: dict, place: str) -> Iterator[str]:
        if set(row) != {"what", "class", "media", "tests", "text"}:
            yield f"{place}: has the keys what, class, media, tests, text"
            return
        place = f"{place} ({row['what']})"
        if row["class"] not in CLASSES:
            yield f"{place}: class `{row['class']}` (one of: {', '.join(CLASSES)})"
        yield from self.media_exist(row["media"], place)
        yield from self.tests_exist(row["tests"], place)
        if not (ROOT / row["text"]).is_file():
            yield f"{place}: there is no text {row['text']}"
        if not row["media"] or not row["tests"]:
            yield f"{place}: `media` and `tests` show it"


def _tools_of(own: Recipe) -> list[str]:
    """The packages that make a medium."""
    if own.data:
        return ["linux"]
    return ["e2fsprogs", *(["fsverity"] if any("verity" in step for step in own.steps) else [])]


def registry(program: Path) -> list[tuple[str, int, str, str, str]]:
    """The registry as erixfs shows it: word, bit, verdict, name, reason."""
    done = subprocess.run([str(program), "features"], stdout=subprocess.PIPE, text=True, check=True)
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    return [(row[0], int(row[1]), row[2], row[3], row[4]) for row in rows]


PARTS: dict[str, Callable[[Corpus], Iterator[str]]] = {
    "features": Corpus.features, "rows": Corpus.rows,
    "interoperability": Corpus.interoperability, "compliance": Corpus.compliance,
}
