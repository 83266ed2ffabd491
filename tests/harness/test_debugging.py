# SPDX-License-Identifier: ISC
"""Looking at a real machine: stopped under gdb where a run is decided, and recorded, replayed and
run backwards. Each test boots EriX."""
import os
import subprocess
import sys
import unittest
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parent))

from support import ROOT, EngineTest  # noqa: E402  (puts tools/ on the path)
from harness import qemu, recording, report, timing  # noqa: E402
from harness.outcome import HarnessError, UsageError  # noqa: E402
from harness.recording import Recording  # noqa: E402
from harness.scenario import load_all  # noqa: E402

NAME = "core-normal"
EXCEPTION = "kernel-exception[provoke-read-null]"


def erix(*words: str) -> subprocess.CompletedProcess:
    """./erix with these words, as a person starts it."""
    return subprocess.run([sys.executable, "-B", str(ROOT / "tools" / "harness"), *words],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)


def batch(*commands: str) -> list[str]:
    return [word for command in commands for word in ("--batch", command)]


class Debugging(unittest.TestCase):
    def test_a_passing_run_stops_at_its_end_with_every_process_in_sight(self):
        done = erix("debug", NAME, "--no-build", *batch(
            "erix-where", "erix-threads", "erix-process memd", "backtrace", "erix-back",
            "print $pc == (void *)arch_exit", "erix-process nobody", "reverse-stepi",
            "erix-caps procd"))
        self.assertIn("stopped: the guest is about to end with success", done.stdout)
        self.assertIn("nothing is wrong with the run so far", done.stdout)
        self.assertRegex(done.stdout, r"the running process is rootd\(0\)")
        self.assertRegex(done.stdout, r"procd\(5\) +\d+ +receiving at procd +service_run\+")
        self.assertRegex(done.stdout, r"#\d+ .*program_main .*services/memd/main\.c:\d+")
        self.assertIn("$1 = 1", done.stdout)
        self.assertRegex(done.stdout, r"\d+ +endpoint +memd +0x[0-9a-f]+ +send")
        self.assertIn("no process `nobody`; there are", done.stdout)
        self.assertIn("cannot run backwards: this is no replay", done.stdout)
        self.assertEqual(done.returncode, 0)

    def test_an_exception_stops_with_the_stack_that_led_to_it(self):
        done = erix("debug", EXCEPTION, "--no-build", *batch("backtrace"))
        self.assertIn("stopped: the guest is about to end with kernel-failure", done.stdout)
        self.assertRegex(done.stdout, r"#1 .*panic_exception .*kernel/panic\.c:\d+")

    def test_a_marker_stops_the_run_before_its_end(self):
        done = erix("debug", NAME, "--no-build", "--at", "ERIX_KERNEL:START", *batch("print 6*7"))
        self.assertIn("stopped: ERIX_KERNEL:START has come", done.stdout)
        self.assertIn("$1 = 42", done.stdout)


