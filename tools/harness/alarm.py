# SPDX-License-Identifier: ISC
"""The alarm of each suite is tried in each run: something that must fail is given to the very code
that judges the suite, and must be reported. A suite that can only pass proves nothing.
"""
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from harness import aviary, judge, programs, scenario, volumes
from harness.canary import Canary
from harness.check import Check, Job

NAME = "reports failures"
FAILING_PROGRAM = 'echo "ok good"; echo "why"; echo "FAIL bad"; exit 1'
FAILING_TESTS = """
import unittest


class Bad(unittest.TestCase):
    def test_bad(self):
        self.fail("why")

    @unittest.skip("why")
    def test_skipped(self):
        pass
"""
FAILING_SCENARIO = """
name = "alarm"
summary = "ends in a hang"
[expect]
exit = "success"
ordered = ["ERIX_KERNEL:START"]
"""


def _failed(checks: list[Check]) -> set[str]:
    return {check.name for check in checks if not check.passed and "why" in check.details[-1]}


def _host(_: Path) -> bool:
    checks = programs.run("host", "alarm", ["sh", "-c", FAILING_PROGRAM], 2)
    return _failed(checks) == {"alarm:bad"} and len(checks) == 2


def _python(folder: Path) -> bool:
    file = folder / "test_alarm.py"
    file.write_text(FAILING_TESTS, encoding="utf-8")
    starter = str(Path(__file__).with_name("pytests.py"))
    checks = programs.run("python", "alarm", [sys.executable, "-B", "-s", starter, str(file)], 2)
    return _failed(checks) == {"alarm:Bad.test_bad", "alarm:Bad.test_skipped"}


def _scenarios(folder: Path) -> bool:
    file = folder / "alarm.toml"
    file.write_text(FAILING_SCENARIO, encoding="utf-8")
    sample, = scenario.parse(file)[0]
    hang = judge.Observation(end="no end", seen=(), lines=(), hang="hang: nothing was said")
    silent = judge.Observation(end="success", seen=(), lines=())
    return all(judge.judge(sample, each) for each in (hang, silent))


def _canaries(folder: Path) -> bool:
    sample = Canary("alarm", folder / "alarm.toml", "nothing", (), "host", "alarm:bad", "why")
    return bool(aviary.judge(sample, aviary.Verdict(True, ""))) \
        and bool(aviary.judge(sample, aviary.Verdict(False, "because"))) \
        and not aviary.judge(sample, aviary.Verdict(False, "why"))


def _media(_: Path) -> bool:
    """A reader that accepts everything, shows nothing and changes nothing, and a judge of results.
    The media are one that is refused, one that is read and changed, and one that is only read."""
    blind = [result for name in ("ext2-bad-inode-size", "phase4-fs-ext2", "ext4-readonly")
             for result in volumes.checker.check(name, Path("/bin/true"))]
    early = volumes.checker.Result("alarm", (), awaits="something that is there")
    return len(blind) == 4 and all(result.state == "failed" for result in (*blind, early))


ALARMS: dict[str, Callable[[Path], bool]] = {
    "host": _host, "python": _python, "scenarios": _scenarios, "media": _media,
    "canaries": _canaries,
}


def job(suite: str) -> Job:
    """A job whose check passes if the suite reports what must fail."""
    def execute() -> list[Check]:
        with tempfile.TemporaryDirectory() as folder:
            good = ALARMS[suite](Path(folder))
        details = () if good else (f"the suite {suite} does not report something that must fail",)
        return [Check(suite, NAME, good, details)]
    return Job(suite, NAME, 0.0, execute)
