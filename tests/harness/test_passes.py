# SPDX-License-Identifier: ISC
"""What is not run again, what is run again although it passed, and how a plan is carried out."""
import argparse
import io
import os
import sys
import tempfile
import unittest
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parent))

from support import EngineTest  # noqa: E402  (puts tools/ on the path)
from harness import campaign, ledger, passcache, paths, suites  # noqa: E402
from harness.check import Check, Job  # noqa: E402
from harness.commands import test as command_test  # noqa: E402
from harness.outcome import Exit, HarnessError, UsageError  # noqa: E402
from harness.passcache import PassCache  # noqa: E402
from harness.terminal import Progress  # noqa: E402

PLAIN = '[expect]\nexit = "success"\n'


class PlanTest(EngineTest):
    """Jobs that count how often they were run, and a folder of passes."""

    def setUp(self):
        super().setUp()
        self.ran: list[str] = []
        for name, value in (("STATE", self.folder / "state"), ("CAS", self.folder / "cas")):
            patch = mock.patch.object(paths, name, value)
            patch.start()
            self.addCleanup(patch.stop)

    def job(self, name: str, key: str | None = "key", passes: bool = True,
            estimate_s: float = 1.0) -> Job:
        def execute() -> list[Check]:
            self.ran.append(name)
            return [Check("host", f"{name}:first", True, cpu_s=1.5, wall_s=2.0),
                    Check("host", f"{name}:second", passes, () if passes else ("why",))]
        return Job("host", name, estimate_s, execute, None if key is None else lambda: key + name)

    def passes(self, seed: str = "no turn") -> PassCache:
        return PassCache(seed, self.folder / "passes")

    def carry_out(self, *jobs: Job, seed: str = "no turn", **options) -> campaign.Outcome:
        target = self.folder / "results"
        target.mkdir(exist_ok=True)
        options = {"passes": self.passes(seed)} | options
        with redirect_stdout(io.StringIO()) as said, Progress(said) as progress:
            outcome = campaign.run(list(jobs), campaign.Options(1, **options), target, progress)
        self.said = said.getvalue()
        return outcome

    def due_seed(self, label: str) -> str:
        """A seed by which it is the turn of a job to be verified."""
        return next(str(seed) for seed in range(10000)
                    if passcache._is_due(label, str(seed)))


class Cached(PlanTest):
    def test_a_pass_is_not_repeated_and_still_counts(self):
        self.carry_out(self.job("one"))
        outcome = self.carry_out(self.job("one"), self.job("two"))
        self.assertEqual(self.ran, ["one", "two"])
        self.assertEqual(outcome.exit, Exit.PASSED)
        self.assertEqual([(check.name, check.cached) for check in outcome.checks],
                         [("two:first", False), ("two:second", False),
                          ("one:first", True), ("one:second", True)])
        self.assertIn("2 planned = 1 cached + 1 to run", self.said)
        self.assertTrue(self.said.endswith("4 passed, 0 failed\n"), self.said)

    def test_other_inputs_are_run(self):
        self.carry_out(self.job("one"))
        self.carry_out(self.job("one", key="other"))
        self.assertEqual(self.ran, ["one", "one"])

    def test_a_failure_is_not_kept(self):
        for _ in range(2):
            self.assertEqual(self.carry_out(self.job("one", passes=False)).exit, Exit.FAILED)
        self.assertEqual(self.ran, ["one", "one"])

    def test_a_job_without_a_key_is_always_run(self):
        for _ in range(2):
            self.carry_out(self.job("one", key=None))
        self.assertEqual(self.ran, ["one", "one"])

    def test_no_cache(self):
        for _ in range(2):
            self.carry_out(self.job("one"), passes=None)
        self.assertEqual(self.ran, ["one", "one"])

    def test_a_key_that_cannot_be_made_means_running(self):
        def broken() -> str:
            raise HarnessError("no image")
        self.carry_out(replace(self.job("one"), key=broken))
        self.assertEqual(self.ran, ["one"])

    def test_a_damaged_pass_is_none(self):
        self.carry_out(self.job("one"))
        next((self.folder / "passes").glob("*.json")).write_text("{", encoding="utf-8")
        self.carry_out(self.job("one"))
        self.assertEqual(self.ran, ["one", "one"])


