# SPDX-License-Identifier: ISC
"""The table of costs can fail: a faked result that is dearer, cheaper, above its limit, missing or
new is refused with the figure, the change and what to do."""
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
from harness import bench, costs, suites  # noqa: E402
from harness.costs import Cost  # noqa: E402
from harness.outcome import UsageError  # noqa: E402

TABLE = {"null_syscall": Cost(100, 120, 80), "fault": Cost(1000), "nothing": Cost(0)}
GOOD = {"null_syscall": 100, "fault": 1000, "nothing": 0}
ASKED = {"null_syscall", "call_reply_0", "call_reply_4", "call_reply_64", "signal_wait", "fault",
         "map_unmap", "endpoint_create_delete", "thread_create_delete"}


def problems(**changes: int) -> list[str]:
    return costs.problems("ipc", GOOD | changes, TABLE)


class Line(unittest.TestCase):
    def test_the_same_figures_pass(self):
        self.assertEqual(problems(), [])

    def test_two_percent_either_way_pass(self):
        self.assertEqual(problems(null_syscall=102, fault=980), [])

    def test_dearer_names_figure_change_and_remedy(self):
        found = problems(fault=1021)
        self.assertEqual(len(found), 2)
        self.assertEqual(found[0], "fault: 1021 instead of 1000 (+2.1 %)")
        self.assertIn("./erix bench ipc --write-costs", found[1])

    def test_cheaper_wants_the_line_to_follow(self):
        self.assertEqual(problems(fault=979)[0], "fault: 979 instead of 1000 (-2.1 %)")

    def test_above_the_limit_fails_whatever_the_table_says(self):
        table = {"null_syscall": Cost(121, 120)}
        found = costs.problems("ipc", {"null_syscall": 121}, table)
        self.assertEqual(found[0], "null_syscall: 121, but it must not be above 120")

    def test_a_sampled_figure_has_a_limit_only(self):
        table = {"latency": Cost(must=100), "seen": Cost()}
        self.assertEqual(costs.problems("ipc", {"latency": 50, "seen": 9}, table), [])
        self.assertEqual(costs.problems("ipc", {"latency": 101, "seen": 9}, table)[0],
                         "latency: 101, but it must not be above 100")

    def test_not_measured(self):
        figures = {name: figure for name, figure in GOOD.items() if name != "fault"}
        self.assertEqual(costs.problems("ipc", figures, TABLE)[0],
                         "fault: in the table, but was not measured")

    def test_not_in_the_table(self):
        self.assertEqual(problems(signal=7)[0], "signal: 7, but it is not in the table")

    def test_what_was_nothing_stays_nothing(self):
        self.assertEqual(problems(nothing=1)[0], "nothing: 1 instead of 0 (from nothing)")

    def test_a_benchmark_without_table_has_none_to_hold(self):
        self.assertEqual(costs.problems("boot", {"x": 1}, {}), [])


class Files(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.file = Path(folder.name) / "costs.toml"

    def refused(self, text: str) -> str:
        self.file.write_text(text, encoding="utf-8")
        with self.assertRaises(UsageError) as caught:
            costs.load(self.file)
        return str(caught.exception)

    def test_written_and_read_again(self):
        costs.write("ipc", {"a": 1, "b": 2}, self.file)
        self.assertEqual(costs.load(self.file), {"ipc": {"a": Cost(1), "b": Cost(2)}})

    def test_limits_and_other_tables_stay(self):
        self.file.write_text("[ipc]\na = { cost = 5, must = 9, aim = 3 }\nold = { cost = 1 }\n"
                             "sampled = { must = 3 }\nseen = {}\n"
                             "[memory]\nm = { cost = 4096 }\n", encoding="utf-8")
        costs.write("ipc", {"a": 4, "sampled": 2, "seen": 1, "new": 7}, self.file)
        self.assertEqual(costs.load(self.file), {
            "ipc": {"a": Cost(4, 9, 3), "sampled": Cost(None, 3), "seen": Cost(), "new": Cost(7)},
            "memory": {"m": Cost(4096)}})

    def test_bad_tables_are_refused(self):
        self.assertIn("ipc.a", self.refused("[ipc]\na = 3\n"))
        self.assertIn("ipc.a", self.refused("[ipc]\na = { cost = 3, muts = 3 }\n"))
        self.assertIn("ipc.a", self.refused("[ipc]\na = { cost = -1 }\n"))
        self.assertIn("[ipc]", self.refused("[ipc]\n"))
        self.assertIn("costs.toml", self.refused("[ipc\n"))

    def test_a_missing_table_is_refused(self):
        with self.assertRaises(UsageError):
            costs.load(self.file)

    def test_the_table_of_the_tree_holds_what_was_asked_for(self):
        rows = costs.load()["ipc"]
        self.assertLessEqual(ASKED, {name for name, row in rows.items() if row.must and row.aim})
        for name, row in rows.items():
            if row.cost is not None:
                self.assertLessEqual(row.cost, row.must or row.cost, name)

    def test_benchmarks_without_a_table_are_run_too(self):
        jobs = suites._bench_jobs(mock.Mock(), suites.Estimates())
        names = [*bench.names(), "ext"]
        self.assertEqual([job.name for job in jobs], names)
        self.assertLess(set(costs.load()), set(names))


class Readings(unittest.TestCase):
    def test_inexact_repetitions_are_told(self):
        lines = ["ERIX_KERNEL:BENCH a 90 90 90 91 0", "ERIX_KERNEL:BENCH b 90 90 233 91 2",
                 "ERIX_KERNEL:BENCH c 90 90 90 140 2", "ERIX_KERNEL:BENCH d 7"]
        measures = bench.measurements(lines)
        self.assertEqual([text.split(":")[0] for text in bench.inexact(measures)], ["b", "c"])
        self.assertEqual(bench.figures(measures),
                         {"a": 90, "a_table_loads": 0, "b": 90, "b_table_loads": 2, "c": 90,
                          "c_table_loads": 2, "d": 7})

    def test_memory_of_programs(self):
        lines = ["number  state    priority     memory          time  name",
                 "     1  running        20         256         0.004  memd\r",
                 "    19  waiting        10          64         0.000  /bin/sh",
                 "    20  running        10          64         0.000  drv-serial",
                 "ERIX_ROOTD:MEMORY vspaced 4096", "rootd: ERIX_ROOTD:MEMORY timed 1"]
        self.assertEqual(bench.memory_figures(lines),
                         {"memory_memd": 262144, "memory_vspaced": 4096,
                          "memory_sh": 65536, "memory_drv_serial": 65536})

    def test_a_faked_run_fails_the_suite(self):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "serial.log").write_text("ERIX_KERNEL:BENCH null_syscall 999\n",
                                               encoding="utf-8")
            result = mock.Mock(passed=True, folder=folder, stamps=(), cpu_s=1.0, wall_s=1.0)
            with mock.patch.object(costs.runner, "run", return_value=result), \
                    mock.patch.object(bench, "text_bytes", return_value=1):
                check = costs.check("ipc", None)
        self.assertFalse(check.passed)
        self.assertIn("null_syscall: 999, but it must not be above 120", check.details)


if __name__ == "__main__":
    unittest.main()
