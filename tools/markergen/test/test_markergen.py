# SPDX-License-Identifier: ISC
"""Tests of the marker generator: the header it makes and the lists it refuses."""
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
sys.path.insert(0, os.path.dirname(HERE))

import markergen  # noqa: E402  (found through the path above)

GOOD = """
[rootd]
"ERIX_ROOTD:READY" = { release = true, when = "up" }
"ERIX_ROOTD:READY:VFSD" = { release = false, when = "vfsd up" }
"""

PROGRAM = """
#include "markers.h"
#include <string.h>
int main(void)
{
    return strcmp(marker_text(MARKER_ROOTD_READY_VFSD), "ERIX_ROOTD:READY:VFSD") != 0 ||
        marker_text((enum marker)99)[0] != 0 || !marker_in_release(MARKER_ROOTD_READY) ||
        marker_in_release(MARKER_ROOTD_READY_VFSD) || MARKER_COUNT != 2;
}
"""


class Generator(unittest.TestCase):
    def test_names_follow_from_texts(self):
        names = [marker.c_name for marker in markergen.parse(GOOD)]
        self.assertEqual(names, ["MARKER_ROOTD_READY", "MARKER_ROOTD_READY_VFSD"])

    def test_the_header_compiles_and_answers(self):
        compiler = shutil.which("clang-19")
        self.assertIsNotNone(compiler, "clang-19 is needed")
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "markers.h"), "w", encoding="utf-8") as file:
                file.write(markergen.generate(markergen.parse(GOOD)))
            with open(os.path.join(folder, "main.c"), "w", encoding="utf-8") as file:
                file.write(PROGRAM)
            program = os.path.join(folder, "main")
            subprocess.run([compiler, "-std=c2x", "-Weverything", "-Werror",
                            "-Wno-pre-c2x-compat", "-Wno-c++98-compat", "-Wno-unsafe-buffer-usage",
                            os.path.join(folder, "main.c"), "-o", program], check=True)
            self.assertEqual(subprocess.run([program], check=False).returncode, 0)

    def test_the_list_of_the_tree_is_good(self):
        with open(os.path.join(ROOT, "abi", "markers.toml"), encoding="utf-8") as file:
            self.assertGreater(len(markergen.parse(file.read())), 50)

    def refused(self, source: str, reason: str):
        with self.assertRaisesRegex(markergen.MarkerError, reason):
            markergen.parse(source)

    def test_refuses_bad_lists(self):
        self.refused("", "empty")
        self.refused("[rootd]\n", "empty")
        self.refused("[rootd\n", "Expected")
        self.refused('[rootd]\n"READY" = { release = true, when = "" }', "form")
        self.refused('[rootd]\n"ERIX_A:b" = { release = true, when = "" }', "form")
        self.refused('[rootd]\n"ERIX_A:B" = { release = true }', "fields")
        self.refused('[rootd]\n"ERIX_A:B" = { release = 1, when = "" }', "bool")
        self.refused('[ROOT]\n"ERIX_A:B" = { release = true, when = "" }', "emitter")
        self.refused('[rootd]\n"ERIX_A:B_C" = { release = true, when = "" }\n'
                     '"ERIX_A:B:C" = { release = true, when = "" }', "same C name")
        self.refused('[rootd]\n"ERIX_A:%s" = { release = true, when = "" }' % ("B" * 80), "longer")


if __name__ == "__main__":
    unittest.main()
