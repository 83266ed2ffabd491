# SPDX-License-Identifier: ISC
"""Parts of a run: how they are balanced, what merging them refuses; and how logs are compared."""
import copy
import io
import json
import sys
import tempfile
import unittest
from contextlib import redirect_stdout
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parent))

import support  # noqa: E402, F401  (puts tools/ on the path)
from harness import cli, durations, lastpass, paths, shard, timing  # noqa: E402
from harness.check import Check, Job  # noqa: E402
from harness.outcome import Exit, Incomplete, UsageError  # noqa: E402
from harness.shard import Shard  # noqa: E402

PLAN = ["host/a", "host/b", "scenarios/c"]


def row(suite: str, name: str, passed: bool = True) -> dict:
    return {"suite": suite, "name": name, "passed": passed, "cpu_s": 1.0, "wall_s": 1.0,
            "details": [] if passed else ["why"], "folder": "", "cached": False}


def part(index: int, jobs: dict[str, int], checks: list[dict], **changes) -> dict:
    return {"shard": index, "shards": 2, "bundle": "tree", "plan": PLAN, "jobs": jobs,
            "without_result": [], "seed": str(index), "checks": checks} | changes


def parts() -> dict[str, dict]:
    """Two parts that are one whole."""
    return {"one": part(1, {"host/a": 2}, [row("host", "a:x"), row("host", "a:y")]),
            "two": part(2, {"host/b": 1, "scenarios/c": 1},
                        [row("host", "b:x"), row("scenarios", "c")])}


class Balance(unittest.TestCase):
    def jobs(self, count: int) -> list[Job]:
        return [Job("host", f"job{number:02}", 0.0, list) for number in range(count)]

    def test_each_job_is_in_one_part_whatever_the_order(self):
        jobs = self.jobs(23)
        dealt = shard.balance(jobs, 4)
        self.assertEqual(sorted(job.name for each in dealt for job in each),
                         [job.name for job in jobs])
        self.assertEqual(dealt, shard.balance(jobs[::-1], 4))

    def test_long_jobs_are_spread(self):
        seconds = {"host/job00": 10.0, "host/job01": 9.0, "host/job02": 1.0, "host/job03": 1.5}
        with mock.patch.object(durations, "load", lambda: seconds):
            first, second = shard.balance(self.jobs(4), 2)
        self.assertEqual([job.name for job in first], ["job00", "job02"])
        self.assertEqual([job.name for job in second], ["job01", "job03"])

    def test_words(self):
        self.assertEqual(Shard.parse("2/3"), Shard(2, 3))
        for word in ("0/3", "4/3", "1", "1/0", "a/b", "1/2/3", "-1/2"):
            with self.assertRaisesRegex(UsageError, "wanted is i/n"):
                Shard.parse(word)

    def test_durations_are_kept_and_renewed(self):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "durations.toml"
            durations.write([Check("host", "a/b:x", True, cpu_s=1.2), Check("host", "a/b:y", True),
                             Check("scenarios", "c[d]", True, cpu_s=3.0),
                             Check("fuzz", "e", True, wall_s=6.0),
                             Check("tidy", "short", True, cpu_s=0.1)], file)
            self.assertEqual(durations.load(file),
                             {"host/a/b": 1.2, "scenarios/c[d]": 3.0, "fuzz/e": 6.0})
            durations.write([Check("scenarios", "c[d]", True, cpu_s=5.0),
                             Check("host", "a/b:x", True, cpu_s=9.0, cached=True)], file)
            self.assertEqual(durations.load(file),
                             {"host/a/b": 1.2, "scenarios/c[d]": 5.0, "fuzz/e": 6.0})


