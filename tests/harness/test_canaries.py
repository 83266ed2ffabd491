# SPDX-License-Identifier: ISC
"""Canaries: what a canary's file may say, whose turn it is, and what counts as caught. A tiny tree
with one guard and one test stands for the real one."""
import os
import shutil
import sys
import tempfile
import unittest
import unittest.mock
from pathlib import Path

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import support  # noqa: E402

from harness import aviary, canary, rotation  # noqa: E402
from harness.canary import Canary, Edit  # noqa: E402
from harness.outcome import UsageError  # noqa: E402

GUARD = "def allowed(number):\n    return number < 10\n"
TEST = """
import unittest
import guard


class Guard(unittest.TestCase):
    def test_ten_is_refused(self):
        self.assertFalse(guard.allowed(10), "ten is allowed")

    def test_nine_is_allowed(self):
        self.assertTrue(guard.allowed(9))
"""
# Says yes to `build` unless the tree has a file that does not compile.
ERIX = """#!/bin/sh
if grep -q syntax-error "$(dirname "$0")/guard.py"; then echo "FAILED: guard.o"; exit 2; fi
"""
PLAIN = """
summary = "no bound"
[[edit]]
file = "guard.py"
old = "number < 10"
new = "True"
[fails]
suite = "python"
test = "test_guard:Guard.test_ten_is_refused"
reason = "ten is allowed"
"""


