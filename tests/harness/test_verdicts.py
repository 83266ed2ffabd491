# SPDX-License-Identifier: ISC
"""Every way in which a run can pass or fail, played by the fake QEMU."""
import json
import sys
import unittest
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

sys.path.insert(0, str(Path(__file__).resolve().parent))

from support import EngineTest, FakeImages  # noqa: E402  (puts tools/ on the path)
from harness import qemu, runner, template  # noqa: E402
from harness.images import Prepared  # noqa: E402
from harness.outcome import BuildError, EnvironmentProblem  # noqa: E402
from harness.scenario import Budget  # noqa: E402

START = "ERIX_BOOTLOADER:START\r\n"
READY = "ERIX_ROOTD:READY\r\n"
SUCCESS = 0x10 << 1 | 1
SERVICE = 0x14 << 1 | 1
BUDGET = '\n[budget]\ncpu_s = 1.0\nquiet_cpu_s = 0.4\nidle_s = 0.6\n'
EXPECT = '[expect]\nexit = "success"\nordered = ["ERIX_BOOTLOADER:START", "ERIX_ROOTD:READY"]\n'


class Passing(EngineTest):
    def test_success_with_ordered_markers(self):
        result = self.run_scenario(EXPECT, ("print", START + "chatter\r\n" + READY),
                                   ("exit", SUCCESS))
        self.assertEqual(result.reasons, ())
        self.assertEqual(result.end, "success")

    def test_escape_sequences_and_details_do_not_hide_a_marker(self):
        result = self.run_scenario(EXPECT, ("print", "\x1b[2J\x1b[01;01H" + START),
                                   ("print", "ERIX_ROOTD:READY uptime=3\r\n"), ("exit", SUCCESS))
        self.assertEqual(result.reasons, ())

    def test_expected_failure_class(self):
        text = '[expect]\nexit = "service-failure"\nordered = ["ERIX_ROOTD:FAIL:SERVICE_START"]\n'
        result = self.run_scenario(text, ("print", "ERIX_ROOTD:FAIL:SERVICE_START memd\r\n"),
                                   ("exit", SERVICE))
        self.assertEqual(result.reasons, ())

    def test_poweroff_needs_the_word_of_the_guest(self):
        text = '[expect]\nexit = "poweroff"\nordered = ["ERIX_ROOTD:READY"]\n'
        result = self.run_scenario(text, ("print", READY), ("shutdown", "guest-shutdown"),
                                   ("exit", 0))
        self.assertEqual(result.reasons, ())

    def test_verdict_ends_a_guest_that_would_go_on(self):
        text = '[expect]\nexit = "verdict"\nordered = ["ERIX_ROOTD:READY"]\n'
        result = self.run_scenario(text, ("print", READY), ("sleep", 60))
        self.assertEqual((result.reasons, result.end), ((), "verdict"))
        self.assertLess(result.wall_s, 30)

    def test_steps_with_a_function_of_the_nonce(self):
        text = ('[expect]\nexit = "poweroff"\n'
                '[[steps]]\nexpect = "erix> "\nsend = "hash {nonce}\\n"\n'
                '[[steps]]\nexpect = "{sha256:{nonce}}"\nsend = "shutdown\\n"\n')
        result = self.run_scenario(text, ("print", "erix> "), ("read", "\r"), ("reply", None),
                                   ("read", "shutdown\r"), ("shutdown", "guest-shutdown"),
                                   ("exit", 0))
        self.assertEqual(result.reasons, ())

    def test_counts(self):
        text = '[expect]\nexit = "success"\n[expect.count]\n"ERIX_LOADERD:*" = 2\n'
        line = "ERIX_LOADERD:LOAD_SUCCESS\r\n"
        result = self.run_scenario(text, ("print", line * 2), ("exit", SUCCESS))
        self.assertEqual(result.reasons, ())


