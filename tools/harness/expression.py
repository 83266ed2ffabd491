# SPDX-License-Identifier: ISC
"""Choosing scenarios: NAME, a pattern with * or ?, tag:WORD, group:NAME, each also behind `not`.

Several words mean any of them; what a `not` word means is left out.
"""
import fnmatch

from harness import groups
from harness.outcome import UsageError
from harness.scenario import Scenario
from harness.suggest import did_you_mean


def _by_tag(tag: str, scenarios: list[Scenario]) -> set[str]:
    tags = {each for scenario in scenarios for each in scenario.tags}
    if tag not in tags:
        raise UsageError(f"no scenario has the tag `{tag}`" + did_you_mean(tag, tags))
    return {scenario.name for scenario in scenarios if tag in scenario.tags}


def _by_group(group: str, scenarios: list[Scenario]) -> set[str]:
    if group not in groups.names():
        raise UsageError(f"no group `{group}`" + did_you_mean(group, groups.names()))
    found = set(groups.members(group, [scenario.name for scenario in scenarios]))
    if not found:
        raise UsageError(f"the group `{group}` is empty")
    return found


def _meant(word: str, scenarios: list[Scenario]) -> set[str]:
    kind, _, rest = word.partition(":")
    if kind == "tag" and rest:
        return _by_tag(rest, scenarios)
    if kind == "group" and rest:
        return _by_group(rest, scenarios)
    names = [scenario.name for scenario in scenarios]
    found = {name for name in names if word in (name, name.split("[")[0])
             or fnmatch.fnmatchcase(name, word)}
    if not found:
        raise UsageError(f"no scenario `{word}`" + did_you_mean(word, names)
                         + "\n  ./erix list shows all of them")
    return found


def choose(words: list[str], scenarios: list[Scenario]) -> list[Scenario]:
    """The scenarios that the words mean; all of them without words. Raises UsageError."""
    wanted: set[str] = set()
    unwanted: set[str] = set()
    negated = False
    for word in words:
        if word == "not":
            negated = True
            continue
        (unwanted if negated else wanted).update(_meant(word, scenarios))
        negated = False
    if negated:
        raise UsageError("`not` wants a word behind it")
    if not wanted:
        wanted = {scenario.name for scenario in scenarios}
    return [scenario for scenario in scenarios if scenario.name in wanted - unwanted]
