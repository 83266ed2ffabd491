# SPDX-License-Identifier: ISC
"""What the tree says about itself for the ext family, held against what is there.

    tests/media/corpus/features.toml           each feature bit: verdict, test, medium
    tests/media/corpus/rows.toml               each medium that the description names, in groups
    tests/media/corpus/interoperability.toml   what media of which tools prove which features
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
from media import layout, maker, mutation, recipe
from media.recipe import ROOT, Recipe

FOLDER = ROOT / "tests" / "media" / "corpus"
COUNTS = ROOT / "tests" / "expected-counts.toml"
WORDS = ("compat", "incompat", "ro_compat")
FORMATS = recipe.FAMILIES
STATUSES = {"read-write": "accepted", "read-only": "read-only", "rejected": "refused",
            "obsolete-rejected": "refused"}
# Classes of which all media are refused.
REFUSING = ("rejected", "obsolete-rejected", "non-goal")
CLASSES = ("implemented", "planned", "rejected", "obsolete-rejected", "non-goal")
DAMAGES = ("feature bits", "metadata checksums", "geometry", "allocation accounting",
           "directory entries", "inodes", "journal state", "bitmap state", "encryption", "seals")
RESULTS = ("done", "denied", "planned")
# Operation -> the mutations that show that it can be done; mounting and reading are shown by what
# is accepted.
SHOWN_BY = {"mount": (), "read": (), "open": ("put",), "write": ("put", "write"),
            "directory": ("folder",), "rename": ("move",), "truncate": ("cut",),
            "symlink": ("link",), "hard-link": ("hard",),
            "metadata-update": ("mode", "owner", "time"), "unlink": ("remove",),
            "xattr": ("attr", "unattr")}


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
        if not any(_shows_verdict(row, self.recipes[name]) for name in row["media"]):
            yield f"{place}: {row['verdict']}, but none of its media shows that"

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
        """Media that tools of Linux made, all of them: the features that they prove are on them,
        their companions are what is refused beside them, and what must be changed on them is in
        their recipes."""
        names = {(word, name): bit for word, bit, _, name, _ in self.registry}
        rows = load("interoperability").get("medium", [])
        yield from self._all_listed([row["name"] for row in rows], self._accepted(), "",
                                    "interoperability.toml")
        for row in rows:
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
            refused = {each.name for each in self.recipes.values()
                       if each.expect == "refused" and each.twin == own.name}
            yield from self._all_listed(row["malformed"], refused, "malformed ", place)
            if sorted(row["tools"]) != sorted(_tools_of(own)):
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
            yield from self._all_listed(row["media"], self._accepted(name), "", place)
            if row["status"] not in STATUSES:
                yield f"{place}: status `{row['status']}` (one of: {', '.join(STATUSES)})"
            yield from self._operations(name, row, place)
        yield from self._damages(matrix)
        for number, row in enumerate(matrix.get("advanced", []), 1):
            yield from self._advanced(row, f"compliance.toml: advanced row {number}")

    def _accepted(self, family: str = "") -> set[str]:
        """The media that can be read, of one family or all."""
        return {each.name for each in self.recipes.values()
                if each.expect in ("accepted", "read-only") and family in ("", each.family)}

    @staticmethod
    def _all_listed(listed: list[str], wanted: set[str], kind: str, place: str) -> Iterator[str]:
        """The list has exactly these media, each once."""
        for name in sorted(wanted - set(listed)):
            yield f"{place}: {kind}medium {name} is missing"
        for name in sorted(set(listed) - wanted):
            yield f"{place}: {kind}medium {name} does not belong there"
        if len(listed) != len(set(listed)):
            yield f"{place}: a {kind}medium stands there twice"

    def _damages(self, matrix: dict) -> Iterator[str]:
        """Each medium that is refused stands under what is wrong with it, or in an advanced
        row."""
        classes = matrix.get("damage", {})
        for name in sorted(set(classes) - set(DAMAGES)):
            yield f"compliance.toml: {name}: no such damage (one of: {', '.join(DAMAGES)})"
        for damage in DAMAGES:
            place = f"compliance.toml: {damage}"
            names = matrix.get("damage", {}).get(damage, [])
            yield from self.media_exist(names, place)
            if not any(each in self.recipes and self.recipes[each].expect == "refused"
                       for each in names):
                yield f"{place}: no medium that is refused"
        listed = {name for row in (*({"media": names} for names in classes.values()),
                                   *matrix.get("advanced", ())) for name in row["media"]}
        for each in self.recipes.values():
            if each.expect == "refused" and each.name not in listed:
                yield f"compliance.toml: {each.name} is refused, and stands nowhere"

    def _operations(self, name: str, row: dict, place: str) -> Iterator[str]:
        results = row["operations"]
        for operation in sorted(set(results) - set(SHOWN_BY)):
            yield f"{place}: no operation `{operation}`"
        for operation in SHOWN_BY:
            result = results.get(operation)
            if result not in RESULTS:
                yield f"{place}: {operation} `{result}` (one of: {', '.join(RESULTS)})"
                continue
            shown = self._shown(name, operation)
            if result == "done" and not shown:
                yield f"{place}: {operation} is done, but no medium shows it"
            if result != "done" and shown:
                yield f"{place}: {operation} is {result}, but {shown} shows it"
            if result == "done" and SHOWN_BY[operation] and row["status"] != "read-write":
                yield f"{place}: {operation} is done on what is {row['status']}"

    def _shown(self, family: str, operation: str) -> str:
        """A medium of a family that shows an operation; none: empty."""
        for each in self.recipes.values():
            if each.family != family or each.expect != "accepted" or each.awaits:
                continue
            words = {line.split()[0] for line in mutation.lines(each) if not each.unchanged}
            if not SHOWN_BY[operation] or words & set(SHOWN_BY[operation]):
                return each.name
        return ""

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
            return
        own = [self.recipes[name] for name in row["media"] if name in self.recipes]
        for each in own:
            if each.awaits and row["class"] != "planned":
                yield f"{place}: {row['class']}, but {each.name} awaits {each.awaits}"
            if row["class"] in REFUSING and each.expect != "refused":
                yield f"{place}: {row['class']}, but {each.name} is {each.expect}"
        if row["class"] == "planned" and not any(each.awaits or each.unchanged for each in own):
            yield f"{place}: planned, but none of its media awaits anything"
        if row["class"] == "implemented" and not any(each.expect == "accepted" for each in own):
            yield f"{place}: implemented, but none of its media is accepted"


def _shows_verdict(row: dict, own: Recipe) -> bool:
    """Whether a medium that has a feature shows what the registry says of it: accepted is changed,
    read-only is refused to be changed for that very feature, refused is not supported."""
    if row["verdict"] == "accepted":
        return own.expect == "accepted" and bool(own.mutations) \
            and not own.unchanged and not own.awaits
    if row["verdict"] == "read-only":
        return own.unchanged == f"read-only: {row['name']}: {row['reason']}"
    return own.expect == "journal" or own.reason.startswith("not supported: ")


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
