# SPDX-License-Identifier: ISC
"""The table of ext_failure_test.c holds every function of the public headers of lib/ext."""
import re
import unittest
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
HEADERS = ("ext.h", "ext_write.h", "ext_check.h", "protection.h")
DECLARED = re.compile(r"^[a-z][\w *]*?\b(ext_\w+)\(", re.MULTILINE)
NAMED = re.compile(r'"(ext_\w+)"')


def declared() -> set[str]:
    """The functions that the headers declare."""
    texts = [(FOLDER.parent / name).read_text(encoding="utf-8") for name in HEADERS]
    return {name for text in texts for name in DECLARED.findall(text)}


class FailureTable(unittest.TestCase):
    def test_every_public_function_is_in_the_table(self):
        text = (FOLDER / "ext_failure_test.c").read_text(encoding="utf-8")
        self.assertEqual(set(NAMED.findall(text)), declared())

    def test_functions_are_found_in_the_headers(self):
        self.assertGreaterEqual(len(declared()), 35)
        self.assertLessEqual({"ext_mount", "ext_rename", "ext_check_run"}, declared())


if __name__ == "__main__":
    unittest.main()