class Replaying(EngineTest):
    def setUp(self):
        super().setUp()
        real = {name: text for name, text in os.environ.items() if name != "ERIX_QEMU"}
        patch = mock.patch.dict(os.environ, real, clear=True)
        patch.start()
        self.addCleanup(patch.stop)
        self.scenario_of_tree = next(each for each in load_all() if each.name == NAME)

    def test_a_recording_comes_out_the_same_and_runs_backwards(self):
        done = erix("record", NAME, "--no-build", "--seed", "1")
        self.assertIn("run 1 passed: ended with success", done.stdout)
        done = erix("replay", NAME)
        self.assertRegex(done.stdout, r"replayed bit for bit; \d+ bytes on the serial line")
        self.assertEqual(done.returncode, 0)
        done = erix("replay", NAME, *batch(
            "print $pc == (void *)arch_exit", "reverse-stepi", "print $pc == (void *)arch_exit",
            "hbreak cspace_init", "reverse-continue", "stepi", "reverse-stepi"))
        self.assertRegex(done.stdout, r"(?s)\$1 = 1.*\$2 = 0" + r".*Breakpoint 1, cspace_init " * 2)
        self.assertEqual(done.returncode, 0)
        self._refuses_what_was_changed()

    def _refuses_what_was_changed(self):
        kept = recording.place(self.scenario_of_tree)
        log = kept / recording.LOG
        log.write_bytes(log.read_bytes().replace(b"ERIX_ROOTD:READY", b"ERIX_ROOTD:STEADY", 1))
        done = erix("replay", NAME)
        self.assertRegex(done.stdout, r"the replay differs at line \d+")
        self.assertEqual(done.returncode, 1)
        facts = kept / recording.FACTS
        text = facts.read_text(encoding="utf-8")
        facts.write_text(text.replace('"qemu_version": "', '"qemu_version": "0.'), encoding="utf-8")
        with self.assertRaisesRegex(UsageError, "recorded by QEMU 0"):
            Recording.load(self.scenario_of_tree)
        facts.write_text(text.replace('"format": ', '"format": 1'), encoding="utf-8")
        with self.assertRaisesRegex(UsageError, "was recorded with other devices than today's"):
            Recording.load(self.scenario_of_tree)
        facts.unlink()
        with self.assertRaisesRegex(UsageError, "there is no recording of core-normal"):
            Recording.load(self.scenario_of_tree)


class ReplayingDisks(unittest.TestCase):
    """Machines with a virtio disk, whose answers come from outside as typed words do."""

    def record(self, name: str, end: str) -> None:
        done = erix("record", name, "--no-build", "--seed", "1")
        self.assertIn(f"run 1 passed: ended with {end}", done.stdout)

    def replay(self, name: str) -> None:
        done = erix("replay", name)
        self.assertRegex(done.stdout, r"replayed bit for bit; \d+ bytes on the serial line")
        self.assertEqual(done.returncode, 0)

    def test_a_disk_comes_out_the_same_and_runs_backwards(self):
        self.record("full-system-normal", "success")
        self.replay("full-system-normal")
        done = erix("replay", "full-system-normal", *batch(
            "print $pc == (void *)arch_exit", "reverse-stepi", "print $pc == (void *)arch_exit",
            "stepi", "print $pc == (void *)arch_exit"))
        self.assertRegex(done.stdout, r"(?s)\$1 = 1.*\$2 = 0.*\$3 = 1")

    def test_typed_words_come_out_the_same_and_nothing_goes_back_from_power_off(self):
        self.record("prompt", "poweroff")
        self.replay("prompt")
        done = erix("replay", "prompt", *batch("reverse-stepi"))
        self.assertIn("stopped: the machine has stopped: poweroff\n  nothing is wrong", done.stdout)
        self.assertIn("cannot run backwards: the machine is off; --at MARKER stops it earlier",
                      done.stdout)
        self.assertEqual(done.stdout.count("cannot run backwards"), 1)
        self.assertNotIn("Remote connection closed", done.stdout)


