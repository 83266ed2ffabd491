# SPDX-License-Identifier: ISC
"""Dividing a run over machines, and putting the parts together again.

Each machine computes the whole plan from the tree and takes its part, so there is no coordinator.
`merge` fails closed: it wants every planned job exactly once, from the same tree, built alike.
"""
import re
from dataclasses import dataclass

from harness import artifacts, cas, components, durations, firmware, paths, tools
from harness.check import Check, Job
from harness.outcome import Incomplete, UsageError
from harness.suggest import nearest

UNKNOWN_S = 1.0
# What results.json of a shard has, and each result in it.
FACTS = ("shard", "shards", "bundle", "plan", "jobs", "checks", "without_result", "seed")
ROW = {"suite", "name", "passed", "cpu_s", "wall_s", "details", "folder", "cached"}
SHOWN_MAX = 5


@dataclass(frozen=True)
class Shard:
    """Part `index` of `count`, from 1."""
    index: int
    count: int

    @classmethod
    def parse(cls, text: str) -> "Shard":
        found = re.fullmatch(r"(\d+)/(\d+)", text)
        if not found or not 1 <= int(found[1]) <= int(found[2]):
            raise UsageError(f"--shard {text}: wanted is i/n with 1 <= i <= n")
        return cls(int(found[1]), int(found[2]))


def balance(jobs: list[Job], count: int) -> list[list[Job]]:
    """Deal jobs out to `count` parts, longest first, each to the part with least work so far."""
    seconds = durations.load()
    parts: list[list[Job]] = [[] for _ in range(count)]
    loads = [0.0] * count
    for job in sorted(jobs, key=lambda job: (-seconds.get(job.label, UNKNOWN_S), job.label)):
        least = loads.index(min(loads))
        parts[least].append(job)
        loads[least] += seconds.get(job.label, UNKNOWN_S)
    return parts


def bundle() -> str:
    """One digest of the tree, what was built from it, and the machine's QEMU and firmware."""
    parts = [f"{each.folder} {components.digest(paths.ROOT / each.folder)}"
             for each in components.present()]
    parts += [f"{name} {cas.digest_file(path)}"
              for name, path in sorted(artifacts.programs().items())]
    parts += [cas.digest_file(path) for path in artifacts.boot_files()]
    parts += [str(tools.version(tools.TOOLS[0])), cas.digest_file(firmware.padded())]
    return cas.key_of(tuple(parts))


def facts(part: Shard, plan: list[Job]) -> dict:
    """What results.json of a part says, so that it can be merged."""
    return {"shard": part.index, "shards": part.count, "bundle": bundle(),
            "plan": sorted(job.label for job in plan)}


@dataclass(frozen=True)
class Merged:
    """The results of all parts together. `jobs`: how many checks each has made."""
    checks: list[Check]
    lost: list[str]
    jobs: dict[str, int]
    seeds: list[str]


def _refuse(text: str) -> None:
    raise Incomplete(f"merge: {text}")


def _listed(names) -> str:
    names = sorted(names)
    more = f" and {len(names) - SHOWN_MAX} more" if len(names) > SHOWN_MAX else ""
    return ", ".join(names[:SHOWN_MAX]) + more


def _agree(parts: dict[str, dict], field: str, meaning: str) -> None:
    first = next(iter(parts))
    for folder, part in parts.items():
        if part[field] != parts[first][field]:
            _refuse(f"{folder} has another {meaning} than {first}")


def _check_parts(parts: dict[str, dict]) -> None:
    """The parts must be all of one whole."""
    for folder, part in parts.items():
        lacking = [key for key in FACTS if key not in part]
        if lacking:
            _refuse(f"{folder}/results.json is not of a shard: it has no `{lacking[0]}`")
        if not all(ROW <= set(row) for row in part["checks"]):
            _refuse(f"{folder}/results.json is damaged: a result lacks one of its fields")
    _agree(parts, "shards", "number of shards")
    _agree(parts, "bundle", "tree, build or QEMU")
    _agree(parts, "plan", "plan")
    seen: dict[int, str] = {}
    for folder, part in parts.items():
        if part["shard"] in seen:
            _refuse(f"shard {part['shard']} comes twice: {seen[part['shard']]} and {folder}")
        seen[part["shard"]] = folder
    missing = set(range(1, next(iter(parts.values()))["shards"] + 1)) - set(seen)
    if missing:
        _refuse("shards are missing: " + ", ".join(map(str, sorted(missing))))


def _check_jobs(parts: dict[str, dict]) -> None:
    """Every planned job exactly once, and no other."""
    plan = set(next(iter(parts.values()))["plan"])
    owner: dict[str, str] = {}
    for folder, part in parts.items():
        for label in part["jobs"]:
            if label in owner:
                _refuse(f"{label} was run twice: in {owner[label]} and in {folder}")
            owner[label] = folder
        silent = [label for label, count in part["jobs"].items()
                  if count == 0 and label not in part["without_result"]]
        if silent or sum(part["jobs"].values()) != len(part["checks"]):
            _refuse(f"{folder}: results are missing" + (f": {_listed(silent)}" if silent else ""))
    if set(owner) - plan:
        label = min(set(owner) - plan)
        meant = nearest(label, plan)
        _refuse(f"{label} was run, but not planned" + (f" (planned: {meant})" if meant else ""))
    if plan - set(owner):
        _refuse("planned, but in no shard: " + _listed(plan - set(owner)))


def _checks(part: dict) -> list[Check]:
    return [Check(row["suite"], row["name"], row["passed"], tuple(row["details"]), row["cpu_s"],
                  row["wall_s"], folder=row["folder"], cached=row["cached"])
            for row in part["checks"]]


def merge(parts: dict[str, dict]) -> Merged:
    """Put the results of all shards together; raises Incomplete if they are not one whole run."""
    if not parts:
        _refuse("no results")
    _check_parts(parts)
    _check_jobs(parts)
    return Merged([check for part in parts.values() for check in _checks(part)],
                  sorted(label for part in parts.values() for label in part["without_result"]),
                  {label: count for part in parts.values()
                   for label, count in part["jobs"].items()},
                  [part["seed"] for part in parts.values()])
