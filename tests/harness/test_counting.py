# SPDX-License-Identifier: ISC
"""Counting: programs of tests, the pool, the reports, the command line and its exit statuses."""
import argparse
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as xml
from contextlib import redirect_stdout
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parent))

from support import ROOT, EngineTest  # noqa: E402  (puts tools/ on the path)
from harness import (bench, cas, components, counts, hostunit, paths, programs,  # noqa: E402
                     qemu, report, runner, runs, scenario, sources, suites, tidy, timeline, webpage)
from harness.check import Check, Job  # noqa: E402
from harness.commands import test as command_test  # noqa: E402
from harness.machine import PM_TIMER_HZ  # noqa: E402
from harness.outcome import EnvironmentProblem, Exit, UsageError  # noqa: E402
from harness.pool import Pool  # noqa: E402
from harness.terminal import Progress  # noqa: E402


class Programs(EngineTest):
    def checks(self, script: str, expected: int | None = 1) -> list[Check]:
        return programs.run("host", "sample", ["sh", "-c", script], expected)

    def failures(self, script: str, expected: int | None = 1) -> str:
        return "\n".join("\n".join((check.name, *check.details))
                         for check in self.checks(script, expected) if not check.passed)

    def test_lines_are_counted(self):
        checks = self.checks("echo ok one; echo noise; echo ok two", 2)
        self.assertEqual([check.name for check in checks], ["sample:one", "sample:two"])
        self.assertTrue(all(check.passed for check in checks))

    def test_a_failure_has_the_lines_before_it(self):
        self.assertIn("a.c:3: wrong", self.failures("echo 'a.c:3: wrong'; echo FAIL one; exit 1"))

    def test_fewer_tests_than_expected(self):
        self.assertIn("1 tests ran, expected are 2", self.failures("echo ok one", 2))
        self.assertIn("0 tests ran", self.failures("true", 1))

    def test_more_tests_than_expected(self):
        self.assertIn("2 tests ran, expected are 1; if that is meant: `./erix test",
                      self.failures("echo ok one; echo ok two", 1))

    def test_numbers_that_need_no_run_are_exact(self):
        self.assertEqual(counts.problems({"a": 1, "b": 2}, {"a": 1, "b": 2}), [])
        self.assertEqual(counts.problems({"a": 2, "new": 1}, {"a": 1, "gone": 3}),
                         ["a: 2, expected are 1", "gone: 0, expected are 3",
                          "new: 1, expected are 0"])

    def test_every_kind_of_test_is_counted(self):
        tree = counts.of_tree(scenario.load_all())
        self.assertEqual(set(tree), set(counts.STATIC))
        for suite, numbers in tree.items():
            self.assertTrue(numbers, suite)
            self.assertTrue(all(number > 0 for number in numbers.values()), suite)

    def test_a_program_that_is_nowhere_written_down(self):
        self.assertIn("not in tests/expected-counts.toml", self.failures("echo ok one", None))

    def test_a_program_that_dies(self):
        self.assertIn("died of signal 9", self.failures("echo ok one; kill -9 $$"))
        self.assertIn("exit status 7, but no test failed", self.failures("echo ok one; exit 7"))
        self.assertIn("exit status 0, but a test failed", self.failures("echo FAIL one"))

    def test_a_skipped_python_test_is_a_failure(self):
        file = self.folder / "test_skip.py"
        file.write_text("import unittest\nclass T(unittest.TestCase):\n"
                        "    @unittest.skip('later')\n    def test_it(self): pass\n"
                        "    def test_other(self): print('noise')\n", encoding="utf-8")
        starter = str(ROOT / "tools" / "harness" / "pytests.py")
        done = subprocess.run([sys.executable, "-B", starter, str(file)], text=True,
                              stdout=subprocess.PIPE, check=False)
        self.assertIn("skipped: later\nFAIL T.test_it", done.stdout)
        self.assertIn("ok T.test_other", done.stdout)
        self.assertEqual(done.returncode, 1)

    def test_counts_are_written_and_read_again(self):
        file = self.folder / "counts.toml"
        programs.write_counts({"host": {"a": 3}, "scenarios": {"total": 2}}, file)
        self.assertEqual(programs.expected_counts(file),
                         {"host": {"a": 3}, "scenarios": {"total": 2}})