class Failing(EngineTest):
    def test_missing_marker_names_the_last_one_and_a_near_miss(self):
        result = self.run_scenario(EXPECT, ("print", START + "ERIX_ROOTD:REDY\r\n"),
                                   ("exit", SUCCESS))
        text = self.texts(result)
        self.assertIn("ordered[2] never came: ERIX_ROOTD:READY", text)
        self.assertIn("last seen   ERIX_BOOTLOADER:START  serial.log:1", text)
        self.assertIn("near miss   serial.log:2 ERIX_ROOTD:REDY", text)

    def test_markers_in_the_wrong_order(self):
        result = self.run_scenario(EXPECT, ("print", READY + START), ("exit", SUCCESS))
        self.assertIn("never came: ERIX_ROOTD:READY", self.texts(result))

    def test_an_echoed_marker_does_not_count(self):
        result = self.run_scenario(EXPECT, ("print", START + "$ echo " + READY), ("exit", SUCCESS))
        self.assertIn("has it behind other text", self.texts(result))

    def test_forbidden_marker_counts_anywhere_in_a_line(self):
        text = EXPECT + 'forbidden = ["ERIX_DRV_SERIAL:*"]\n'
        result = self.run_scenario(
            text, ("print", START + "x ERIX_DRV_SERIAL:PROVIDER_REGISTERED\r\n" + READY),
            ("exit", SUCCESS))
        self.assertIn("forbidden marker came: ERIX_DRV_SERIAL:PROVIDER_REGISTERED  serial.log:2",
                      self.texts(result))

    def test_forbidden_marker_after_the_last_wanted_one(self):
        result = self.run_scenario(EXPECT, ("print", START + READY + "ERIX_KERNEL:PANIC\r\n"),
                                   ("exit", SUCCESS))
        self.assertIn("forbidden marker came: ERIX_KERNEL:PANIC", self.texts(result))

    def test_a_lost_run_is_ended_soon(self):
        result = self.run_scenario(EXPECT, ("print", "ERIX_KERNEL:PANIC\r\n"), ("sleep", 60))
        self.assertIn("ERIX_KERNEL:PANIC", self.texts(result))
        self.assertLess(result.wall_s, 8)

    def test_wrong_exit_class(self):
        result = self.run_scenario(EXPECT, ("print", START + READY), ("exit", SERVICE))
        self.assertIn("ended with service-failure, wanted success", self.texts(result))

    def test_required_marker_and_count(self):
        text = ('[expect]\nexit = "success"\nrequired = ["ERIX_ROOTD:READY"]\n'
                '[expect.count]\n"ERIX_BOOTLOADER:START" = 1\n')
        result = self.run_scenario(text, ("print", START * 2), ("exit", SUCCESS))
        self.assertIn("required marker never came: ERIX_ROOTD:READY", self.texts(result))
        self.assertIn("came 2 times, wanted 1", self.texts(result))

    def test_reset_is_no_poweroff(self):
        text = '[expect]\nexit = "poweroff"\n'
        result = self.run_scenario(text, ("shutdown", "guest-reset"), ("exit", 0))
        self.assertIn("ended with a reset (QEMU says guest-reset)", self.texts(result))

    def test_status_zero_without_a_reason_is_no_poweroff(self):
        result = self.run_scenario('[expect]\nexit = "poweroff"\n', ("exit", 0))
        self.assertIn("a reset", self.texts(result))

    def test_qemu_that_refuses(self):
        result = self.run_scenario(EXPECT, ("exit", 1))
        self.assertIn("QEMU refused to start", self.texts(result))

    def test_unknown_status(self):
        result = self.run_scenario(EXPECT, ("exit", 77))
        self.assertIn("QEMU status 77, which is no exit class", self.texts(result))

    def test_step_without_an_answer(self):
        text = '[expect]\nexit = "success"\n[[steps]]\nexpect = "erix> "\nsend = "x\\n"\n'
        result = self.run_scenario(text, ("print", "something else\r\n"), ("exit", SUCCESS))
        self.assertIn("never answered: erix>", self.texts(result))
        self.assertIn("something else", self.texts(result))

    def test_a_liar_without_the_nonce(self):
        text = ('[expect]\nexit = "success"\n'
                '[[steps]]\nexpect = "erix> "\nsend = "hash {nonce}\\n"\n'
                '[[steps]]\nexpect = "{sha256:{nonce}}"\n')
        result = self.run_scenario(text, ("print", "erix> " + "0" * 64 + "\r\n" + START + READY),
                                   ("exit", SUCCESS))
        self.assertIn("never answered", self.texts(result))


class Proofs(EngineTest):
    """The run's nonce is that of seed "seed" and scenario "sample"."""
    TEXT = '[expect]\nexit = "success"\nproofs = ["verify-core"]\n'
    NONCE = template.nonce("seed", "sample")

    def verdict(self, *lines: str) -> str:
        text = "".join(line + "\r\n" for line in lines)
        return self.texts(self.run_scenario(self.TEXT, ("print", text), ("exit", SUCCESS)))

    def line(self, nonce: str, verifier: str = "verify-core", name: str = "verify-core") -> str:
        return f"ERIX_ROOTD:PROOF {name} {template.proof(nonce, verifier)}"

    def test_the_right_proof(self):
        self.assertEqual(self.verdict(self.line(self.NONCE)), "")

    def test_no_proof(self):
        self.assertIn("verify-core gave no proof", self.verdict("ERIX_ROOTD:READY"))

    def test_the_proof_of_another_run(self):
        self.assertIn("the proof of verify-core is", self.verdict(self.line("0" * 16)))

    def test_the_proof_of_another_verifier(self):
        self.assertIn("the proof of verify-core is",
                      self.verdict(self.line(self.NONCE, "phase0-probe")))
        self.assertIn("gave no proof",
                      self.verdict(self.line(self.NONCE, "phase0-probe", "phase0-probe")))

    def test_two_proofs_are_too_many(self):
        self.assertIn("and", self.verdict(self.line(self.NONCE), self.line("0" * 16)))

    def test_a_proof_behind_other_text_does_not_count(self):
        self.assertIn("gave no proof", self.verdict("x " + self.line(self.NONCE)))

    def test_test_images_are_given_the_nonce_and_no_others(self):
        for debug_exit, wanted in ((True, f"opt/erix/nonce,string={self.NONCE}"), (False, "")):
            self.run_scenario(self.TEXT, ("exit", SUCCESS),
                              provider=FakeImages(Prepared((), debug_exit=debug_exit)))
            command = (self.folder / "run" / "sample" / "qemu.cmd").read_text(encoding="utf-8")
            self.assertIn(wanted, command)
            self.assertEqual("fw_cfg" in command, debug_exit)


