# SPDX-License-Identifier: ISC
"""Tests of the protocol generator: the C that it makes, and what it refuses."""
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
GOLDEN = os.path.join(HERE, "golden")
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
sys.path.insert(0, os.path.dirname(HERE))

import cases  # noqa: E402  (found through the path above)
import protogen  # noqa: E402  (found through the path above)
import syntax  # noqa: E402

HEAD = "protocol trial id 7\nrights read=1 write=2\n"
STRICT = ("-std=c2x", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wvla",
          "-Wmissing-prototypes", "-Werror", "-fsyntax-only")


def read(path: str) -> str:
    with open(path, encoding="utf-8") as file:
        return file.read()


class Output(unittest.TestCase):
    def setUp(self):
        self.protocol = syntax.load(os.path.join(GOLDEN, "trial.proto"))

    def test_header_is_the_golden_one(self):
        self.assertEqual(protogen.header_text(self.protocol),
                         read(os.path.join(GOLDEN, "trial.h.expected")))

    def test_source_is_the_golden_one(self):
        self.assertEqual(protogen.source_text(self.protocol),
                         read(os.path.join(GOLDEN, "trial.c.expected")))

    def test_the_table_of_what_can_be_wrong_is_the_golden_one(self):
        self.assertEqual(cases.text(self.protocol),
                         read(os.path.join(GOLDEN, "trial.cases.expected")))

    def compile(self, protocol):
        with tempfile.TemporaryDirectory() as folder:
            os.mkdir(os.path.join(folder, "protocol"))
            path = os.path.join(folder, "protocol", protocol.name)
            for suffix, text in ((".h", protogen.header_text(protocol)),
                                 (".c", protogen.source_text(protocol)),
                                 (".cases.c", cases.text(protocol))):
                with open(path + suffix, "w", encoding="utf-8") as file:
                    file.write(text)
            compiler = shutil.which("clang-19")
            self.assertIsNotNone(compiler, "clang-19 is needed")
            done = subprocess.run([compiler, *STRICT, "-I", ROOT, "-I", folder, path + ".c",
                                   path + ".cases.c"],
                                  capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)

    def test_it_compiles_without_a_warning(self):
        self.compile(self.protocol)

    def test_all_protocols_of_the_tree_compile(self):
        folder = os.path.join(ROOT, "protocol")
        names = sorted(name for name in os.listdir(folder) if name.endswith(".proto"))
        self.assertGreater(len(names), 15)
        ids = {}
        for name in names:
            with self.subTest(name):
                protocol = syntax.load(os.path.join(folder, name))
                self.assertNotIn(protocol.id, ids, f"{ids.get(protocol.id)} has the same id")
                ids[protocol.id] = name
                self.compile(protocol)

    def test_numbers_are_protocol_and_place(self):
        self.assertEqual([operation.number for operation in self.protocol.operations[:3]],
                         [0x701, 0x702, 0x703])

    def test_gaps_are_reserved(self):
        self.assertEqual(self.protocol.operations[2].request.layout.reserved, [(1, 7)])

    def test_an_array_of_characters_ends_with_a_zero(self):
        self.assertEqual(self.protocol.operations[3].reply.layout.reserved,
                         [(15, 1), (20, 4), (39, 1), (44, 4)])

    def test_both_tables_say_what_must_be_zero(self):
        folder = os.path.join(ROOT, "protocol")
        for name in os.listdir(folder):
            if not name.endswith(".proto"):
                continue
            protocol = syntax.load(os.path.join(folder, name))
            for operation in protocol.operations:
                layout = operation.request.layout
                with self.subTest(f"{name}: {operation.name}"):
                    self.assertEqual(sorted(cases.reserved(protocol, layout)),
                                     sorted(layout.reserved))

    def ranges(self, name: str):
        """Place, last value and statuses of each number of an operation."""
        operation = next(each for each in self.protocol.operations if each.name == name)
        return [(place, bounds.last, *bounds.statuses)
                for place, _, bounds in cases.numbers(self.protocol, operation.request.layout)]

    def test_numbers_have_the_range_that_the_file_says(self):
        self.assertEqual(self.ranges("add"), [
            (0, 99, "INVALID_ARGUMENT", "INVALID_ARGUMENT"), (4, None, "NOT_FOUND", "TOO_LARGE")])
        self.assertEqual(self.ranges("open"), [(2, None, "UNSUPPORTED", "UNSUPPORTED")])
        self.assertEqual(self.ranges("give"), [])

    def test_numbers_of_structures_are_found(self):
        self.assertEqual([place for place, *_ in self.ranges("send")], [0, 16, 48, 64, 72, 88])

    def test_the_client_reads_what_it_gets(self):
        self.assertIn("Out of range: left INVALID_ARGUMENT, right NOT_FOUND or TOO_LARGE.",
                      protogen.header_text(self.protocol))

    def test_a_text_has_room_for_its_end(self):
        self.assertGreaterEqual(self.protocol.operations[4].request.layout.fields[-1].count, 21)


