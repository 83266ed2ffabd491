# SPDX-License-Identifier: ISC
"""Results for people and for programs: lines on the terminal, results.json, JUnit XML."""
import json
import time
import xml.etree.ElementTree as xml
from pathlib import Path

from harness import paths, tomlplace
from harness.check import Check
from harness.judge import Reason
from harness.runner import Result
from harness.scenario import Scenario
from harness.terminal import Progress, styled

NAME_WIDTH = 34
# With more failures than this the repetition at the end is one line each; all stands further up.
FULL_FAILURES_MAX = 5
LINES_MAX = 12
ALL_LINES = 1000


def _place(scenario: Scenario, expected: str) -> str:
    """Where in the scenario's file the expectation stands that was not met."""
    for number, line in enumerate(scenario.source.splitlines(), 1):
        if expected and f'"{expected}"' in line:
            return f"  {paths.shown(scenario.file)}:{number}"
    place = tomlplace.find(scenario.source, ("expect",))
    return f"  {paths.shown(scenario.file)}:{place.line}"


def typed(name: str) -> str:
    """A scenario's name as a shell takes it."""
    return f"'{name}'" if "[" in name else name


def reason_text(scenario: Scenario, reason: Reason) -> list[str]:
    """One reason, the place in the scenario that wanted otherwise, and the details below it."""
    return [reason.text + _place(scenario, reason.expected),
            *(f"  {detail}" for detail in reason.details)]


def reason_lines(scenario: Scenario, result: Result) -> list[str]:
    """Why a scenario failed, and what to type next."""
    if result.passed:
        return []
    lines = [line for reason in result.reasons for line in reason_text(scenario, reason)]
    name = typed(scenario.name)
    lines.append(f"next        ./erix test {name} · ./erix debug {name} · "
                 f"./erix record {name} · {paths.shown(result.folder)}/serial.log")
    return lines


def print_check(progress: Progress, check: Check, verbose: bool, lines_max: int = LINES_MAX
                ) -> None:
    """Print a check. What passed is printed for scenarios, or with --verbose."""
    if check.passed and not verbose and check.suite != "scenarios":
        return
    mark = styled(" ok  ", "good") if check.passed else styled(" FAIL", "bad")
    label = check.name if check.suite == "scenarios" else f"{check.suite}/{check.name}"
    progress.say(f"{mark} {label:<{NAME_WIDTH}} {check.note}".rstrip())
    for line in check.details[:lines_max]:
        progress.say(f"       {line}")
    if 1 < lines_max < len(check.details):
        progress.say(f"       ... {len(check.details) - lines_max} more lines in results.json")


def write_json(checks: list[Check], lost: list[str], facts: dict, target: Path) -> None:
    """All checks as one object, for programs."""
    rows = [{"suite": check.suite, "name": check.name, "passed": check.passed,
             "cpu_s": round(check.cpu_s, 3), "wall_s": round(check.wall_s, 3),
             "details": list(check.details), "folder": check.folder, "cached": check.cached}
            for check in checks]
    passed = sum(check.passed for check in checks)
    summary = {**facts, "passed": passed, "failed": len(checks) - passed,
               "without_result": lost, "checks": rows}
    target.write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")


def _xml_text(text: str) -> str:
    """A text without the characters that XML cannot carry."""
    return "".join(each if each in "\t\n" or ord(each) >= 32 else "?" for each in text)


def write_junit(checks: list[Check], lost: list[str], target: Path) -> None:
    """JUnit XML, one suite each; what was planned and has no result is an error."""
    root = xml.Element("testsuites", name="erix")
    for suite in sorted({check.suite for check in checks}):
        rows = [check for check in checks if check.suite == suite]
        element = xml.SubElement(root, "testsuite", name=suite, tests=str(len(rows)),
                                 failures=str(sum(not check.passed for check in rows)), errors="0",
                                 skipped="0", time=f"{sum(check.wall_s for check in rows):.3f}",
                                 timestamp=time.strftime("%Y-%m-%dT%H:%M:%S"))
        for check in rows:
            case = xml.SubElement(element, "testcase", classname=suite, name=check.name,
                                  time=f"{check.wall_s:.3f}")
            if not check.passed:
                failure = xml.SubElement(case, "failure", message=_xml_text(
                    check.details[0] if check.details else "failed"))
                failure.text = _xml_text("\n".join(check.details))
    if lost:
        element = xml.SubElement(root, "testsuite", name="without result", tests=str(len(lost)),
                                 errors=str(len(lost)), failures="0", skipped="0")
        for name in lost:
            case = xml.SubElement(element, "testcase", classname="without result", name=name)
            xml.SubElement(case, "error", message="planned, but without a result")
    xml.ElementTree(root).write(target, encoding="utf-8", xml_declaration=True)


def print_summary(progress: Progress, checks: list[Check], lost: list[str], folder: Path) -> None:
    """Failures again, what has no result, and the last line: N passed, M failed."""
    failed = [check for check in checks if not check.passed]
    if failed:
        progress.say("\nfailed:")
        lines_max = ALL_LINES if len(failed) <= FULL_FAILURES_MAX else 1
        for check in failed:
            print_check(progress, check, True, lines_max)
    for name in lost:
        progress.say(styled(" NONE", "bad") + f" {name}: planned, but without a result")
    progress.say(f"\n{paths.shown(folder)}: index.html, results.json, junit.xml"
                 + (f"; {len(lost)} planned without a result" if lost else ""))
    progress.say(f"{len(checks) - len(failed)} passed, {len(failed)} failed")
