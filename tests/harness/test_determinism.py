# SPDX-License-Identifier: ISC
"""The same scenario with the same seed says the same: booted twice here, without typing."""
import os
import sys
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parent))

from support import EngineTest, FakeImages  # noqa: E402  (puts tools/ on the path)
from harness import bench, costs, determinism, hostunit, runner  # noqa: E402
from harness.images import Images  # noqa: E402
from harness.scenario import load_all  # noqa: E402

EXPECT = '[expect]\nexit = "success"\nordered = ["ERIX_BOOTLOADER:START"]\n'
SUCCESS = 0x10 << 1 | 1
START = "ERIX_BOOTLOADER:START\r\n"


class Twice(EngineTest):
    def setUp(self):
        super().setUp()
        patch = mock.patch.dict("os.environ")
        patch.start()
        self.addCleanup(patch.stop)
        del os.environ["ERIX_QEMU"]  # the real one

    def real(self, seed: str) -> runner.Context:
        """Machines that go on after firmware, as under ./erix det."""
        return runner.Context(Images(), "tcg", hostunit.measure().factor, seed,
                              self.folder / f"runs-{seed}", frozenset())

    def boot_twice(self, name: str) -> list[str]:
        scenario = next(each for each in load_all() if each.name == name)
        return determinism.problems(scenario, self.real("1"), 2)

    def test_the_core_says_the_same(self):
        self.assertEqual(self.boot_twice("core-normal"), [])

    def test_the_full_system_says_the_same(self):
        self.assertEqual(self.boot_twice("full-system-normal"), [])

    def test_the_random_numbers_of_the_processor_come_from_the_seed(self):
        # Its dump of registers holds the kernel's canary.
        self.assertEqual(self.boot_twice("kernel-exception[provoke-overwrite-canary]"), [])

    def test_instructions_counted_are_the_same_count_in_every_run(self):
        # Of what is sampled that is not said: where the host's own events end a block of translated
        # code decides how soon an interrupt is taken.
        exact = {name for name, row in costs.table("ipc").items() if row.cost is not None}
        found = []
        for seed in ("1", "2"):
            result = runner.run(bench.load("ipc"), self.real(seed))
            self.assertEqual(result.reasons, ())
            found.append([measure for measure in bench.read("ipc", result).measures
                          if measure.name in exact])
        self.assertEqual(len(found[0]), 17)
        self.assertEqual(*found)


class Differences(EngineTest):
    def problems(self, *logs: str) -> list[str]:
        """What is said about runs that print these texts, one after the other."""
        scenario, real, texts = self.scenario(EXPECT), runner.run, list(logs)

        def run(*arguments):
            self.script(("print", START + texts.pop(0)), ("exit", SUCCESS))
            return real(*arguments)
        context = runner.Context(FakeImages(), "tcg", 1.0, "seed", self.folder / "runs")
        with mock.patch.object(runner, "run", run):
            return determinism.problems(scenario, context, len(logs))

    def test_lines_in_another_order_are_named(self):
        found = self.problems("one\r\ntwo\r\n", "one\r\ntwo\r\n", "two\r\none\r\n")
        self.assertEqual(found, ["runs 1 and 3 part at line 2: `one` and `two`"])

    def test_a_run_that_fails_is_no_comparison(self):
        found = self.problems("one\r\n", "ERIX_KERNEL:PANIC here\r\n")
        self.assertEqual(len(found), 1)
        self.assertIn("run 2 failed: forbidden marker came", found[0])
