# SPDX-License-Identifier: ISC
"""What the tests of the harness share: a scenario from a text, a run of it on the fake QEMU."""
import json
import os
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT / "tools"))

from harness import runner, scenario  # noqa: E402
from harness.images import Prepared  # noqa: E402

BASE = """
name = "{name}"
summary = "a test"
"""


class FakeImages:
    """A provider without images: the fake QEMU needs none."""

    def __init__(self, prepared: Prepared | None = None):
        self._prepared = prepared or Prepared(())

    def prepare(self, *_) -> Prepared:
        return self._prepared


class EngineTest(unittest.TestCase):
    """Gives each test a folder of its own and the fake QEMU."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.set_environment("ERIX_QEMU", str(HERE / "fake_qemu.py"))
        self.set_environment("ERIX_FAKE_SCRIPT", str(self.folder / "script.json"))

    def set_environment(self, name: str, value: str) -> None:
        before = os.environ.get(name)
        os.environ[name] = value

        def restore():
            if before is None:
                del os.environ[name]
            else:
                os.environ[name] = before
        self.addCleanup(restore)

    def write_scenario(self, text: str, name: str = "sample") -> Path:
        folder = self.folder / "scenarios"
        folder.mkdir(exist_ok=True)
        file = folder / f"{name}.toml"
        file.write_text(BASE.format(name=name) + text, encoding="utf-8")
        return file

    def scenario(self, text: str) -> scenario.Scenario:
        found, problems = scenario.parse(self.write_scenario(text))
        self.assertEqual([str(each) for each in problems], [])
        return found[0]

    def script(self, *actions) -> None:
        text = json.dumps([list(action) for action in actions])
        (self.folder / "script.json").write_text(text, encoding="utf-8")

    def context(self, provider=None) -> runner.Context:
        return runner.Context(provider or FakeImages(), "tcg", 1.0, "seed", self.folder / "run")

    def run_scenario(self, text: str, *actions, provider=None) -> runner.Result:
        self.script(*actions)
        return runner.run(self.scenario(text), self.context(provider))

    def texts(self, result: runner.Result) -> str:
        """All reasons of a result as one text."""
        return "\n".join("\n".join((reason.text, *reason.details)) for reason in result.reasons)