class Pools(EngineTest):
    def pool(self, jobs: list[Job]) -> tuple[Pool, str]:
        stream = io.StringIO()
        pool = Pool(jobs, 2, Progress(stream), lambda check: None)
        pool.run()
        return pool, stream.getvalue()

    def job(self, name: str, execute, estimate_s: float = 1.0) -> Job:
        return Job("suite", name, estimate_s, execute)

    def test_every_job_gives_its_checks(self):
        jobs = [self.job(str(n), lambda n=n: [Check("suite", str(n), True)]) for n in range(20)]
        pool, _ = self.pool(jobs)
        self.assertEqual(len(pool.checks), 20)
        self.assertEqual(pool.lost, [])

    def test_a_job_that_breaks_has_no_result(self):
        def broken():
            raise RuntimeError("oops")
        pool, said = self.pool([self.job("a", broken),
                                self.job("b", lambda: [Check("suite", "b", True)])])
        self.assertEqual(pool.lost, ["suite/a"])
        self.assertIn("oops", said)
        self.assertEqual(len(pool.checks), 1)

    def test_a_job_without_a_check_has_no_result(self):
        pool, _ = self.pool([self.job("a", lambda: [])])
        self.assertEqual(pool.lost, ["suite/a"])

    def test_a_result_that_comes_twice_is_a_failure(self):
        job = self.job("a", lambda: [Check("suite", "one", True), Check("suite", "one", True)])
        pool, _ = self.pool([job])
        self.assertEqual([check.passed for check in pool.checks], [True, False])
        self.assertIn("came twice", pool.checks[1].details[0])

    def test_a_missing_tool_ends_everything(self):
        def lacking():
            raise EnvironmentProblem("no qemu")
        with self.assertRaises(EnvironmentProblem):
            self.pool([self.job("a", lacking)])

    def test_longest_first(self):
        order = []
        jobs = [self.job(str(n), lambda n=n: order.append(n) or [Check("suite", str(n), True)], n)
                for n in (1, 3, 2)]
        Pool(jobs, 1, Progress(io.StringIO()), lambda check: None).run()
        self.assertEqual(order, [3, 2, 1])


