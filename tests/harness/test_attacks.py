# SPDX-License-Identifier: ISC
"""Attacks on the kernel from outside: the stub, who is hit when, and the verdict."""
import os
import socket
import sys
import threading
import unittest
import unittest.mock

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import support  # noqa: E402

from harness import inject, judge, symbols  # noqa: E402
from harness.gdbstub import Stub, StubError, checksum  # noqa: E402
from harness.inject import Injection, Injector  # noqa: E402
from harness.outcome import BuildError  # noqa: E402

LINE = "EXCEPTION PAGE vector=14 error=0x11"
DUMP = (f"ERIX_KERNEL:{LINE}", "rip=0x0000000000401000",
        "cr2=0x0000000000401000 cr3=0x0000000000001000 error=0x0000000000000011",
        "cs=0x0000000000000008 ss=0x0000000000000010 thread=0xffff800000001000")


class FakeStub(threading.Thread):
    """The other side of the protocol: answers from a table and keeps what it was asked."""

    def __init__(self, path, answers):
        super().__init__(daemon=True)
        self.asked = []
        self._answers = answers
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen(1)
        self.start()

    def run(self):
        connection, _ = self._listener.accept()
        with connection:
            data = b""
            while piece := connection.recv(4096):
                data += piece
                while (start := data.find(b"$")) >= 0 and data.find(b"#", start) >= 0:
                    end = data.index(b"#", start)
                    body = data[start + 1:end].decode()
                    data = data[end + 3:]
                    self.asked.append(body)
                    answer = next((answer for asked, answer in self._answers.items()
                                   if body.startswith(asked)), "OK").encode()
                    if body != "c":
                        connection.sendall(b"+$" + answer + b"#" + checksum(answer))


class Protocol(support.EngineTest):
    def stub(self, answers):
        path = self.folder / "stub"
        fake = FakeStub(path, {"qXfer": "l<target/>", **answers})
        stub = Stub(path)
        self.addCleanup(stub.close)
        return stub, fake

    def test_registers_and_memory_are_little_endian(self):
        stub, fake = self.stub({"p10": "7856341200000000", "m1000,4": "01020304"})
        self.assertEqual(stub.read_register("rip"), 0x12345678)
        self.assertEqual(stub.read_memory(0x1000, 4), b"\1\2\3\4")
        stub.write_register("rsp", 0x2000)
        stub.write_memory(0x3000, b"\xff\0")
        self.assertEqual(fake.asked[-2:], ["P7=0020000000000000", "M3000,2:ff00"])

    def test_refusal_is_an_error(self):
        stub, _ = self.stub({"m": "E14"})
        with self.assertRaisesRegex(StubError, "m0,8.*E14"):
            stub.read_memory(0, 8)

    def test_running_guest_has_not_stopped(self):
        stub, _ = self.stub({})
        stub.go_on()
        self.assertFalse(stub.stopped())

    def test_machine_that_is_gone_is_an_error(self):
        with self.assertRaises(StubError):
            with unittest.mock.patch("harness.gdbstub.CONNECT_WAIT_S", 0.0):
                Stub(self.folder / "nobody")


class Verdict(unittest.TestCase):
    def reasons(self, lines=DUMP, **changes):
        attack = Injection(at="invoke", what="execute-user", after="", line=LINE,
                           hits=1, address=0x401000)
        for name, value in changes.items():
            setattr(attack, name, value)
        observation = judge.Observation(end="verdict", seen=(), lines=lines, attacks=(attack,))
        return [reason.text for reason in judge._judge_attacks(None, observation)]

    def test_attack_that_was_stopped_passes(self):
        self.assertEqual(self.reasons(), [])

    def test_attack_without_hits_fails(self):
        self.assertIn("was not made: the kernel never came to invoke", self.reasons(hits=0)[0])

    def test_attack_that_could_not_be_made_says_why(self):
        self.assertIn("no program runs", self.reasons(hits=0, problem="no program runs")[0])

    def test_attack_that_was_not_stopped_fails(self):
        self.assertIn("was not stopped", self.reasons(lines=("ERIX_ROOTD:READY",))[0])

    def test_wrong_vector_fails(self):
        self.assertIn("was not stopped",
                      self.reasons(line="EXCEPTION PAGE vector=13 error=0x11")[0])

    def test_wrong_error_code_fails(self):
        self.assertIn("was not stopped: no ERIX_KERNEL:EXCEPTION PAGE vector=14 error=0x3",
                      self.reasons(line="EXCEPTION PAGE vector=14 error=0x3")[0])

    def test_wrong_address_fails(self):
        self.assertIn("cr2=0x0000000000402000", self.reasons(address=0x402000)[0])

    def test_run_goes_on_until_the_dump_is_whole(self):
        attack = Injection("invoke", "execute-user", "", LINE, hits=1)
        self.assertFalse(judge.attacks_over([attack], DUMP[:2]))
        self.assertTrue(judge.attacks_over([attack], DUMP))
        attack.hits = 0
        self.assertFalse(judge.attacks_over([attack], DUMP))


