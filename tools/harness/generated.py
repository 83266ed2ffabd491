# SPDX-License-Identifier: ISC
"""Runs that are made out of scenarios and are too many for each time: lies and misroutes.

In a whole run a few of each are played, other ones in each turn; all of them when they are asked
for.
"""
from collections.abc import Callable

from harness import liar, misroutes, rotation, runner, suites
from harness.check import Job
from harness.outcome import UsageError
from harness.scenario import Scenario

# Suite to what it is made of, and how many are played in a turn.
LIES_A_TURN = 6
MISROUTES_A_TURN = 6


def _chosen(named: dict, count: int, turn: int | None) -> list:
    names = list(named) if turn is None else rotation.pick(list(named), count, turn)
    return [named[name] for name in names]


def _lie_jobs(scenarios, context, estimates, turn) -> list[Job]:
    named = {lie.name: lie for lie in liar.lies(scenarios)}
    return [Job("liars", lie.name, estimates.of("liars", lie.name),
                lambda lie=lie: [liar.run(lie, context)])
            for lie in _chosen(named, LIES_A_TURN, turn)]


def _misroute_jobs(scenarios, context, estimates, turn) -> list[Job]:
    named = {each.name: each for each in misroutes.variants(scenarios)}
    return suites.scenario_jobs(_chosen(named, MISROUTES_A_TURN, turn), context, estimates)


MAKERS: dict[str, Callable[..., list[Job]]] = {"liars": _lie_jobs, "misroutes": _misroute_jobs}


def jobs(suite: str, scenarios: list[Scenario], context: runner.Context,
         estimates: suites.Estimates, turn: int | None) -> list[Job]:
    """The jobs of a generated suite: those of a turn, or all. Raises UsageError if there are
    none: a suite that has become empty is no success."""
    found = MAKERS[suite](scenarios, context, estimates, turn)
    if not found:
        raise UsageError(f"the suite {suite} is empty")
    return found