class Verified(PlanTest):
    def test_one_in_fifty_is_run_again(self):
        due = sum(passcache._is_due(f"host/{number}", "seed") for number in range(10000))
        self.assertAlmostEqual(due, 10000 / passcache.VERIFY_PERIOD, delta=60)

    def test_a_pass_that_is_repeated(self):
        seed = self.due_seed("host/one")
        self.carry_out(self.job("one"))
        outcome = self.carry_out(self.job("one"), seed=seed)
        self.assertEqual((self.ran, outcome.exit), (["one", "one"], Exit.PASSED))
        self.assertIn("1 passes are verified", self.said)

    def test_a_pass_that_is_not_repeated_fails_and_says_so(self):
        seed = self.due_seed("host/one")
        self.carry_out(self.job("one"))
        outcome = self.carry_out(self.job("one", passes=False), seed=seed)
        self.assertEqual(outcome.exit, Exit.FAILED)
        self.assertIn(passcache.NOT_REPEATED, outcome.checks[1].details)
        self.carry_out(self.job("one"))
        self.assertEqual(len(self.ran), 3)  # the pass is no longer believed


class Keys(EngineTest):
    def key(self, text: str = PLAIN, start: str = "tcg snapshot", inputs=("boot", "disk")) -> str:
        return passcache.scenario_key(self.scenario(text), start, inputs)

    def test_what_changes_a_run_changes_the_key(self):
        keys = {self.key(), self.key(start="tcg cold"), self.key(inputs=("boot", "other")),
                self.key(PLAIN + '[budget]\ncpu_s = 7.0\n'),
                self.key('[boot]\nicount = 3\n' + PLAIN),
                self.key(PLAIN + 'required = ["ERIX_ROOTD:READY"]\n')}
        self.assertEqual(len(keys), 6)
        with mock.patch.object(passcache, "environment", lambda: "another harness"):
            self.assertNotIn(self.key(), keys)

    def test_declared_authority_is_an_input_where_it_is_compared(self):
        for text, wanted in ((PLAIN, 1), (PLAIN + '[[verify]]\ncheck = "graph"\n', 2)):
            keys = set()
            for digest in ("one", "two"):
                with mock.patch.object(passcache, "tree", lambda digest=digest: digest):
                    keys.add(self.key(text))
            self.assertEqual(len(keys), wanted)

    def test_words_for_people_do_not(self):
        self.assertEqual(self.key(), self.key('# A comment.\ntags = ["x"]\n' + PLAIN))

    def test_the_key_of_a_program_has_its_bytes(self):
        program = self.folder / "test"
        keys = set()
        for data in (b"\x7fELF 1", b"\x7fELF 2"):
            program.write_bytes(data)
            keys.add(passcache.program_key("test", [str(program)], self.folder, 3))
        keys.add(passcache.program_key("test", [str(program)], self.folder, 4))
        self.assertEqual(len(keys), 3)

    def test_a_script_depends_on_the_whole_tree(self):
        script = self.folder / "test.sh"
        script.write_text("#!/bin/sh\n", encoding="utf-8")
        keys = set()
        for digest in ("one", "two"):
            with mock.patch.object(passcache, "tree", lambda digest=digest: digest):
                keys.add(passcache.program_key("test", [str(script)], self.folder, 1))
        self.assertEqual(len(keys), 2)


class Rerun(PlanTest):
    def test_what_failed_or_is_new_is_open(self):
        jobs = [self.job("good"), self.job("bad", passes=False)]
        self.carry_out(*jobs)
        jobs.append(self.job("new"))
        self.assertEqual([job.name for job in ledger.open_jobs(jobs)], ["bad", "new"])
        self.carry_out(self.job("bad"))
        self.assertEqual([job.name for job in ledger.open_jobs(jobs)], ["new"])

    def test_what_had_no_result_is_open(self):
        def broken():
            raise RuntimeError("oops")
        job = self.job("one")
        self.carry_out(job)
        outcome = self.carry_out(replace(job, execute=broken), passes=None)
        self.assertEqual((outcome.exit, outcome.lost), (Exit.INCOMPLETE, ["host/one"]))
        self.assertEqual(ledger.open_jobs([job]), [job])


