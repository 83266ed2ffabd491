# SPDX-License-Identifier: ISC
"""Tests of unicodegen: the real database, and small ones that break its rules."""
import contextlib
import io
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import unicodegen  # pylint: disable=wrong-import-position

DATABASE = Path("/usr/share/unicode")
FILES = {
    "DerivedAge.txt": "0041..005A ; 1.1 # letters\n0061 ; 1.1\n1F600 ; 13.0\n"
                      "00AD ; 1.1\n0300 ; 1.1\n",
    "UnicodeData.txt": "0041;A;Lu;0;L;;;;;N;;;;0061;\n0300;GRAVE;Mn;230;NSM;;;;;N;;;;;\n",
    "CaseFolding.txt": "0041; C; 0061; # A\n0042; S; 0061; # not this one\n"
                       "1F600; C; 0061; # too new\n",
    "DerivedCoreProperties.txt": "00AD ; Default_Ignorable_Code_Point # SHY\n0041 ; Alphabetic\n",
}


class Tables(unittest.TestCase):
    """What the generator makes of its files."""

    def setUp(self):
        self._folder = tempfile.TemporaryDirectory()  # pylint: disable=consider-using-with
        self.addCleanup(self._folder.cleanup)
        self.folder = Path(self._folder.name)
        for name, text in FILES.items():
            (self.folder / name).write_text(text, encoding="utf-8")

    def _run(self) -> tuple[int, str]:
        with contextlib.redirect_stderr(io.StringIO()) as errors:
            code = unicodegen.main([str(self.folder), str(self.folder / "out.h")])
        return code, errors.getvalue()

    def test_numbers_follow_the_files(self):
        table, texts = unicodegen.numbers(self.folder)
        self.assertEqual(texts, ["a"])
        self.assertEqual(table[0x41], unicodegen.MAPPING_FIRST)
        self.assertEqual((table[0x42], table[0x61], table[0x1F600]), (0, 0, 0))
        self.assertEqual((table[0x300], table[0xAD]), (230, unicodegen.IGNORABLE))

    def test_what_came_later_is_not_ignorable_yet(self):
        path = self.folder / "DerivedAge.txt"
        text = FILES["DerivedAge.txt"].replace("00AD ; 1.1", "00AD ; 14.0")
        path.write_text(text, encoding="utf-8")
        self.assertEqual(unicodegen.numbers(self.folder)[0][0xAD], 0)

    def test_missing_file_is_named(self):
        (self.folder / "CaseFolding.txt").unlink()
        code, errors = self._run()
        self.assertEqual(code, 1)
        self.assertIn("CaseFolding.txt", errors)
        self.assertIn("unicode-data", errors)

    def test_too_long_mapping_is_refused(self):
        path = self.folder / "CaseFolding.txt"
        path.write_text("0041; F; 0061 0061 0061 0061 0061; # long\n", encoding="utf-8")
        code, errors = self._run()
        self.assertEqual(code, 1)
        self.assertIn("U+0041", errors)

    def test_good_files_make_a_header(self):
        self.assertEqual(self._run(), (0, ""))
        self.assertIn("unicode_blocks", (self.folder / "out.h").read_text(encoding="utf-8"))

    def test_wrong_words_are_a_usage_error(self):
        with contextlib.redirect_stderr(io.StringIO()):
            self.assertEqual(unicodegen.main([]), 2)

    def test_real_database(self):
        table, texts = unicodegen.numbers(DATABASE)
        self.assertEqual(texts[table[0xDF] - unicodegen.MAPPING_FIRST], "ss")
        self.assertEqual(table[0x1E900 + 0x22], 0)
        self.assertEqual(table[0x180F], 0)


if __name__ == "__main__":
    unittest.main()