class Pages(unittest.TestCase):
    GOOD = "0000000000400000: 0000000001000000 ----A--U-\n"

    def test_allowed_pages_have_no_problem(self):
        text = self.GOOD + "ffff800000000000: 0000000000000000 XGPDA---W\n"
        self.assertEqual(inject.page_problems(text), (2, []))

    def test_writable_and_executable_is_a_problem(self):
        count, problems = inject.page_problems("0000000000400000: 0000000001000000 ---DA--UW\n")
        self.assertEqual((count, len(problems)), (1, 1))
        self.assertIn("0000000000400000 is writable and executable", problems[0])

    def test_kernel_page_for_users_is_a_problem(self):
        _, problems = inject.page_problems("ffff800000000000: 0000000000000000 XG--A--U-\n")
        self.assertIn("for user mode", problems[0])


class Order(unittest.TestCase):
    """The injector against a stub that only writes down what it is told."""

    class Recorder:
        def __init__(self):
            self.told = []
            self.stands = False

        def __getattr__(self, name):
            return lambda *arguments: self.told.append((name, *arguments))

        def stopped(self):
            return self.stands

    class Names:
        def address(self, name):
            return {"here": 0x10, "there": 0x20}[name]

    def setUp(self):
        self.stub = self.Recorder()
        self.seen = []
        self.enterContext(unittest.mock.patch.dict(
            inject.ATTACKS, {"note": lambda target: self.seen.append(1)}))

    def injector(self, *injections):
        injector = Injector(self.Names(), list(injections))
        injector.begin(self.stub)
        return injector

    def test_nothing_is_hit_before_the_guest_comes_there(self):
        attack = Injection("here", "note", "", "")
        injector = self.injector(attack)
        injector.step(None, "")
        self.assertEqual((attack.hits, self.seen), (0, []))

    def test_each_attack_is_made_once_and_the_guest_goes_on(self):
        attacks = [Injection("here", "note", "", ""), Injection("there", "note", "", "")]
        injector = self.injector(*attacks)
        self.stub.stands = True
        for _ in range(4):
            injector.step(None, "")
        self.assertEqual([each.hits for each in attacks], [1, 1])
        self.assertEqual(self.stub.told, [
            ("set_breakpoint", 0x10), ("go_on",), ("clear_breakpoint", 0x10),
            ("set_breakpoint", 0x20), ("go_on",), ("clear_breakpoint", 0x20), ("go_on",)])

    def test_attack_waits_for_its_text(self):
        attack = Injection("here", "note", "READY", "")
        injector = self.injector(attack)
        injector.step(None, "not yet")
        self.assertEqual(self.stub.told, [("go_on",)])
        self.stub.stands = True
        injector.step(None, "READY")
        self.assertEqual(attack.hits, 1)

    def test_guest_in_the_wrong_state_is_no_hit(self):
        def refuse(_):
            raise inject.InjectError("no program runs")
        attack = Injection("here", "refuse", "", "")
        with unittest.mock.patch.dict(inject.ATTACKS, {"refuse": refuse}):
            injector = self.injector(attack)
            self.stub.stands = True
            injector.step(None, "")
        self.assertEqual((attack.hits, attack.problem), (0, "no program runs"))


class Names(support.EngineTest):
    def test_missing_symbol_is_named(self):
        with unittest.mock.patch.object(symbols, "_read", lambda data: {"invoke": 1}):
            file = self.folder / "kernel"
            file.write_bytes(b"")
            found = symbols.Symbols(file)
        self.assertEqual(found.address("invoke"), 1)
        with self.assertRaisesRegex(BuildError, "no symbol `involve`, did you mean `invoke`"):
            found.address("involve")

    def test_unknown_attack_is_refused(self):
        file = self.write_scenario(
            '[expect]\nexit = "poweroff"\n[[inject]]\nwhat = "execute-usr"\n')
        _, problems = support.scenario.parse(file)
        self.assertIn("did you mean `execute-user`", "\n".join(map(str, problems)))