class CarryingOut(PlanTest):
    def test_longest_first(self):
        self.carry_out(self.job("short", estimate_s=1), self.job("long", estimate_s=9))
        self.assertEqual(self.ran, ["long", "short"])

    def test_fail_fast_begins_nothing_more(self):
        outcome = self.carry_out(self.job("bad", passes=False, estimate_s=9), self.job("never"),
                                 fail_fast=True)
        self.assertEqual((self.ran, outcome.exit), (["bad"], Exit.FAILED))
        self.assertEqual(outcome.lost, ["host/never"])
        outcome = self.carry_out(self.job("bad", passes=False, estimate_s=9), self.job("other"))
        self.assertEqual(outcome.lost, [])

    def test_the_time_is_accounted_for(self):
        self.carry_out(self.job("one"))
        self.assertIn("0 CPU-s in machines, 2 in tests of the host", self.said)
        self.assertIn("slowest: one 2.0s", self.said)

    def test_quiet_says_failures_only(self):
        scenario = Job("scenarios", "fine", 1.0, lambda: [Check("scenarios", "fine", True)])
        self.carry_out(scenario, self.job("bad", passes=False), quiet=True)
        self.assertNotIn(" ok ", self.said)
        self.assertIn("FAIL", self.said)
        self.carry_out(scenario)
        self.assertIn(" ok   fine", self.said)

    def test_results_say_what_each_job_made(self):
        self.carry_out(self.job("one"))
        text = (self.folder / "results" / "results.json").read_text(encoding="utf-8")
        self.assertIn('"host/one": 2', text)


class Words(unittest.TestCase):
    def arguments(self, *words: str):
        parser = argparse.ArgumentParser()
        command_test.add_arguments(parser)
        return parser.parse_args(list(words))

    def passes(self, *words: str, ci: str = "") -> PassCache | None:
        with mock.patch.dict(os.environ, {"CI": ci}):
            return command_test._passes(self.arguments(*words), "seed")

    def test_builders_and_who_asks_for_it_repeat_everything(self):
        self.assertIsNotNone(self.passes())
        self.assertIsNotNone(self.passes(ci="false"))
        for words, ci in ((("--no-cache",), ""), (("--cold",), ""), (("--no-build",), ""),
                          (("--stress", "3"), ""), ((), "true"), ((), "1")):
            self.assertIsNone(self.passes(*words, ci=ci))

    def test_what_is_named_is_run(self):
        job = Job("scenarios", "fs[ext2]", 1.0, list)
        self.assertTrue(command_test._named(job, ["fs[ext2]"]))
        self.assertTrue(command_test._named(job, ["fs"]))
        self.assertFalse(command_test._named(job, ["tag:fs"]))

    def test_results_go_into_an_empty_folder_only(self):
        with tempfile.TemporaryDirectory() as name:
            new = Path(name) / "new"
            self.assertEqual(command_test._folder(new), new.resolve())
            self.assertEqual(command_test._folder(new), new.resolve())
            (new / "results.json").touch()
            with self.assertRaisesRegex(UsageError, "not empty"):
                command_test._folder(new)

    def test_stress_wants_one_scenario(self):
        for words in (("--stress", "3", "a", "b"), ("--stress", "3")):
            with self.assertRaisesRegex(UsageError, "the name of one scenario"):
                command_test._stress(self.arguments(*words), [], None)


class Stress(EngineTest):
    def test_each_run_has_its_own_nonce_and_folder(self):
        self.script(("print", "hello\r\n"), ("exit", 0x21))
        with mock.patch.object(suites.lastpass, "FOLDER", self.folder / "passed"):
            jobs = suites.stress_jobs(self.scenario(PLAIN), 3, self.context(), suites.Estimates())
            checks = [check for job in jobs for check in job.execute()]
        self.assertEqual([check.name for check in checks],
                         ["sample #1", "sample #2", "sample #3"])
        nonces = {(self.folder / "run" / check.folder / "verdict.json").read_text(
            encoding="utf-8").partition('"nonce"')[2][:24] for check in checks}
        self.assertEqual(len(nonces), 3)


if __name__ == "__main__":
    unittest.main()
