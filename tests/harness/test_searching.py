# SPDX-License-Identifier: ISC
"""Searching: branches that no test takes, fuzz targets, and their command lines."""
import argparse
import io
import sys
from contextlib import redirect_stdout
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parent))

from support import EngineTest  # noqa: E402  (puts tools/ on the path)
from harness import (cli, coverage, fuzz, fuzzcoverage, fuzzplanted, paths, soak,  # noqa: E402
                     suites)
from harness.commands import fuzz as command_fuzz  # noqa: E402
from harness.commands import test as command_test  # noqa: E402
from harness.outcome import BuildError, Exit, UsageError  # noqa: E402

SOURCE = """\
int f(int a)
{
    kassert(a > 0);
    return a > 1 ? 2 : 3;
}
"""


class Coverage(EngineTest):
    def branches(self, name: str, *counts: tuple[int, int, int]) -> list[coverage.Branch]:
        """The branches never taken of a file; counts are line, times true, times false."""
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(SOURCE, encoding="utf-8")
        rows = [[line, 12, line, 17, yes, no, 0, 0, 4] for line, yes, no in counts]
        report = {"data": [{"files": [{"filename": str(file), "branches": rows}]}]}
        with mock.patch.object(paths, "ROOT", self.folder):
            found = coverage._branches(report)
        return [branch for branch, taken in found.items() if not taken]

    def test_a_branch_that_is_never_taken_is_named(self):
        missed = self.branches("kernel/object/x.c", (4, 5, 0))
        self.assertEqual([str(each) for each in missed],
                         ["kernel/object/x.c:4:12: never false: return a > 1 ? 2 : 3;"])

    def test_assertions_are_not_counted(self):
        self.assertEqual(self.branches("kernel/object/x.c", (3, 0, 5)), [])

    def test_a_header_is_taken_where_any_user_takes_it(self):
        self.assertEqual(self.branches("kernel/object/x.h", (4, 5, 0), (4, 0, 5)), [])
        self.assertEqual(len(self.branches("kernel/object/x.h", (4, 5, 0), (4, 5, 0))), 1)

    def test_only_runtime_files_of_covered_folders_count(self):
        for name in ("kernel/object/invariants_x.c", "kernel/object/test.c", "kernel/arch/x.c"):
            self.assertEqual(self.branches(name, (4, 0, 0)), [], name)

    def test_too_little_is_a_failure_that_lists_what_is_missing(self):
        branch = coverage.Branch("kernel/object/x.c", 4, 12, False, "return a;")
        found = {"kernel/object": (94.9, [branch]), "kernel/ipc": (95.0, [branch])}
        with mock.patch.object(coverage, "measure", lambda: found):
            bad, good = coverage.checks()
        self.assertFalse(bad.passed)
        self.assertIn("94.9 %", bad.details[0])
        self.assertIn("kernel/object/x.c:4:12", bad.details[1])
        self.assertTrue(good.passed)

    def test_a_folder_without_branches_is_an_error(self):
        with mock.patch.object(coverage.build, "build_coverage", lambda _: None), \
                mock.patch.object(coverage, "_measure", lambda _: {"data": [{"files": []}]}):
            self.assertRaises(BuildError, coverage.measure)

    def test_the_host_tests_include_it(self):
        jobs = suites.jobs(("host",), [], None, suites.Estimates(), True)
        self.assertEqual([job.execute for job in jobs if job.name == "coverage"],
                         [coverage.checks])

    def test_unknown_folders_are_refused(self):
        with self.assertRaises(UsageError) as caught:
            coverage.known("kernel/objects")
        self.assertIn("did you mean `kernel/object`", str(caught.exception))