class Recordings(EngineTest):
    """Parts of recordings that need no machine."""

    def test_disks_of_a_replay_are_layered_and_never_written(self):
        spec = qemu.MachineSpec(
            disks=(qemu.Disk(Path("a.img"), "virtio", boot=True),
                   qemu.Disk(Path("b.img"), "virtio", readonly=True)),
            icount=recording.SHIFT, rr=qemu.Replay("replay", Path("events.bin")))
        with mock.patch("harness.firmware.padded", lambda: Path("firmware")):
            text = " ".join(qemu.command(spec))
        self.assertIn("id=image0,format=raw,cache=unsafe,snapshot=on,file=a.img", text)
        self.assertIn("driver=blkreplay,if=none,image=image0,id=disk0 ", text)
        self.assertIn("driver=blkreplay,if=none,image=image1,id=disk1,read-only=on", text)
        self.assertIn("shift=7,rr=replay,rrfile=events.bin", text)
        self.assertNotIn("sleep=off", text)

    def test_a_replay_that_does_not_end_is_an_error(self):
        self.script(("print", "ERIX_KERNEL:START\r\n"), ("spin", None))
        found = Recording(self.folder, "sample", "success", "1", 0.0,
                          qemu.MachineSpec(disks=(), rr=None))
        with mock.patch.object(recording, "REPLAY_CPU_S_MIN", 0.05), \
                mock.patch("harness.firmware.padded", lambda: Path("firmware")), \
                self.assertRaisesRegex(HarnessError, "does not come to its end"):
            found.replay(self.folder / "serial.log")

    def test_a_machine_under_attack_takes_no_second_debugger(self):
        name = next(each.name for each in load_all() if each.inject)
        for command in ("debug", "record", "replay"):
            done = erix(command, name)
            self.assertIn("has a debugger already, and takes only one", done.stdout)
            self.assertEqual((done.returncode, len(done.stdout.splitlines())), (2, 1), command)

    def test_a_failure_names_what_to_type_next(self):
        found = mock.Mock()
        found.name = "a[b]"
        result = mock.Mock(passed=False, reasons=(), folder=ROOT / "out")
        (line,) = report.reason_lines(found, result)
        for command in ("test", "debug", "record"):
            self.assertIn(f"./erix {command} 'a[b]' · ", line)

    def test_names_are_typed_so_that_a_shell_takes_them(self):
        self.assertEqual(report.typed("a[b]"), "'a[b]'")
        self.assertEqual(report.typed("plain"), "plain")


class Timing(unittest.TestCase):
    def test_only_declared_times_may_differ(self):
        first = ["ERIX_BOOTLOADER:HANDOFF read=12 verify=3\r", "ERIX_KERNEL:START"]
        second = ["ERIX_BOOTLOADER:HANDOFF read=99 verify=4", "ERIX_KERNEL:START\r"]
        self.assertIsNone(timing.parting(first, second))
        found = timing.parting(first, [second[0], "ERIX_KERNEL:START 7"])
        self.assertEqual((found.line, found.second), (2, "ERIX_KERNEL:START 7"))
        self.assertEqual(timing.parting(first, first[:1]).second, "(the log has ended)")

    def test_a_line_without_a_place_must_still_come(self):
        gpt = timing.PLACELESS[0]
        self.assertIsNone(timing.parting(["one", gpt, "two"], ["one", "two", gpt]))
        self.assertEqual(timing.parting(["one", gpt], ["one"]).first, gpt)
        self.assertEqual(timing.parting(["one", "two"], ["two", "one"]).line, 1)

    def test_a_failure_overtakes_who_starts_at_the_same_time_and_nothing_else(self):
        for report in ("rootd: e2fsd reports: input/output error",
                       "crashd: process 269 (e2fsd): invalid instruction (vector 6), error 0x0",
                       "ERIX_ROOTD:DBG:POST_START_CLEANUP_OK threads=18->20"):
            self.overtakes(report)

    def overtakes(self, report: str):
        ready = "ERIX_ROOTD:READY:BLOCKD"
        early, late = ["one", report, "end"], ["one", timing.PLACELESS[0], ready, report, "end"]
        self.assertIsNone(timing.parting(early, late))
        self.assertIsNone(timing.parting(late, early))
        self.assertEqual(timing.parting(early, ["one", "two", report, "end"]).second, "two")
        self.assertEqual(timing.parting(["one", "end"], ["one", ready, "end"]).second, ready)
        self.assertEqual(timing.parting(early, ["one", report, ready, "end"]).second, ready)

    def test_rows_of_the_graph_differ_by_what_they_hold_and_not_by_slots(self):
        rows = ["ERIX_KERNEL:GRAPH 0x3 310 3 0xff 0x0 0x1e 0x0",
                "ERIX_KERNEL:GRAPH 0x13 311 2 0x83 0x0 0x15 0x0"]
        swapped = [rows[1].replace("311", "310"), rows[0].replace("310", "312")]
        self.assertIsNone(timing.parting([*rows, "end"], [*swapped, "end"]))
        for wrong in (rows[0].replace("0xff", "0xfe"), rows[0].replace("0x3 ", "0x4 ")):
            self.assertIsNotNone(timing.parting([*rows, "end"], [wrong, rows[1], "end"]))
