# SPDX-License-Identifier: ISC
"""Does a scenario say the same in every run with one seed? Only times may differ (timing.py)."""
from dataclasses import replace

from harness import markers, runner, timing
from harness.scenario import Scenario


def _log(result: runner.Result) -> list[str]:
    text = (result.folder / "serial.log").read_bytes().decode("utf-8", "replace")
    return markers.clean(text).split("\n")


def problems(scenario: Scenario, context: runner.Context, times: int) -> list[str]:
    """Run it several times, each in a folder of its own, and say where the logs part."""
    found: list[str] = []
    first: list[str] = []
    for number in range(1, times + 1):
        result = runner.run(scenario, replace(context, folder=context.folder / f"run-{number}"))
        if not result.passed:
            return [f"run {number} failed: {reason.text}" for reason in result.reasons]
        log = _log(result)
        first = first or log
        parting = timing.parting(first, log)
        if parting:
            found.append(f"runs 1 and {number} part at {parting}")
    return found
