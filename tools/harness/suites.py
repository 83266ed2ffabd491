# SPDX-License-Identifier: ISC
"""The suites of `./erix test` and the jobs in each: host, python, tidy, fuzz, bench, scenarios.
Those that are generated have their jobs from generated.py, the canaries from aviary.py."""
import json
import secrets
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from extbench import command as extbench
from harness import (bench, costs, counts, durations, fuzz, fuzzcoverage, images, lastpass,
                     passcache, paths, programs, runner, sources, state, tidy, tools, volumes)
from harness.check import Check, Job
from harness.coverage import checks as coverage_checks
from harness.outcome import BuildError
from harness.report import reason_lines
from harness.scenario import Scenario

SUITES = ("host", "python", "tidy", "media", "fuzz", "bench", "scenarios", "liars", "misroutes",
          "canaries")
GENERATED = ("liars", "misroutes")  # generated.py
ESTIMATES = "durations"
ESTIMATE_UNKNOWN_S = 5.0


class Estimates:
    """How long jobs take: as learned on this machine, else as written in tests/durations.toml;
    decides only the order, what is called slow, and what is said to be left."""

    def __init__(self):
        self._known = state.load(ESTIMATES, {}) or {}
        self._written = durations.load()

    def of(self, suite: str, name: str) -> float:
        label = f"{suite}/{name}"
        return self._known.get(label, self._written.get(label, ESTIMATE_UNKNOWN_S))

    def learn(self, checks: list[Check]) -> None:
        for check in checks:
            if check.wall_s and not check.cached:
                label = f"{check.suite}/{check.name.split(':')[0]}"
                self._known[label] = round(check.wall_s, 2)
        state.store(ESTIMATES, {}, self._known)


def host_tests(folder: Path = paths.BUILD / "host") -> dict[str, list[str]]:
    """The test programs of a build directory by suite/name and their command lines, as Meson knows
    them. What it would put into their environment is put before them with env."""
    done = subprocess.run([tools.find("meson"), "introspect", "--tests", str(folder)],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode != 0:
        raise BuildError(f"meson introspect: {done.stderr.decode(errors='replace')}")
    rows = json.loads(done.stdout)
    found = {f"{row['suite'][0].split(':')[-1]}/{row['name']}": _with_environment(row)
             for row in rows}
    if len(found) != len(rows):
        raise BuildError("two host tests of one suite have the same name")
    return found


def _with_environment(row: dict) -> list[str]:
    settings = [f"{name}={value}" for name, value in sorted(row.get("env", {}).items())]
    return ["env", *settings, *row["cmd"]] if settings else row["cmd"]


def python_tests() -> dict[str, list[str]]:
    """The files of Python tests and their command lines; the name is the path."""
    files = sorted({*(file for folder in sources.FOLDERS
                      for file in (paths.ROOT / folder).glob("**/test/test_*.py")),
                    *(paths.TESTS / "harness").glob("test_*.py")})
    starter = str(Path(__file__).with_name("pytests.py"))
    return {str(file.relative_to(paths.ROOT)).removesuffix(".py"):
            [sys.executable, "-B", "-s", starter, str(file)] for file in files}


def _program_jobs(suite: str, commands: dict[str, list[str]], estimates: Estimates, folder: Path
                  ) -> list[Job]:
    expected = programs.expected_counts().get(suite, {})

    def job(name: str, command: list[str]) -> Job:
        return Job(suite, name, estimates.of(suite, name),
                   lambda: programs.run(suite, name, command, expected.get(name), folder),
                   lambda: passcache.program_key(name, command, folder, expected.get(name)))

    jobs = [job(name, command) for name, command in commands.items()]
    for name in sorted(set(expected) - set(commands)):
        missing = Check(suite, name, False, ("tests/expected-counts.toml names it; it is gone",))
        jobs.append(Job(suite, name, 0.0, lambda missing=missing: [missing]))
    return jobs


def _tidy_jobs() -> list[Job]:
    def job(name: str, rule) -> Job:
        def execute() -> list[Check]:
            problems = tuple(rule())
            return [Check("tidy", name, not problems, problems)]
        return Job("tidy", name, 1.0, execute)
    return [job(name, rule) for name, rule in tidy.RULES.items()]


def scenario_jobs(scenarios: list[Scenario], context: runner.Context, estimates: Estimates
                  ) -> list[Job]:
    """A job for each scenario."""
    def job(scenario: Scenario) -> Job:
        def execute() -> list[Check]:
            result = runner.run(scenario, context)
            if result.passed:
                lastpass.keep(scenario, result.folder)
            lines = reason_lines(scenario, result) + lastpass.hint(scenario, result)
            return [Check("scenarios", result.name, result.passed, tuple(lines), result.cpu_s,
                          result.wall_s, f"{result.cpu_s:5.1f} cpu", result.folder.name)]

        def key() -> str:
            start = "cold" if context.starts_cold(scenario) else "snapshot"
            return passcache.scenario_key(scenario, f"{context.accelerator} {start}",
                                          images.inputs(scenario))
        return Job("scenarios", scenario.name, estimates.of("scenarios", scenario.name), execute,
                   key)
    return [job(scenario) for scenario in scenarios]


def stress_jobs(scenario: Scenario, times: int, context: runner.Context, estimates: Estimates
                ) -> list[Job]:
    """Jobs that run one scenario again and again, each with a nonce and a folder of its own."""
    def job(number: int) -> Job:
        own = replace(context, seed=f"{context.seed}-{number}",
                      folder=context.folder / str(number))
        once = scenario_jobs([scenario], own, estimates)[0]

        def execute() -> list[Check]:
            return [replace(check, name=f"{check.name} #{number}",
                            folder=f"{number}/{check.folder}") for check in once.execute()]
        return Job("scenarios", f"{scenario.name} #{number}", once.estimate_s, execute)
    return [job(number) for number in range(1, times + 1)]


def _bench_jobs(context: runner.Context, estimates: Estimates) -> list[Job]:
    def job(name: str) -> Job:
        return Job("bench", name, estimates.of("bench", name),
                   lambda: [costs.check(name, context)])
    return [*(job(name) for name in bench.names()),
            Job("bench", extbench.NAME, estimates.of("bench", extbench.NAME),
                lambda: [extbench.check()])]


def jobs(chosen: tuple[str, ...], scenarios: list[Scenario], context: runner.Context | None,
         estimates: Estimates, whole: int) -> list[Job]:
    """The jobs of the chosen suites. `whole`: how many scenarios there are, to be compared with
    the number that is fixed; 0 if only some were asked for."""
    result: list[Job] = []
    if "host" in chosen:
        result += _program_jobs("host", host_tests(), estimates, paths.BUILD / "host")
        result.append(Job("host", "coverage", estimates.of("host", "coverage"), coverage_checks))
    if "python" in chosen:
        result += _program_jobs("python", python_tests(), estimates, paths.ROOT)
    if "tidy" in chosen:
        result += _tidy_jobs()
    if "media" in chosen:
        result += volumes.jobs(lambda name: estimates.of("media", name))
    if "fuzz" in chosen:
        result += fuzzcoverage.jobs(lambda name: estimates.of("fuzz", name))
        result += fuzz.jobs(lambda name: estimates.of("fuzz", name), secrets.randbelow(1 << 31))
    if "bench" in chosen and context:
        result += _bench_jobs(context, estimates)
    if "scenarios" in chosen and context:
        result += scenario_jobs(scenarios, context, estimates)
        if whole:
            result += [counts.job(suite) for suite in counts.STATIC]
    return result
