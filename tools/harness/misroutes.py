# SPDX-License-Identifier: ISC
"""Misrouting to each of the others: a peer or a primary control that leads to any other program
that serves, not only to the one that the fault means by itself.

These are too many for scenarios of their own. They are made of the scenarios of authority-fault,
with another target; a few are played in each whole run, all with `./erix test --misroutes`.
"""
from dataclasses import replace

from harness import authorityfaults, bootplan
from harness.bootplan import BootPlan
from harness.scenario import Scenario

BASE = "authority-fault"
MARK = "-to-"


def _source(rows, scenario: Scenario, field: str) -> str:
    """Who serves what the fault of a scenario misroutes, if nothing is wrong."""
    fault = scenario.options[field]
    reason, program = next((row["reason"], row["program"]) for row in authorityfaults.matrix()
                           if row["fault"] == fault)
    row = next(row for row in rows if row.manifest.name == program)
    return next(grant.source for grant in row.grants if grant.name == reason)


def _variants(scenario: Scenario, field: str) -> list[Scenario]:
    rows = bootplan.launch_rows(BootPlan.of(scenario).without_authority_faults())
    fault = scenario.options[field]
    names = [f"{fault}{MARK}{target}"
             for target in bootplan.faults.targets(rows, _source(rows, scenario, field))]
    return [replace(scenario, name=f"{BASE}[{name}]", options=scenario.options | {field: name})
            for name in names]


def variants(scenarios: list[Scenario]) -> list[Scenario]:
    """A scenario for each misrouted grant and each target."""
    found = []
    for scenario in scenarios:
        for field in authorityfaults.FIELDS[:2]:
            if scenario.name.startswith(f"{BASE}[") and "-misroute-" in scenario.options[field]:
                found += _variants(scenario, field)
    return found
