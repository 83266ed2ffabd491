# SPDX-License-Identifier: ISC
"""Recipes that must be refused, each beside one that is taken; and the model of the files."""
import unittest

from media import recipe, tree

GOOD = """\
summary = "s"
family = "ext4"
expect = "accepted"
tree = '''
dir /a
file /a/b text:hello
'''
steps = [{ index = true }]
mutations = ["standard", "put /x text:y"]
[volume]
features = "ext4"
"""
BAD = """\
summary = "s"
family = "ext4"
expect = "refused"
reason = "corrupt"
twin = "other"
damage = [{ in = "superblock", field = "state", value = 0 }]
"""


class Refused(unittest.TestCase):
    def refuses(self, text: str, old: str, new: str, said: str) -> None:
        """`text` is a recipe; with `new` for `old` it is none, and what is said contains `said`."""
        recipe.parse("twin", text)
        self.assertIn(old, text)
        with self.assertRaises(recipe.RecipeError) as caught:
            recipe.parse("bad", text.replace(old, new, 1))
        self.assertIn("tests/media/ext/bad.toml: ", str(caught.exception))
        self.assertIn(said, str(caught.exception))

    def test_no_toml(self):
        self.refuses(GOOD, 'family = "ext4"', "family = ext4", "Invalid value")

    def test_unknown_key(self):
        self.refuses(GOOD, "summary", "sumary", "unknown key `sumary`, did you mean `summary`?")

    def test_missing_key(self):
        self.refuses(GOOD, 'expect = "accepted"\n', "", "`expect` is missing")

    def test_wrong_kind_of_value(self):
        self.refuses(GOOD, 'summary = "s"', "summary = 3", "`summary` is a str")

    def test_unknown_family(self):
        self.refuses(GOOD, '"ext4"', '"ext5"', '`family = "ext5"`')

    def test_unknown_expectation(self):
        self.refuses(GOOD, '"accepted"', '"acepted"', "did you mean `accepted`?")

    def test_unknown_volume_key(self):
        self.refuses(GOOD, "features =", "feature =", "[volume] has no key `feature`")

    def test_two_sources(self):
        self.refuses(GOOD, 'summary = "s"', 'summary = "s"\ndata = "d"', "from one of them")

    def test_no_source(self):
        self.refuses(GOOD, '[volume]\nfeatures = "ext4"\n', "", "nothing says what it is made from")

    def test_unknown_step(self):
        self.refuses(GOOD, "{ index =", "{ indx =", "step 1: unknown step `indx`")

    def test_step_of_two_words(self):
        self.refuses(GOOD, "{ index = true", "{ index = true, check = true", "one word")

    def test_unknown_mutation(self):
        self.refuses(GOOD, '"put /x', '"putt /x', "mutation `putt /x text:y`")

    def test_mutation_with_too_few_words(self):
        self.refuses(GOOD, "put /x text:y", "put /x", "put takes 2 words")

    def test_read_only_without_what_is_said(self):
        read_only = GOOD.replace('"accepted"', '"read-only"\nunchanged = "r"').replace(
            'mutations = ["standard", "put /x text:y"]\n', "")
        self.refuses(read_only, 'unchanged = "r"', "", "`unchanged` is what a change is refused")
        self.refuses(read_only, "[volume]", 'mutations = ["standard"]\n[volume]',
                     "what is read-only has no mutations")

    def test_unchanged_without_mutations(self):
        self.refuses(GOOD, 'mutations = ["standard", "put /x text:y"]', 'unchanged = "r"',
                     "what its mutations are refused with")

    def test_accepted_with_reason(self):
        self.refuses(GOOD, 'summary = "s"', 'summary = "s"\nreason = "r"', "for what is refused")

    def test_refused_without_twin(self):
        self.refuses(BAD, 'twin = "other"\n', "", "needs `reason`, and `twin`")

    def test_refused_without_damage(self):
        self.refuses(BAD, BAD.splitlines()[-1], "", "the same as its twin")

    def test_refused_and_made_otherwise(self):
        self.refuses(BAD, "damage", 'data = "d"\ndamage', "`differs` must say why")

    def test_unknown_structure(self):
        self.refuses(BAD, '"superblock"', '"superbloc"', "no such structure")

    def test_unknown_field(self):
        self.refuses(BAD, '"state"', '"stat"', "superblock has no field `stat`")

    def test_value_too_large(self):
        self.refuses(BAD, "value = 0", "value = 65536", "does not fit into 2 bytes")

    def test_change_without_value(self):
        self.refuses(BAD, ", value = 0", "", "needs `value`, `bytes`, `or` or `clear`")

    def test_unknown_key_of_a_change(self):
        self.refuses(BAD, "value = 0", "valu = 0", "a change has no key `valu`")

    def test_line_of_tree(self):
        self.refuses(GOOD, "dir /a", "folder /a", "`folder` begins no line of a tree")

    def test_relative_path(self):
        self.refuses(GOOD, "dir /a", "dir a", "an absolute path")

    def test_file_without_folder(self):
        self.refuses(GOOD, "dir /a\n", "", "/a/b: there is no folder /a")

    def test_unknown_content(self):
        self.refuses(GOOD, "text:hello", "txt:hello", "`txt:hello` is no content")


class Model(unittest.TestCase):
    def test_names_without_case(self):
        model = tree.Tree()
        for line in ("dir /a", "set /a flags=0x40000000", "file /a/Straße", "dir /b", "file /b/X"):
            model.add(line)
        self.assertEqual(model.actual("/a/STRASSE"), "/a/Straße")
        self.assertEqual(model.actual("/a/other"), "/a/other")
        self.assertEqual(model.actual("/b/x"), "/b/x")

    def test_contents_with_hole(self):
        content = tree.parse_content(["text:ab", "@5:text:c", "size:8"])
        self.assertEqual(content.data(), b"ab\0\0\0c\0\0")

    def test_later_pieces_win(self):
        content = tree.parse_content(["text:abcdef"])
        content.put(2, b"XY")
        self.assertEqual(content.data(), b"abXYef")
        content.cut(3)
        content.cut(5)
        self.assertEqual(content.data(), b"abX\0\0")

    def test_stamps_say_where_they_stand(self):
        whole = tree.stamp("tag", 0, 100)
        self.assertEqual(whole[:32], b"tag    00000000\ntag    00000010\n")
        self.assertEqual(tree.stamp("tag", 37, 20), whole[37:57])

    def test_links_are_counted(self):
        model = tree.Tree()
        for line in ("dir /a", "dir /a/b", "file /a/f", "hard /g /a/f"):
            model.add(line)
        self.assertEqual([model.links(path) for path in ("/", "/a", "/a/b", "/a/f", "/g")],
                         [3, 3, 2, 2, 2])

    def test_moves_take_what_is_below(self):
        model = tree.Tree()
        for line in ("dir /a", "file /a/f text:x", "dir /b"):
            model.add(line)
        model.move("/a", "/b/c")
        self.assertEqual(sorted(model.nodes), ["/b", "/b/c", "/b/c/f"])


if __name__ == "__main__":
    unittest.main()