class Merge(unittest.TestCase):
    def refused(self, reason: str, change) -> None:
        """A whole with one change is refused for this reason; without it, it is not."""
        whole = copy.deepcopy(parts())
        shard.merge(whole)
        whole = change(whole) or whole
        with self.assertRaisesRegex(Incomplete, reason) as raised:
            shard.merge(whole)
        self.assertEqual(raised.exception.status, Exit.INCOMPLETE)

    def test_a_whole(self):
        merged = shard.merge(parts())
        self.assertEqual(sorted(check.name for check in merged.checks), ["a:x", "a:y", "b:x", "c"])
        self.assertEqual((merged.lost, merged.seeds), ([], ["1", "2"]))

    def test_nothing(self):
        with self.assertRaisesRegex(Incomplete, "no results"):
            shard.merge({})

    def test_a_missing_shard(self):
        self.refused("shards are missing: 2", lambda whole: {"one": whole["one"]})

    def test_a_shard_twice(self):
        self.refused("shard 1 comes twice", lambda whole: whole["two"].update(shard=1))

    def test_another_number_of_shards(self):
        self.refused("another number of shards", lambda whole: whole["two"].update(shards=3))

    def test_another_tree(self):
        self.refused("another tree, build or QEMU", lambda whole: whole["two"].update(bundle="x"))

    def test_another_plan(self):
        self.refused("another plan", lambda whole: whole["two"].update(plan=PLAN[:2]))

    def test_a_job_in_no_shard(self):
        def change(whole):
            del whole["two"]["jobs"]["scenarios/c"]
            whole["two"]["checks"].pop()
        self.refused("planned, but in no shard: scenarios/c", change)

    def test_a_job_in_two_shards(self):
        def change(whole):
            whole["two"]["jobs"]["host/a"] = 1
            whole["two"]["checks"].append(row("host", "a:x"))
        self.refused("host/a was run twice", change)

    def test_a_job_that_was_not_planned(self):
        def change(whole):
            whole["two"]["jobs"]["host/z"] = 1
            whole["two"]["checks"].append(row("host", "z"))
        self.refused("host/z was run, but not planned", change)

    def test_a_job_without_checks(self):
        def change(whole):
            whole["two"]["jobs"]["host/b"] = 0
            whole["two"]["checks"].pop(0)
        self.refused("results are missing: host/b", change)

    def test_checks_that_were_taken_out(self):
        self.refused("results are missing", lambda whole: whole["one"]["checks"].pop() and None)

    def test_a_result_without_a_verdict(self):
        self.refused("damaged: a result lacks",
                     lambda whole: whole["two"]["checks"][0].pop("passed") and None)

    def test_a_run_that_is_no_shard(self):
        self.refused("is not of a shard: it has no `bundle`",
                     lambda whole: whole["two"].pop("bundle") and None)