class Reports(EngineTest):
    CHECKS = [Check("host", "a:one", True, (), 0.1, 0.2),
              Check("scenarios", "boot", False, ("why \x1b <&>",), 1.0, 2.0)]

    def test_the_last_line(self):
        stream = io.StringIO()
        report.print_summary(Progress(stream), self.CHECKS, ["x"], self.folder)
        lines = stream.getvalue().splitlines()
        self.assertEqual(lines[-1], "1 passed, 1 failed")
        self.assertTrue(any("planned, but without a result" in line for line in lines))

    def test_the_page_escapes_what_it_shows(self):
        webpage.write(self.CHECKS, ["x"], self.folder / "index.html")
        text = (self.folder / "index.html").read_text(encoding="utf-8")
        self.assertIn("1 passed, 1 failed", text)
        self.assertIn("&lt;&amp;&gt;", text)

    def test_the_page_of_a_scenario_shows_log_markers_and_what_to_type_next(self):
        folder = self.folder / "core-normal"
        folder.mkdir()
        log = ["ERIX_KERNEL:START", "chatter <&>", "ERIX_ROOTD:READY", "ERIX_KERNEL:PANIC why"]
        (folder / "serial.tsv").write_text(
            "".join(f"{at}.000\t1.00\t{text}\n" for at, text in enumerate(log)), encoding="utf-8")
        seen = [{"text": "ERIX_KERNEL:START", "line": 1, "time_s": 0.5, "at_start": True}]
        verdict = {"passed": False, "end": "no end", "wanted": "success", "seed": "4711",
                   "reasons": [{"text": "ordered[2] never came", "details": ["near miss   -"]}],
                   "markers": seen}
        (folder / "verdict.json").write_text(json.dumps(verdict), encoding="utf-8")
        check = Check("scenarios", "core-normal", False, ("why",), folder="core-normal")
        webpage.write([check], [], self.folder / "index.html")
        index = (self.folder / "index.html").read_text(encoding="utf-8")
        self.assertIn('<a href="core-normal/index.html">core-normal</a>', index)
        page = (folder / "index.html").read_text(encoding="utf-8")
        for text in ("ordered[2] never came", "near miss   -", "chatter &lt;&amp;&gt;",
                     './erix debug core-normal --seed 4711', '<a href="#L1">',
                     '<span id=L3 class="marker wanted">', '<span id=L4 class="marker forbidden">',
                     'src="../authority.svg"'):
            self.assertIn(text, page)
        self.assertNotIn("//", page.replace("</", "").replace("/>", ""))
        self.assertTrue((self.folder / "authority.svg").exists())

    def test_the_timeline_is_in_guest_time(self):
        row = {"text": "ERIX_KERNEL:START", "line": 1, "time_s": 77.0, "cpu_s": 0.25}
        text = timeline.draw([row | {"guest_s": 10.0}, row, row | {"guest_s": 11.0},
                              row | {"guest_s": 14.0}])
        self.assertEqual(re.findall(r"end>([^<]*)", text),
                         ["10.000 s", "not told", "11.000 s", "14.000 s"])
        # From the first marker to the last one the bars fill their column, in their proportions.
        self.assertEqual(re.findall(r"<rect( class=late)? x=([\d.]+) y=\d+ width=([\d.]+)", text),
                         [("", "320.0", "1.5"), ("", "320.0", "32.5"),
                          (" class=late", "352.5", "97.5")])
        self.assertIn("0.25 CPU-s, 77.000 s of this computer", text)
        self.assertNotIn("<rect", timeline.draw([row]))

    def test_json_and_junit(self):
        report.write_json(self.CHECKS, ["x"], {"seed": "1"}, self.folder / "r.json")
        data = json.loads((self.folder / "r.json").read_text(encoding="utf-8"))
        self.assertEqual((data["passed"], data["failed"], data["without_result"]), (1, 1, ["x"]))
        report.write_junit(self.CHECKS, ["x"], self.folder / "r.xml")
        root = xml.parse(self.folder / "r.xml").getroot()
        self.assertEqual(len(root.findall(".//failure")), 1)
        self.assertEqual(len(root.findall(".//error")), 1)