class Details(EngineTest):
    TEXT = ('[expect]\nexit = "success"\n'
            '[expect.details]\n"ERIX_KERNEL:GRAPH" = "PAGE vector=14"\n')

    def verdict(self, line: str) -> str:
        return self.texts(self.run_scenario(self.TEXT, ("print", line + "\r\n"),
                                            ("exit", SUCCESS)))

    def test_what_stands_behind_a_marker(self):
        self.assertEqual(self.verdict("ERIX_KERNEL:GRAPH PAGE vector=14"), "")
        for wrong in ("ERIX_KERNEL:GRAPH PAGE vector=6", "ERIX_KERNEL:GRAPH", "PAGE vector=14",
                      "ERIX_KERNEL:GRAPH PAGE vector=14 and more"):
            self.assertIn("wanted `PAGE vector=14`", self.verdict(wrong))


@dataclass
class Looked:
    """A machine as the watch sees it at one look: asleep or not, with what it has said by then."""
    elapsed_s: float
    sleeps: bool
    said: str = ""

    @property
    def lines(self) -> list[str]:
        return self.said.split("\n")[:-1]

    @property
    def bytes_seen(self) -> int:
        return len(self.said)

    def asleep(self) -> bool:
        return self.sleeps

    def cpu_s(self) -> float:
        return self.elapsed_s / 100