class TreeTest(unittest.TestCase):
    """Gives each test a small tree to copy."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.source = Path(folder.name) / "source"
        self.copy = aviary.Copy(self.source, Path(folder.name) / "copy")
        starter = self.source / "tools" / "harness" / "pytests.py"
        starter.parent.mkdir(parents=True)
        shutil.copyfile(support.ROOT / "tools" / "harness" / "pytests.py", starter)
        for name, text in (("guard.py", GUARD), ("test_guard.py", TEST), ("erix", ERIX)):
            (self.source / name).write_text(text, encoding="utf-8")
        (self.source / "erix").chmod(0o755)

    def canary(self, **changes) -> Canary:
        facts = {"name": "sample", "file": self.source / "sample.toml", "summary": "no bound",
                 "edits": (Edit("guard.py", "number < 10", "True"),), "suite": "python",
                 "test": "test_guard:Guard.test_ten_is_refused", "reason": "ten is allowed"}
        return Canary(**(facts | changes))

    def tried(self, **changes) -> str:
        """What is wrong with a canary after it was tried; empty if it was caught."""
        check, = aviary.try_all([self.canary(**changes)], self.copy)
        self.assertEqual(check.passed, not check.details)
        self.assertEqual((self.copy.tree / "guard.py").read_text(encoding="utf-8"), GUARD)
        return "\n".join(check.details)

    def problems(self, text: str) -> str:
        file = self.source / "sample.toml"
        file.write_text(text, encoding="utf-8")
        found, problems = canary.parse(file, self.source)
        self.assertEqual(found is None, bool(problems))
        return "\n".join(str(problem) for problem in problems)


class Caught(TreeTest):
    def test_guard_whose_absence_is_noticed(self):
        self.assertEqual(self.tried(), "")

    def test_edit_that_nobody_notices_fails(self):
        wrong = self.tried(edits=(Edit("guard.py", "number < 10", "number < 9 + 1"),))
        self.assertIn("nobody noticed", wrong)

    def test_failure_for_another_reason_fails(self):
        wrong = self.tried(reason="eleven is allowed")
        self.assertIn("not because of `eleven is allowed`", wrong)
        self.assertIn("ten is allowed", wrong)

    def test_twin_that_fails_is_told(self):
        (self.source / "guard.py").write_text(GUARD.replace("10", "99"), encoding="utf-8")
        check, = aviary.try_all([self.canary(
            edits=(Edit("guard.py", "number < 99", "True"),))], self.copy)
        self.assertIn("the twin fails", check.details[0])

    def test_test_that_does_not_exist_is_no_failure_of_the_guard(self):
        self.assertIn("there is no test", self.tried(test="test_guard:Guard.test_nothing"))

    def test_edit_that_breaks_the_build_is_not_caught(self):
        broken = self.canary(edits=(Edit("guard.py", "number < 10", "True  # syntax-error"),))

        def build_and_run(the_canary):
            self.copy.build("target")
            return self.copy.run_program(the_canary)
        with unittest.mock.patch.object(self.copy, "verdict", build_and_run):
            check, = aviary.try_all([broken], self.copy)
        self.assertFalse(check.passed)
        self.assertIn("cannot be tried: does not build for target", check.details[0])

    def test_text_that_is_not_there_in_the_copy_is_an_error(self):
        self.assertIn("not in guard.py exactly once",
                      self.tried(edits=(Edit("guard.py", "number > 10", "True"),)))


class TheCopy(TreeTest):
    def test_what_an_interrupted_run_left_is_undone(self):
        self.copy.bring_up_to_date()
        (self.copy.tree / "guard.py").write_text("edited", encoding="utf-8")
        (self.copy.tree / "left.py").write_text("left", encoding="utf-8")
        self.copy.bring_up_to_date()
        self.assertEqual((self.copy.tree / "guard.py").read_text(encoding="utf-8"), GUARD)
        self.assertFalse((self.copy.tree / "left.py").exists())

    def test_equal_files_keep_their_time(self):
        self.copy.bring_up_to_date()
        os.utime(self.copy.tree / "guard.py", (1, 1))
        self.copy.bring_up_to_date()
        self.assertEqual((self.copy.tree / "guard.py").stat().st_mtime, 1)

    def test_build_folders_stay(self):
        (self.copy.tree / "build").mkdir(parents=True)
        (self.copy.tree / "build" / "made").write_text("x", encoding="utf-8")
        self.copy.bring_up_to_date()
        self.assertTrue((self.copy.tree / "build" / "made").exists())

    def test_edit_is_undone_with_a_new_time_even_after_an_error(self):
        self.copy.bring_up_to_date()
        os.utime(self.copy.tree / "guard.py", (1, 1))
        with self.assertRaises(RuntimeError):
            with self.copy.edited((Edit("guard.py", "10", "11"),)):
                raise RuntimeError
        self.assertEqual((self.copy.tree / "guard.py").read_text(encoding="utf-8"), GUARD)
        self.assertGreater((self.copy.tree / "guard.py").stat().st_mtime, 1)


class Files(TreeTest):
    def test_good_canary_is_read(self):
        self.assertEqual(self.problems(PLAIN), "")

    def test_text_that_is_not_there_is_refused(self):
        self.assertIn("occurs 0 times", self.problems(PLAIN.replace("number < 10", "number > 10")))

    def test_text_that_is_there_twice_is_refused(self):
        self.assertIn("occurs 2 times", self.problems(PLAIN.replace("number < 10", "number")))

    def test_edit_that_changes_nothing_is_refused(self):
        self.assertIn("changes nothing", self.problems(PLAIN.replace('"True"', '"number < 10"')))

    def test_missing_file_is_named(self):
        self.assertIn("there is no file gard.py",
                      self.problems(PLAIN.replace("guard.py", "gard.py")))

    def test_unknown_suite_is_refused(self):
        self.assertIn("no value of `suite`", self.problems(PLAIN.replace('"python"', '"pyton"')))

    def test_program_without_its_test_is_refused(self):
        self.assertIn("PROGRAM:TEST", self.problems(
            PLAIN.replace("test_guard:Guard.test_ten_is_refused", "test_guard")))

    def test_words_for_what_takes_none_are_refused(self):
        words = PLAIN + 'words = ["1"]\n'
        self.assertIn("only a host test takes words", self.problems(words))
        self.assertEqual(self.problems(words.replace('"python"', '"host"')), "")

    def test_reason_that_any_failure_has_is_refused(self):
        for reason in (".", ".*", "", "$"):
            self.assertIn("any failure matches", self.problems(
                PLAIN.replace("ten is allowed", reason)))

    def test_reason_must_be_a_pattern(self):
        self.assertIn("regular expression", self.problems(PLAIN.replace("ten is", "(ten is")))

    def test_canary_without_edit_is_refused(self):
        text = PLAIN.replace("[[edit]]", "[other]")
        self.assertIn("`edit` is missing", self.problems(text))

    def test_unknown_name_is_refused(self):
        with self.assertRaisesRegex(UsageError, "no canary `smap-of`, did you mean `smap-off`"):
            canary.choose(["smap-of"])


class Turns(TreeTest):
    def test_every_canary_has_its_turn(self):
        for count in (5, 22, 40):
            canaries = [self.canary(name=f"c{number}") for number in range(count)]
            seen = set()
            for turn in range(rotation.TURNS):
                due = canary.due(canaries, turn)
                self.assertGreaterEqual(len({each.name for each in due}), canary.DUE)
                seen |= {each.name for each in due}
            self.assertEqual(len(seen), count)

    def test_the_same_turn_has_the_same_canaries(self):
        canaries = [self.canary(name=f"c{number}") for number in range(22)]
        self.assertEqual(canary.due(canaries, 7), canary.due(canaries, 7))
