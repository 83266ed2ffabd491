# SPDX-License-Identifier: ISC
"""The corpus: what it says is found wrong when the tree says something else, one at a time."""
import copy
import unittest
from unittest import mock

from media import corpus, recipe

REAL = {name: corpus.load(name) for name in
        ("features", "rows", "interoperability", "compliance")}


def registry() -> list[tuple[str, int, str, str, str]]:
    """What the registry must say if features.toml is right."""
    rows = [(row["word"], bit, row["verdict"], row.get("name", "-"), row.get("reason", "-"))
            for row in REAL["features"]["feature"] for bit in row["bits"]]
    return sorted(rows)


class Wrong(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.corpus = corpus.Corpus(registry())

    def problems(self, part: str, change) -> str:
        """What is found after `change` has been done to the contents of a file."""
        changed = copy.deepcopy(REAL)
        change(changed[part])
        with mock.patch.object(corpus, "load", changed.__getitem__):
            return "\n".join(corpus.PARTS[part](self.corpus))

    def finds(self, part: str, change, said: str) -> None:
        self.assertIn(said, self.problems(part, change))

    def test_nothing_as_it_is(self):
        for part in corpus.PARTS:
            self.assertEqual(self.problems(part, lambda contents: None), "", part)

    def test_bit_without_row(self):
        self.finds("features", lambda contents: contents["feature"].pop(0),
                   "compat bit 0: no row; the registry has it as dir_prealloc, accepted")

    def test_other_verdict(self):
        self.finds("features", lambda contents: contents["feature"][0].update(verdict="refused"),
                   "verdict `refused`, the registry says `accepted`")

    def test_feature_without_medium(self):
        self.finds("features", lambda contents: contents["feature"][0].update(media=[]),
                   "a row needs `tests` and `media`")

    def test_medium_without_the_feature(self):
        self.finds("features",
                   lambda contents: contents["feature"][0].update(media=["phase4-fs-ext2"]),
                   "the medium phase4-fs-ext2 has it not")

    def test_feature_shown_by_a_refusal(self):
        row = next(index for index, each in enumerate(REAL["features"]["feature"])
                   if each.get("name") == "extent")
        self.finds("features", lambda contents: contents["feature"][row].update(
            media=["malformed-ext"]), "accepted, but none of its media shows that")

    def test_unknown_test(self):
        self.finds("features", lambda contents: contents["feature"][0].update(tests=["ext/none"]),
                   "there is no test `ext/none`")

    def test_bit_twice(self):
        self.finds("features", lambda contents: contents["feature"].append(contents["feature"][0]),
                   "a bit stands in two rows")

    def test_row_without_medium(self):
        self.finds("rows", lambda contents: contents["ext-links"]["positive"].append("new-row"),
                   "ext-links: `new-row` has no medium that is accepted")

    def test_row_of_the_wrong_kind(self):
        self.finds("rows", lambda contents: contents["ext-links"].update(
            negative=["phase4-fs-ext2-links"]), "has no medium that is refused")

    def test_row_in_no_group(self):
        def forget(contents):
            for group in contents.values():
                group["negative"] = [row for row in group.get("negative", ())
                                     if row != "ext-checksum-failure"]
        self.finds("rows", forget, "`ext-checksum-failure` (ext-checksum-failure) is in no group")

    def test_feature_that_is_not_proven(self):
        self.finds("interoperability",
                   lambda contents: contents["medium"][0].update(proves=["incompat.casefold"]),
                   "incompat.casefold is not on it")

    def test_other_family(self):
        self.finds("interoperability", lambda contents: contents["medium"][0].update(family="ext2"),
                   "it is of ext")

    def test_companion_that_is_accepted(self):
        self.finds("interoperability",
                   lambda contents: contents["medium"][0].update(malformed=["phase4-fs-ext2"]),
                   "malformed medium phase4-fs-ext2 does not belong there")

    def test_other_tools(self):
        self.finds("interoperability",
                   lambda contents: contents["medium"][0].update(tools=["dosfstools"]), "made by ")

    def test_unknown_status(self):
        self.finds("compliance", lambda contents: contents["format"]["ext3"].update(status="fine"),
                   "ext3: status `fine`")

    def test_missing_format(self):
        self.finds("compliance", lambda contents: contents["format"].pop("ext4"), "no such table")

    def test_unknown_operation(self):
        self.finds("compliance",
                   lambda contents: contents["format"]["ext2"]["operations"].update(fly="done"),
                   "no operation `fly`")

    def test_missing_operation(self):
        self.finds("compliance",
                   lambda contents: contents["format"]["ext2"]["operations"].pop("xattr"),
                   "xattr `None`")

    def test_operation_done_on_what_is_read_only(self):
        def change(contents):
            contents["format"]["ext2"]["status"] = "read-only"
            contents["format"]["ext2"]["operations"]["write"] = "done"
        self.finds("compliance", change, "write is done on what is read-only")

    def with_recipes(self, **changes):
        """The corpus with all recipes changed alike."""
        changed = {name: recipe.Recipe(**{**each.__dict__, **changes})
                   for name, each in self.corpus.recipes.items()}
        return mock.patch.object(self.corpus, "recipes", changed)

    def test_operation_that_nothing_shows(self):
        for changes in ({"mutations": ()}, {"unchanged": "read-only"}, {"awaits": "something"}):
            with self.with_recipes(**changes):
                self.finds("compliance", lambda contents: None,
                           "ext4: rename is done, but no medium shows it")

    def test_operation_that_is_done_by_now(self):
        for result in ("planned", "denied"):
            self.finds("compliance",
                       lambda contents, result=result: contents["format"]["ext2"]["operations"]
                       .update(xattr=result), f"ext2: xattr is {result}, but ")

    def test_format_without_one_of_its_media(self):
        self.finds("compliance", lambda contents: contents["format"]["ext3"]["media"].pop(0),
                   "ext3: medium ext3-metadata is missing")

    def test_format_with_the_medium_of_another(self):
        self.finds("compliance",
                   lambda contents: contents["format"]["ext3"]["media"].append("phase4-fs-ext2"),
                   "ext3: medium phase4-fs-ext2 does not belong there")

    def test_medium_twice(self):
        self.finds("compliance",
                   lambda contents: contents["format"]["ext3"]["media"].append("phase4-fs-ext3"),
                   "ext3: a medium stands there twice")

    def test_refused_medium_that_stands_nowhere(self):
        self.finds("compliance",
                   lambda contents: contents["damage"]["inodes"].remove("ext4-bad-inline-data"),
                   "ext4-bad-inline-data is refused, and stands nowhere")

    def test_unknown_damage(self):
        self.finds("compliance", lambda contents: contents["damage"].update(rust=[]),
                   "rust: no such damage")

    def test_class_that_is_no_longer_true(self):
        row = next(index for index, each in enumerate(REAL["compliance"]["advanced"])
                   if each["what"] == "changes of metadata")
        for name, said in (("planned", "planned, but none of its media awaits anything"),
                           ("rejected", "rejected, but ext2-metadata is accepted")):
            self.finds("compliance",
                       lambda contents, name=name: contents["advanced"][row].update(
                           {"class": name}), said)
        with self.with_recipes(awaits="something"):
            self.finds("compliance", lambda contents: None,
                       "(changes of metadata): implemented, but ext2-metadata awaits something")

    def test_read_only_feature_that_is_changed(self):
        with self.with_recipes(unchanged=""):
            self.finds("features", lambda contents: None,
                       "read-only, but none of its media shows that")

    def test_interoperability_without_a_medium(self):
        self.finds("interoperability", lambda contents: contents["medium"].pop(0),
                   "interoperability.toml: medium ext-fast-commit-htree is missing")

    def test_interoperability_without_a_companion(self):
        def forget(contents):
            next(each for each in contents["medium"] if each["name"] == "phase4-fs-ext2"
                 )["malformed"].remove("ext2-bad-bitmap")
        self.finds("interoperability", forget, "malformed medium ext2-bad-bitmap is missing")

    def test_damage_without_negative(self):
        self.finds("compliance",
                   lambda contents: contents["damage"].update({"geometry": ["phase4-fs-ext2"]}),
                   "geometry: no medium that is refused")

    def test_unknown_class(self):
        self.finds("compliance",
                   lambda contents: contents["advanced"][0].update({"class": "someday"}),
                   "class `someday`")

    def test_missing_text(self):
        self.finds("compliance", lambda contents: contents["advanced"][0].update(text="none.md"),
                   "there is no text none.md")


if __name__ == "__main__":
    unittest.main()