class Dozing(unittest.TestCase):
    """A guest that wakes at every fourth look of a tenth of a second, and sleeps on."""
    IDLE_S = 1.5
    LOOKS = 200

    def hang(self, said: Callable[[int], str]) -> tuple[str, float]:
        """Why the watch ends it, and when; `said` tells what was said before a look."""
        budget = Budget(guest_s=0, cpu_s=60, quiet_cpu_s=60, idle_s=self.IDLE_S)
        watch = runner.Watch(SimpleNamespace(budget=budget, boot=SimpleNamespace(icount=-1)), 1.0)
        for look in range(self.LOOKS):
            why = watch.hang(Looked(look / 10, look % 4 != 0, said(look)))
            if why:
                return why, look / 10
        return "", self.LOOKS / 10

    def test_a_guest_that_is_woken_for_nothing(self):
        # A firmware's shell that waits, and one that counts down on a line.
        for said in (lambda look: "start\n", lambda look: "start\n" + "." * (look // 4)):
            why, when_s = self.hang(said)
            self.assertIn("in all without a new line", why)
            self.assertLess(when_s, 3 * runner.DOZE_FACTOR * self.IDLE_S)

    def test_a_guest_that_is_woken_for_a_line(self):
        self.assertEqual(self.hang(lambda look: "still here\n" * (look // 16)), ("", 20.0))


class Hanging(EngineTest):
    def test_sleeping_guest(self):
        result = self.run_scenario(EXPECT + BUDGET, ("print", START), ("sleep", 60))
        self.assertIn("hang: the guest has slept", self.texts(result))
        self.assertTrue((result.folder / "screen.png").exists())

    NAPPING = '\n[budget]\ncpu_s = 60\nquiet_cpu_s = 60\nidle_s = 1.5\n'

    def test_a_guest_that_sleeps_long_and_goes_on_saying_lines_does_not_hang(self):
        nap = (("print", "still here\r\n"), ("sleep", 0.3))
        result = self.run_scenario(EXPECT + self.NAPPING, ("print", START), *nap * 16,
                                   ("print", READY), ("exit", SUCCESS))
        self.assertEqual(result.reasons, ())

    def test_busy_guest(self):
        result = self.run_scenario(EXPECT + BUDGET, ("print", START), ("spin", None))
        self.assertIn("hang: busy for", self.texts(result))

    def test_used_up_budget(self):
        text = EXPECT + '\n[budget]\ncpu_s = 0.2\n'
        result = self.run_scenario(text, ("print", START), ("spin", None))
        self.assertIn("hang: budget cpu_s used up", self.texts(result))

    def test_guest_time(self):
        text = '[boot]\nicount = 7\n' + EXPECT + '\n[budget]\nguest_s = 60\nidle_s = 30\n'
        result = self.run_scenario(text, ("print", START), ("sleep", 60))
        self.assertIn("hang: budget guest_s used up (90 s of guest time)", self.texts(result))


class Disk(EngineTest):
    def disk(self) -> tuple[FakeImages, Path]:
        path = self.folder / "disk.img"
        path.write_bytes(b"data")
        return FakeImages(Prepared((qemu.Disk(path),), path, "0" * 64)), path

    def test_changed_bytes_are_found(self):
        provider, _ = self.disk()
        result = self.run_scenario(EXPECT + '[[verify]]\ncheck = "unchanged"\n',
                                   ("print", START + READY), ("exit", SUCCESS), provider=provider)
        self.assertIn("disk: unchanged", self.texts(result))

    def test_a_disk_that_is_no_disk_fails_the_check(self):
        provider, _ = self.disk()
        result = self.run_scenario(EXPECT + '[[verify]]\ncheck = "gpt"\n',
                                   ("print", START + READY), ("exit", SUCCESS), provider=provider)
        self.assertIn("disk: gpt", self.texts(result))

    def test_verify_without_a_disk(self):
        result = self.run_scenario(EXPECT + '[[verify]]\ncheck = "gpt"\n',
                                   ("print", START + READY), ("exit", SUCCESS))
        self.assertIn("the run has no disk", self.texts(result))


class Records(EngineTest):
    def test_what_a_run_leaves_behind(self):
        result = self.run_scenario(EXPECT, ("print", START + READY), ("exit", SUCCESS))
        verdict = json.loads((result.folder / "verdict.json").read_text(encoding="utf-8"))
        self.assertEqual((verdict["passed"], verdict["end"]), (True, "success"))
        self.assertEqual([seen["text"] for seen in verdict["markers"]],
                         ["ERIX_BOOTLOADER:START", "ERIX_ROOTD:READY"])
        self.assertEqual((result.folder / "serial.log").read_bytes(), (START + READY).encode())
        self.assertIn("isa-debug-exit", (result.folder / "qemu.cmd").read_text(encoding="utf-8"))
        self.assertIn("ERIX_ROOTD:READY",
                      (result.folder / "serial.tsv").read_text(encoding="utf-8"))

    def times(self, *actions) -> list[float | None]:
        """The guest times of the markers in verdict.json of a run."""
        result = self.run_scenario(EXPECT, *actions)
        verdict = json.loads((result.folder / "verdict.json").read_text(encoding="utf-8"))
        self.assertTrue(all(row["cpu_s"] >= 0.0 for row in verdict["markers"]))
        self.assertEqual(verdict["guest_s"], verdict["markers"][-1]["guest_s"])
        return [row["guest_s"] for row in verdict["markers"]]

    def test_markers_have_the_time_of_the_guest_however_often_its_timer_began_again(self):
        found = self.times(("clock", 1.25), ("print", START), ("asked", None),
                           ("clock", 3599.5), ("print", READY), ("asked", None), ("exit", SUCCESS))
        self.assertEqual([round(each, 3) for each in found], [1.25, 3599.5])

    def test_a_marker_at_the_end_has_the_last_time_that_was_told(self):
        found = self.times(("clock", 1.25), ("print", START), ("asked", None),
                           ("print", READY), ("exit", SUCCESS))
        self.assertEqual([round(each, 3) for each in found], [1.25, 1.25])

    def test_a_guest_without_a_timer_tells_no_time(self):
        found = self.times(("print", START + READY), ("exit", SUCCESS))
        self.assertEqual(found, [None, None])

    def test_an_image_that_cannot_be_made_is_a_failure_with_its_reason(self):
        class Broken:
            def prepare(self, *_):
                raise BuildError("the kernel was not built")
        result = self.run_scenario(EXPECT, ("exit", SUCCESS), provider=Broken())
        self.assertIn("cannot be run: the kernel was not built", self.texts(result))

    def test_a_missing_tool_says_nothing_about_the_scenario(self):
        class Lacking:
            def prepare(self, *_):
                raise EnvironmentProblem("mke2fs is missing")
        with self.assertRaises(EnvironmentProblem):
            self.run_scenario(EXPECT, ("exit", SUCCESS), provider=Lacking())

    def test_the_seed_decides_the_nonce(self):
        scenario = self.scenario(EXPECT)
        self.assertEqual(runner.nonce("1", scenario.name), runner.nonce("1", scenario.name))
        self.assertNotEqual(runner.nonce("1", scenario.name), runner.nonce("2", scenario.name))