class Refusals(unittest.TestCase):
    def refused(self, text: str, reason: str, head: str = HEAD):
        with self.assertRaisesRegex(syntax.ProtocolError, reason):
            syntax.parse("trial.proto", head + text)

    def test_place_is_named(self):
        self.refused("\nop add(left u33)\n", r"trial.proto:4: error: unknown type 'u33'")

    def test_the_first_line_of_a_long_operation_is_named(self):
        self.refused("op add(\n  left u8,\n  right u33)\n", r"trial.proto:3: ")

    def test_head(self):
        self.refused("op a()\n", "the first line must be", "")
        self.refused("op a()\n", "a protocol's id is 1 to 255", "protocol trial id 256\n")
        self.refused("protocol other id 8\nop a()\n", "one protocol")
        self.refused("", "no operation")
        self.refused("ops a()\n", "'ops' begins no line")

    def test_padding_in_a_record(self):
        self.refused("struct part\n    a u8\n    b u32\nop x()\n", "3 bytes of padding before 'b'")
        self.refused("struct part\n    a u64\n    b u32\nop x()\n", "ends with 4 bytes of padding")
        self.refused("struct part\nop x()\n", "is empty")
        self.refused("struct part\n    a text<=4\nop x()\n", "only an operation may end with")

    def test_size(self):
        self.refused("op a(data bytes[1025])\n", "1 to 1024 elements")
        self.refused("op a(data bytes[1020], more u64)\n", "a message has 1024 at most")
        self.refused("op a(data u64[129])\n", "a message has 1024 at most")
        self.refused("op a(path text<=1020)\n", "a message has 1024 at most")
        self.refused("op a(a cap any, b cap any, c cap any, d cap any, e cap any)\n",
                     "5 capabilities")

    def test_rights(self):
        self.refused("op a() needs rite\n",
                     "unknown right 'rite'; rights of this protocol: read, write")
        self.refused("rights more=3\nop a()\n", "must be one bit")
        self.refused("rights more=1\nop a()\n", "bit of another")
        self.refused("rights read=4\nop a()\n", "right 'read' exists already")

    def test_names(self):
        self.refused("op a()\nop a()\n", "operation 'a' exists already")
        self.refused("op a(b u8, b u8)\n", "field 'b' exists already")
        self.refused("op a(b u8, b cap any)\n", "parameter 'b' exists already")
        self.refused("op a(b cap any, b u8)\n", "parameter 'b' exists already")
        self.refused("op a(B u8)\n", "is no name")
        self.refused("op a(self u8)\n", "the generated code needs the word")
        self.refused("op switch()\n", "the generated code needs the word")
        self.refused("const n = 1\nconst n = 2\nop a()\n", "constant 'n' exists already")
        self.refused("struct s\n    a u8\nstruct s\n    a u8\nop a()\n",
                     "struct 's' exists already")

    def test_ranges(self):
        self.refused("op a(b bytes[4] to 3)\n", "'b' is no single number: it has no range")
        self.refused("op a(b u32[2] any)\n", "is no single number")
        self.refused("op a(path text<=9 else END)\n", "is no single number")
        self.refused("op a(b u32 to more)\n", "neither a number nor a constant")
        self.refused("op a(b u8 to 255)\n", "'b': no value lies behind 255")
        self.refused("op a(b u32 else end)\n", "wanted: NAME TYPE")
        self.refused("op a(b u32 any to 3)\n", "wanted: NAME TYPE")
        self.refused("op a(b u32 else END/)\n", "wanted: NAME TYPE")
        self.refused("struct s\n    a u32 otherwise END\nop x()\n", "wanted: NAME TYPE")

    def test_operations(self):
        self.refused("op a(path text<=9, more u8)\n", "must be the last field")
        self.refused("op a(path text)\n", "unknown type 'text'")
        self.refused("op a(name char)\n", "wants a length")
        self.refused("op a(b cap file)\n", "unknown kind of capability 'file'")
        self.refused("op a(b move cap frame, c cap frame)\n",
                     "moves all of its capabilities or none")
        self.refused("oneway op a() -> (b u8)\n", "has no reply")
        self.refused("op a(b u8\n", "a parenthesis stays open")
        self.refused("op a(b u8[size])\n", "neither a number nor a constant")

    def test_the_file_is_named_after_its_protocol(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "other.proto")
            with open(path, "w", encoding="utf-8") as file:
                file.write(HEAD + "op a()\n")
            with self.assertRaisesRegex(syntax.ProtocolError, "belongs into trial.proto"):
                syntax.load(path)


if __name__ == "__main__":
    unittest.main()