class CommandLine(EngineTest):
    def erix(self, *words: str) -> tuple[int, str]:
        done = subprocess.run([str(ROOT / "erix"), *words], stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        return done.returncode, done.stdout

    def test_unknown_words(self):
        status, text = self.erix("tset")
        self.assertEqual(status, Exit.USAGE)
        self.assertIn("did you mean `test`?", text)
        status, text = self.erix("doctor", "--fersh")
        self.assertEqual(status, Exit.USAGE)
        self.assertIn("did you mean `--fresh`?", text)
        status, text = self.erix("build", "taget")
        self.assertEqual(status, Exit.USAGE)
        self.assertIn("did you mean `target`?", text)

    def test_every_command_teaches(self):
        status, text = self.erix("--help")
        self.assertEqual(status, Exit.PASSED)
        for command in ("setup", "doctor", "build", "run", "test", "list", "lint", "image", "debug",
                        "bench", "tidy"):
            self.assertIn(f"  {command} ", text)
            status, text_of_command = self.erix(command, "--help")
            self.assertEqual(status, Exit.PASSED)
            self.assertIn("examples:", text_of_command, command)

    def test_list_is_json(self):
        status, text = self.erix("list", "--json")
        self.assertEqual(status, Exit.PASSED)
        rows = json.loads(text)
        self.assertTrue(all({"name", "summary", "tags", "expect"} <= set(row) for row in rows))

    def test_unknown_scenario(self):
        status, text = self.erix("test", "no-such-scenario", "--no-build")
        self.assertEqual(status, Exit.USAGE, text)


class Store(EngineTest):
    def test_keys_do_not_run_into_each_other(self):
        self.assertNotEqual(cas.key_of(("ab", "c")), cas.key_of(("a", "bc")))

    def test_a_digest_follows_the_content(self):
        file = self.folder / "f"
        file.write_bytes(b"1")
        first = cas.digest_file(file)
        file.write_bytes(b"22")
        self.assertNotEqual(first, cas.digest_file(file))


class Rules(EngineTest):
    def source(self, text: str) -> sources.Source:
        file = self.folder / "kernel" / "x.c"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return sources.load(file, self.folder)

    def test_functions_are_found(self):
        text = "int f(void)\n{\n    return 1;\n}\n\nstruct s x = {\n    1,\n};\n" \
               "int g(int a,\n    int b)\n{\n    return a;\n}\n"
        found = sources.functions(self.source(text))
        self.assertEqual([(each.name, each.length) for each in found], [("f", 3), ("g", 3)])

    def test_include_layers(self):
        source = self.source("")
        self.assertTrue(tidy._may_include(source, "lib/elf/elf.h"))
        self.assertTrue(tidy._may_include(source, "stdint.h"))
        self.assertFalse(tidy._may_include(source, "userlib/ipc.h"))
        self.assertFalse(tidy._may_include(source, "services/blockd/partition.h"))

    def test_components_differ(self):
        (self.folder / "components.toml").write_text("# top\n", encoding="utf-8")
        (self.folder / "lib" / "a").mkdir(parents=True)
        (self.folder / "lib" / "a" / "a.c").write_text("x", encoding="utf-8")
        self.assertEqual(len(components.differences(self.folder)), 1)
        components.write_catalogue(self.folder)
        self.assertEqual(components.differences(self.folder), [])
        before = components.digest(self.folder / "lib" / "a")
        (self.folder / "lib" / "a" / "a.c").write_text("y", encoding="utf-8")
        self.assertNotEqual(before, components.digest(self.folder / "lib" / "a"))

    def test_the_rom_of_the_host_unit(self):
        rom = hostunit.rom(1000)
        self.assertEqual(len(rom), hostunit.ROM_BYTES)
        self.assertEqual(rom[hostunit.RESET_OFFSET], 0xEA)


class Benchmarks(EngineTest):
    def test_lines_are_read(self):
        lines = ["noise", "ERIX_KERNEL:BENCH null_syscall 90 91 95 90 2\r",
                 "ERIX_KERNEL:BENCH bad x\r", "ERIX_KERNEL:BENCH alone 7\r"]
        self.assertEqual(bench.measurements(lines),
                         [bench.Measure("null_syscall", 90, 91, 95, 90, 2),
                          bench.Measure("alone", 7, 7, 7)])

    def test_stages_count_from_the_first_marker(self):
        stamps = (runner.Stamp("ERIX_BOOTLOADER:START", 1000),
                  runner.Stamp("ERIX_ROOTD:READY", 1000 + PM_TIMER_HZ))
        self.assertEqual(bench.stages(stamps), [
            bench.Stage("ERIX_BOOTLOADER:START", 0, 0),
            bench.Stage("ERIX_ROOTD:READY", 1_000_000_000, 1_000_000_000)])

    def test_a_marker_whose_time_is_not_told_is_no_stage(self):
        first, untold = runner.Stamp("ERIX_KERNEL:START", 7), runner.Stamp("ERIX_ROOTD:READY", None)
        self.assertEqual(bench.stages((untold, first, untold)),
                         [bench.Stage("ERIX_KERNEL:START", 0, 0)])

    def test_a_boot_has_stages_beside_what_programs_were_given(self):
        (self.folder / "serial.log").write_text(
            "ERIX_KERNEL:START\nERIX_ROOTD:MEMORY memd 4096\n", encoding="utf-8")
        result = mock.Mock(folder=self.folder, stamps=(runner.Stamp("ERIX_KERNEL:START", 7),))
        for name, stages in (("boot", 1), ("memory", 0)):
            reading = bench.read(name, result)
            self.assertEqual((len(reading.stages), reading.figures["memory_memd"]), (stages, 4096))

    def test_only_a_machine_without_a_disk_jumps_to_its_next_timer(self):
        for disks, wanted in (((), True), ((qemu.Disk(Path("a.img"), "sata"),), True),
                              ((qemu.Disk(Path("a.img")),), False)):
            words = qemu._count_words(qemu.MachineSpec(disks, icount=0))
            self.assertEqual("sleep=off" in words[1], wanted)

    def test_every_benchmark_counts_instructions(self):
        self.assertIn("ipc", bench.names())
        for name in bench.names():
            loaded = bench.load(name)
            self.assertTrue(loaded.boot.icount == 0 or bench.BYTES in loaded.tags, name)

    def test_unknown_benchmark(self):
        with self.assertRaisesRegex(UsageError, "did you mean `ipc`"):
            bench.load("icp")


class ExitStatuses(EngineTest):
    """What `./erix test` ends with, whatever its jobs do."""

    def status_with(self, execute) -> int:
        parser = argparse.ArgumentParser()
        command_test.add_arguments(parser)
        arguments = parser.parse_args(["tidy", "--jobs", "1", "--seed", "1", "--no-build"])
        job = Job("tidy", "sample", 1.0, execute)
        with mock.patch.object(suites, "jobs", lambda *_: [job] if execute else []), \
                mock.patch.object(paths, "STATE", self.folder / "state"), \
                mock.patch.object(runs, "new", lambda: self.folder), \
                redirect_stdout(io.StringIO()) as said:
            status = command_test.execute(arguments)
        self.last_line = said.getvalue().splitlines()[-1]
        return status

    def test_passed_and_failed(self):
        status = self.status_with(lambda: [Check("tidy", "sample", True)])
        self.assertEqual((status, self.last_line), (Exit.PASSED, "1 passed, 0 failed"))
        status = self.status_with(lambda: [Check("tidy", "sample", False)])
        self.assertEqual((status, self.last_line), (Exit.FAILED, "0 passed, 1 failed"))

    def test_planned_without_a_result(self):
        def broken():
            raise RuntimeError("oops")
        self.assertEqual(self.status_with(broken), Exit.INCOMPLETE)
        self.assertEqual(self.last_line, "0 passed, 0 failed")

    def test_a_missing_tool(self):
        def lacking():
            raise EnvironmentProblem("no qemu")
        with self.assertRaises(EnvironmentProblem) as raised:
            self.status_with(lacking)
        self.assertEqual(raised.exception.status, Exit.ENVIRONMENT)

    def test_nothing_to_do_is_bad_usage(self):
        with self.assertRaises(UsageError) as raised:
            self.status_with(None)
        self.assertEqual(raised.exception.status, Exit.USAGE)

    def test_doctor_finds_a_missing_tool(self):
        self.set_environment("ERIX_QEMU", "/nonexistent/qemu")
        done = subprocess.run([str(ROOT / "erix"), "doctor"], stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        self.assertEqual(done.returncode, Exit.ENVIRONMENT, done.stdout)

    def test_interrupting_loses_no_job(self):
        # A shell that starts this in the background has the signal ignored.
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        self.addCleanup(signal.signal, signal.SIGINT, before)

        def interrupted():
            time.sleep(0.5)
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(1)
            return [Check("tidy", "sample", True)]
        self.assertEqual(self.status_with(interrupted), Exit.INCOMPLETE)
