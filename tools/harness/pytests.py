# SPDX-License-Identifier: ISC
"""Runs one file of Python tests and prints "ok NAME" or "FAIL NAME" a test. A skip is a failure.

    pytests.py FILE
"""
import importlib.util
import io
import os
import sys
import traceback
import unittest
from contextlib import redirect_stderr, redirect_stdout


class Lines(unittest.TestResult):
    """Prints a line for each test as it ends."""

    def __init__(self, stream):
        super().__init__()
        self._stream = stream
        self._wrong: list[str] = []

    def startTest(self, test):
        super().startTest(test)
        self._wrong = []

    def stopTest(self, test):
        super().stopTest(test)
        name = test.id().split(".", 1)[-1]
        for text in self._wrong:
            self._stream.write(text.rstrip() + "\n")
        self._stream.write(f"{'FAIL' if self._wrong else 'ok'} {name}\n")
        self._stream.flush()

    def _add(self, error):
        self._wrong.append("".join(traceback.format_exception(*error)))

    def addError(self, test, err):
        super().addError(test, err)
        self._add(err)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._add(err)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._add(err)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._wrong.append(f"skipped: {reason}")

    def addExpectedFailure(self, test, err):
        self._wrong.append("expected failures do not count as passed")

    def addUnexpectedSuccess(self, test):
        self._wrong.append("succeeded unexpectedly")


def main(file: str) -> int:
    # A test finds its neighbours and the packages of tools/.
    tools = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    sys.path[:0] = [os.path.dirname(os.path.abspath(file)), tools]
    specification = importlib.util.spec_from_file_location("tests", file)
    module = importlib.util.module_from_spec(specification)
    sys.modules["tests"] = module
    specification.loader.exec_module(module)
    suite = unittest.defaultTestLoader.loadTestsFromModule(module)
    result = Lines(sys.stdout)
    noise = io.StringIO()
    with redirect_stdout(noise), redirect_stderr(noise):
        suite.run(result)
    good = result.testsRun and result.wasSuccessful() and not result.skipped
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