class Fuzz(EngineTest):
    def execute(self, *words: str) -> Exit:
        parser = argparse.ArgumentParser()
        command_fuzz.add_arguments(parser)
        with redirect_stdout(io.StringIO()) as self.output:
            return command_fuzz.execute(parser.parse_args(words))

    def test_the_list_names_every_target_of_the_tree(self):
        self.assertEqual(self.execute("list"), Exit.PASSED)
        for file in (paths.ROOT / "lib").glob("*/fuzz/*_fuzz.c"):
            self.assertIn(file.stem.removesuffix("_fuzz"), self.output.getvalue())

    def test_an_unknown_target_is_refused_with_the_nearest(self):
        with self.assertRaises(UsageError) as caught:
            self.execute("sysccalls")
        self.assertIn("did you mean `syscalls`", str(caught.exception))

    def test_words_go_with_what_they_are_for(self):
        self.assertRaises(UsageError, self.execute, "gpt", "--calls", "5")
        self.assertRaises(UsageError, self.execute, "syscalls", "--seconds", "5")
        self.assertRaises(UsageError, self.execute, "gpt", "--seed", "x")
        self.assertRaises(UsageError, self.execute, "syscalls", "--bare")
        self.assertRaises(UsageError, self.execute, "gpt", "--keep", "--seconds", "5")
        self.assertRaises(UsageError, self.execute, "gpt", "--coverage")  # has no table

    def boots(self, calls: str, passed: list[bool]) -> tuple[Exit, list[str]]:
        """What becomes of a run whose boots end so; and the seeds of the boots."""
        seeds = []
        (self.folder / "serial.log").write_text("syscallfuzz: all well: 1 calls\n")

        def run(_scenario, seed):
            seeds.append(seed)
            return mock.Mock(passed=passed[len(seeds) - 1], folder=self.folder, wall_s=1.0)

        with mock.patch.object(command_fuzz.runner, "run", run), \
                mock.patch.object(command_fuzz, "_context", lambda seed, _: seed), \
                mock.patch.object(command_fuzz.report, "reason_lines", lambda *_: ["why"]), \
                mock.patch.object(command_fuzz.packages, "ensure", lambda _: None), \
                mock.patch.object(command_fuzz.runs, "new", lambda: self.folder):
            return self.execute("syscalls", "--no-build", "--calls", calls, "--seed", "s"), seeds

    def test_calls_become_boots_with_seeds_of_their_own(self):
        self.assertEqual(self.boots("2000001", [True, True, True]),
                         (Exit.PASSED, ["s.0", "s.1", "s.2"]))

    def test_a_failing_boot_ends_the_run_and_names_its_seed(self):
        self.assertEqual(self.boots("5000000", [True, False]), (Exit.FAILED, ["s.0", "s.1"]))
        self.assertIn("./erix test syscallfuzz --seed s.1", self.output.getvalue())

    def test_a_finding_of_a_library_is_a_failure(self):
        with mock.patch.object(fuzz.build, "build_fuzzers", lambda _: None), \
                mock.patch.object(fuzz.subprocess, "run",
                                  lambda *_, **__: mock.Mock(returncode=77)), \
                mock.patch.object(command_fuzz.packages, "ensure", lambda _: None):
            self.assertEqual(self.execute("gpt", "--seconds", "1"), Exit.FAILED)

    def test_those_who_start_at_the_same_time_have_folders_of_their_own(self):
        source = fuzz.find("ext_directory")
        with mock.patch.object(paths, "OUT", self.folder):
            first = fuzz.seeds(source, "search")
            names = sorted(file.name for file in first.iterdir())
            (first / names[0]).write_bytes(b"in use")
            second = fuzz.seeds(source, "coverage")
            self.assertEqual((first / names[0]).read_bytes(), b"in use")
        self.assertGreater(len(names), 1)
        self.assertEqual(sorted(file.name for file in second.iterdir()), names)

    def test_an_input_that_fails_is_a_failure_of_the_coverage(self):
        def measure(_):
            raise BuildError("ext_directory_fuzz fails:\nfound: it")
        with mock.patch.object(fuzzcoverage, "measure", measure):
            check = fuzzcoverage.check("ext")
        self.assertFalse(check.passed)
        self.assertEqual(check.details, ("ext_directory_fuzz fails:", "found: it"))

    def test_a_bare_search_has_no_folders(self):
        source = fuzz.find("gpt")
        bare = fuzz.command("gpt", source, "-runs=1", 1, bare=True)
        self.assertTrue(all(word.startswith("-") for word in bare[1:]))
        self.assertIn(str(fuzz.learned("gpt")), fuzz.command("gpt", source, "-runs=1", 1))

    def test_too_little_reached_is_a_failure(self):
        def reached(count):
            report = {"data": [{"files": [{"filename": str(paths.ROOT / "lib/ext/mmp.c"), "summary":
                      {"lines": {"count": 100, "covered": count}}}]}]}
            return [each.enough for each in
                    fuzzcoverage.judge(report, "ext", {"mmp.c": 90, "gone.c": 1})]
        self.assertEqual(reached(90), [True, False])
        self.assertEqual(reached(89), [False, False])

    def test_a_planted_bug_must_be_found_and_only_with_the_repair(self):
        found = fuzzplanted.Search(True, False, 10, ())
        nothing = fuzzplanted.Search(False, True, fuzzplanted.RUNS_MAX, ())
        unbuilt = fuzzplanted.Search(False, False, 0, ("why",))
        self.assertEqual(fuzzplanted.judge(found, nothing), ())
        for planted, blind in ((nothing, nothing), (found, found), (unbuilt, nothing),
                               (found, unbuilt)):
            self.assertTrue(fuzzplanted.judge(planted, blind))

    def test_both_commands_are_known(self):
        self.assertIn("fuzz", cli.COMMANDS)
        self.assertIn("cover", cli.COMMANDS)


