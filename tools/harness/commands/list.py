# SPDX-License-Identifier: ISC
"""`./erix list`: show the scenarios."""
import json
from dataclasses import asdict

from harness import expression, groups, paths
from harness.outcome import Exit
from harness.scenario import Scenario, load_all

SUMMARY = "show scenarios and groups"
HELP = """\
examples:
  ./erix list                    all scenarios, one line each
  ./erix list tag:boot           those with a tag
  ./erix list group:fat-04       those of a group
  ./erix list 'boot-*' not tag:slow
  ./erix list --groups           the groups and how many scenarios each has
  ./erix list --json             an array with one object a scenario
"""


def add_arguments(parser) -> None:
    parser.add_argument("expression", nargs="*", metavar="EXPR",
                        help="a name, a pattern, tag:WORD, group:NAME; `not` before one leaves out")
    parser.add_argument("--json", action="store_true", help="one array for programs")
    parser.add_argument("--groups", action="store_true", help="show groups instead")


def describe(scenario: Scenario, all_names: list[str]) -> dict:
    """Everything about a scenario, for programs."""
    return {"name": scenario.name, "file": str(scenario.file.relative_to(paths.ROOT)),
            "summary": scenario.summary, "tags": list(scenario.tags),
            "proves": list(scenario.proves),
            "groups": [group for group in groups.names()
                       if scenario.name in groups.members(group, all_names)],
            **scenario.options, "boot": asdict(scenario.boot), "expect": asdict(scenario.expect),
            "steps": len(scenario.steps), "verify": [asdict(each) for each in scenario.verify],
            "budget": asdict(scenario.budget)}


def print_groups(all_names: list[str]) -> None:
    for group in groups.names():
        print(f"{group:<40} {len(groups.members(group, all_names)):>4}")


def print_scenarios(chosen: list[Scenario]) -> None:
    width = max((len(scenario.name) for scenario in chosen), default=0)
    for scenario in chosen:
        print(f"{scenario.name:<{width}}  {scenario.summary}")


def execute(arguments) -> Exit:
    everything = load_all()
    all_names = [scenario.name for scenario in everything]
    if arguments.groups:
        print_groups(all_names)
        return Exit.PASSED
    chosen = expression.choose(arguments.expression, everything)
    if arguments.json:
        print(json.dumps([describe(scenario, all_names) for scenario in chosen], indent=1))
    else:
        print_scenarios(chosen)
    return Exit.PASSED