class MergeCommand(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.folder = Path(place.name)

    def merge(self, whole: dict[str, dict], folders: list[str] | None = None) -> int:
        for name, results in whole.items():
            (self.folder / name / "c").mkdir(parents=True, exist_ok=True)
            text = json.dumps(results)
            (self.folder / name / "results.json").write_text(text, encoding="utf-8")
        (self.folder / "two" / "c" / "serial.log").write_text("said", encoding="utf-8")
        self.target = self.folder / "merged"
        self.target.mkdir(exist_ok=True)
        words = [str(self.folder / name) for name in folders or whole]
        with mock.patch("harness.runs.new", lambda: self.target), \
                mock.patch("sys.stderr", io.StringIO()) as self.errors, \
                redirect_stdout(io.StringIO()) as said:
            status = cli.main(["merge", *words])
        self.said = said.getvalue()
        return status

    def test_passed(self):
        self.assertEqual(self.merge(parts()), Exit.PASSED)
        self.assertTrue(self.said.endswith("4 passed, 0 failed\n"), self.said)
        results = json.loads((self.target / "results.json").read_text(encoding="utf-8"))
        self.assertEqual((results["passed"], results["planned"]), (4, 3))
        self.assertEqual((self.target / "c" / "serial.log").read_text(encoding="utf-8"), "said")
        for name in ("junit.xml", "index.html"):
            self.assertTrue((self.target / name).exists())

    def test_failed(self):
        whole = parts()
        whole["two"]["checks"][1] = row("scenarios", "c", False)
        self.assertEqual(self.merge(whole), Exit.FAILED)

    def test_without_a_result(self):
        whole = parts()
        whole["two"]["jobs"]["scenarios/c"] = 0
        whole["two"]["checks"].pop()
        whole["two"]["without_result"] = ["scenarios/c"]
        self.assertEqual(self.merge(whole), Exit.INCOMPLETE)

    def test_refusals_have_status_4(self):
        self.assertEqual(self.merge(parts(), ["one"]), Exit.INCOMPLETE)
        self.assertEqual(self.merge(parts(), ["one", "one"]), Exit.INCOMPLETE)
        self.assertEqual(self.merge(parts(), ["one", "three"]), Exit.INCOMPLETE)
        self.assertIn("three has no results", self.errors.getvalue())


class Logs(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.folder = Path(place.name)

    def log(self, name: str, text: str, nonce: str) -> lastpass.Log:
        folder = self.folder / name
        folder.mkdir()
        (folder / "serial.log").write_text(text, encoding="utf-8")
        (folder / "verdict.json").write_text(json.dumps({"nonce": nonce}), encoding="utf-8")
        return lastpass.read(folder)

    def test_times_nonces_and_firmware_do_not_count(self):
        first = self.log("first", "BdsDxe: starting\r\nERIX_BOOTLOADER:START\r\n"
                         "ERIX_BOOTLOADER:HANDOFF cpu=1 read=2\r\nsaid abcdef00 in 12 ns\r\n",
                         "abcdef00")
        second = self.log("second", "\x1b[2JERIX_BOOTLOADER:START\r\nERIX_BOOTLOADER:HANDOFF cpu=3 "
                          "read=4\r\nsaid 00fedcba in 7 ns\r\n", "00fedcba")
        self.assertIsNone(lastpass.parting(first, second))
        self.assertEqual(lastpass.explain(first, second), [])

    def test_the_first_line_that_differs_is_shown_with_what_came_before(self):
        first = self.log("first", "ERIX_BOOTLOADER:START\na\nb\nc\n", "1234")
        second = self.log("second", "ERIX_BOOTLOADER:START\na\nx\nc\n", "5678")
        self.assertEqual(lastpass.explain(first, second), [
            "the logs part at serial.log:3", "   ERIX_BOOTLOADER:START", "   a",
            " - b", " - c", " + x", " + c"])

    def test_a_log_that_ends_early(self):
        first = self.log("first", "ERIX_BOOTLOADER:START\na\n", "1234")
        second = self.log("second", "ERIX_BOOTLOADER:START\n", "5678")
        self.assertEqual(lastpass.explain(first, second)[-1], " + (the log has ended)")

    def test_a_line_without_a_place_may_stand_elsewhere(self):
        gpt = timing.PLACELESS[0]
        first = self.log("first", f"ERIX_BOOTLOADER:START\n{gpt}\na\nb\n", "1234")
        second = self.log("second", f"ERIX_BOOTLOADER:START\na\n{gpt}\nc\n", "5678")
        self.assertEqual(lastpass.explain(first, second), [
            "the logs part at serial.log:4", "   ERIX_BOOTLOADER:START", "   a", f"   {gpt}",
            " - b", " + c"])

    def test_a_failure_says_where_it_leaves_the_last_pass(self):
        self.log("sample", "ERIX_BOOTLOADER:START\na\n", "1234")
        self.log("failed", "ERIX_BOOTLOADER:START\nb\n", "5678")
        scenario = mock.Mock(folder_name=lambda: "sample")
        scenario.name = "sample"
        result = mock.Mock(passed=False, folder=self.folder / "failed")
        with mock.patch.object(lastpass, "FOLDER", self.folder):
            self.assertEqual(lastpass.hint(scenario, result), [
                "last pass   the logs part at serial.log:2; ./erix diff 'sample'"])
            result.passed = True
            self.assertEqual(lastpass.hint(scenario, result), [])

    def test_a_run_without_a_log(self):
        with self.assertRaisesRegex(UsageError, "has no log of a finished run"):
            lastpass.read(self.folder)

    def test_unknown_scenario_and_run(self):
        for words, reason in ((["diff", "no-such"], "no scenario `no-such`"),
                              (["diff", "phase0", "no-such-run"], "there is no run")):
            with mock.patch("sys.stderr", io.StringIO()) as errors, \
                    mock.patch.object(paths, "RUNS", self.folder):
                self.assertEqual(cli.main(words), Exit.USAGE)
            self.assertIn(reason, errors.getvalue())


if __name__ == "__main__":
    unittest.main()
