# SPDX-License-Identifier: ISC
"""`./erix diff`: where a run of a scenario leaves its last pass."""
from pathlib import Path

from harness import lastpass, paths
from harness.outcome import Exit, UsageError
from harness.scenario import Scenario, load_all
from harness.suggest import did_you_mean

SUMMARY = "show the first line in which a run leaves the last pass of a scenario"
HELP = """\
examples:
  ./erix diff prompt                          the latest run of it against its last pass
  ./erix diff prompt 20260102-101112-99       a run of out/run, or a folder

Nonce, digests of it, and words that tell a time do not count. Lines of the pass are marked with -,
those of the run with +. Status 0: the logs are the same; 1: they part.
"""


def add_arguments(parser) -> None:
    parser.add_argument("scenario", help="the name of one scenario")
    parser.add_argument("run", nargs="?", help="a run; the latest one that has it by default")


def _scenario(name: str) -> Scenario:
    found = {scenario.name: scenario for scenario in load_all()}
    if name not in found:
        raise UsageError(f"no scenario `{name}`{did_you_mean(name, found)}")
    return found[name]


def _folder(scenario: Scenario, run: str | None) -> Path:
    name = scenario.folder_name()
    if run is None:
        found = sorted(paths.RUNS.glob(f"2*-*-*/{name}/verdict.json"))
        if not found:
            raise UsageError(f"no run of {scenario.name} is kept; `./erix test` makes one")
        return found[-1].parent
    for folder in (paths.RUNS / run / name, Path(run) / name, Path(run)):
        if (folder / "serial.log").exists():
            return folder
    raise UsageError(f"there is no run `{run}` of {scenario.name}")


def execute(arguments) -> Exit:
    scenario = _scenario(arguments.scenario)
    run = _folder(scenario, arguments.run)
    passed = lastpass.FOLDER / scenario.folder_name()
    if not passed.is_dir():
        raise UsageError(f"{scenario.name} has never passed here")
    lines = lastpass.explain(lastpass.read(passed), lastpass.read(run))
    if not lines:
        print(f"{scenario.name}: {paths.shown(run)} says what the last pass said")
        return Exit.PASSED
    print(f"{scenario.name}: {paths.shown(run)} against the last pass\n" + "\n".join(lines))
    return Exit.FAILED
