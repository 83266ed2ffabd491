# SPDX-License-Identifier: ISC
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from extbench import exact, peers, picture  # noqa: E402
from extbench.program import Extbench  # noqa: E402
from harness.outcome import HarnessError  # noqa: E402


def speeds(**others: float) -> dict[str, dict[str, float]]:
    """Ours does a hundred of everything in a second, each other what is said."""
    return {name: dict.fromkeys(peers.MEASURES, value)
            for name, value in {"erix": 100.0, **others}.items()}


class Limits(unittest.TestCase):
    def test_kept(self):
        self.assertEqual(peers.problems(speeds(linux=190.0, fuse2fs=5.0)), [])

    def test_broken(self):
        found = peers.problems(speeds(linux=210.0, fuse2fs=5.0))
        self.assertEqual(found, ["creates_s: 0.48 times as fast as linux, must be 0.50",
                                 "removes_s: 0.48 times as fast as linux, must be 0.50"])

    def test_left_out(self):
        self.assertEqual(peers.problems(speeds()), [])

    def test_every_limit_has_a_peer_and_a_measure(self):
        names = {peer.name for peer in peers.PEERS}
        for peer, measure in peers.LIMITS:
            self.assertIn(peer, names)
            self.assertIn(measure, peers.MEASURES)


class Pictures(unittest.TestCase):
    ROWS = [[1.0, 20.0, 2.0], [10.0, 21.0, 3.0]]

    def draw(self, rows: list[list[float]]) -> str:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "inner" / "grown.svg"
            picture.draw(exact.Growth("Title", "size", "cost", ("put", "get"), rows), path)
            return path.read_text(encoding="utf-8")

    def test_curves_are_named(self):
        text = self.draw(self.ROWS)
        for word in ("<svg", "Title", "put", "get"):
            self.assertIn(word, text)

    def test_what_cannot_be_drawn(self):
        with self.assertRaisesRegex(HarnessError, "gnuplot"):
            self.draw([[1.0, float("nan"), float("nan")]])


class Program(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.bench = Extbench(Path(self.folder.name))

    def test_wrong_words(self):
        for words in ((), ("speed",), ("speed", "erix", "files", "x", "0"),
                      ("count", "x", "y", "1"),
                      ("speed", "ext5", "files", "x", "1"), ("speed", "erix", "all", "x", "1")):
            with self.assertRaisesRegex(HarnessError, "extbench volume IMAGE"):
                self.bench.run(*words)

    def test_what_is_no_volume(self):
        path = Path(self.folder.name) / "empty"
        path.write_bytes(bytes(1 << 20))
        with self.assertRaisesRegex(HarnessError, "empty: "):
            self.bench.run("volume", path)

    def test_both_libraries_do_the_work(self):
        for subject in ("erix", "e2fs"):
            path = self.bench.image("256M")
            found = {}
            for part, count in (("files", 200), ("write", 1), ("read", 1), ("random", 100)):
                found |= self.bench.numbers("speed", subject, part, path, count)
            self.assertEqual(set(found), set(peers.MEASURES))
            self.assertTrue(all(value > 0 for value in found.values()))
            self.bench.judge(path)

    def test_costs_grow_as_they_should(self):
        path = self.bench.image("256M", "-N", "11000")
        first, *_, last = self.bench.rows("directory", path, 10_000)
        self.assertEqual(last[0], 10_000)
        self.assertLess(last[1], 1.2 * first[1])


if __name__ == "__main__":
    unittest.main()