class Soak(EngineTest):
    """Searches with a program that is not what it is in the tree."""

    def search(self, script: str, *words: str) -> Exit:
        program = self.folder / "host" / "stand_in"
        program.parent.mkdir()
        program.write_text("#!/bin/sh\n" + script, encoding="utf-8")
        program.chmod(0o755)
        what = soak.Search("stand-ins", ("stand_in",), 40, 10)
        parser = argparse.ArgumentParser()
        command_test.add_arguments(parser)
        with mock.patch.object(paths, "BUILD", self.folder), \
                mock.patch.dict(soak.SEARCHES, {"crash-ext": what}), \
                mock.patch.object(command_test.packages, "ensure", lambda _: None), \
                redirect_stdout(io.StringIO()) as self.output:
            return command_test.execute(parser.parse_args(
                ["--no-build", "--soak", "crash-ext", "--seed", "5", "-j", "1", *words]))

    def test_each_run_has_a_seed_of_its_own(self):
        script = f'echo "$2" >>{self.folder}/seeds; echo "$1 states"\n'
        self.assertEqual(self.search(script, "--states", "35"), Exit.PASSED)
        seeds = (self.folder / "seeds").read_text().split()
        self.assertEqual(seeds, ["5", "6", "7", "8"])
        self.assertIn("35 states, nothing found", self.output.getvalue())

    def test_a_failing_run_ends_the_search_and_is_named(self):
        script = f'echo x >>{self.folder}/runs; echo "3 states"; echo why\n' \
                 '[ "$2" != 6 ] || exit 1\necho "$1 states"\n'
        self.assertEqual(self.search(script), Exit.FAILED)
        self.assertEqual((self.folder / "runs").read_text().count("x"), 2)
        self.assertIn("stand_in 10 6", self.output.getvalue())
        self.assertIn("why", self.output.getvalue())

    def test_too_few_states_are_a_failure(self):
        self.assertEqual(self.search('echo "4 states"\n'), Exit.FAILED)
        self.assertIn("too few states", self.output.getvalue())

    def test_what_does_not_run_is_a_failure(self):
        self.assertEqual(self.search("exit 0\n"), Exit.FAILED)

    def test_the_programs_of_each_search_are_host_tests(self):
        known = {file.stem for file in (paths.ROOT / "lib").glob("*/test/*_test.c")}
        for search in soak.SEARCHES.values():
            self.assertLessEqual(set(search.programs), known)

    def test_wrong_words_are_refused(self):
        parser = argparse.ArgumentParser()
        command_test.add_arguments(parser)
        for words in (["--soak", "crash-fat"], ["--soak", "crash-ext", "host"],
                      ["--soak", "crash-ext", "--seed", "x"], ["--states", "5"]):
            self.assertRaises(UsageError, command_test.execute, parser.parse_args(words))
