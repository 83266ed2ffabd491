# SPDX-License-Identifier: ISC
"""`./erix merge`: the parts of a run put together."""
import json
import shutil
from pathlib import Path

from harness import campaign, report, runs, shard
from harness.outcome import Exit, Incomplete
from harness.terminal import Progress

SUMMARY = "put the results of all shards together; fails if one is missing"
HELP = """\
examples:
  ./erix test --shard 1/2        on one machine
  ./erix test --shard 2/2        on another one
  ./erix merge shard-1 shard-2   folders of runs, as out/last is one

Wanted is every planned job exactly once, all shards once, and the same tree, build and QEMU in all
of them; else the status is 4. docs/sharding.md shows how shards are run.
"""


def add_arguments(parser) -> None:
    parser.add_argument("folders", nargs="+", metavar="DIR", help="the folder of a shard's run")


def _read(folder: str) -> dict:
    try:
        return json.loads((Path(folder) / "results.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Incomplete(f"merge: {folder} has no results: {error}") from error


def _copy_evidence(folders: list[str], target: Path) -> None:
    """The folders of scenarios, without their disks."""
    for folder in folders:
        for each in sorted(Path(folder).iterdir()):
            if each.is_dir():
                shutil.copytree(each, target / each.name, dirs_exist_ok=True,
                                ignore=shutil.ignore_patterns("*.img", "*.fd"))


def execute(arguments) -> Exit:
    folders = list(dict.fromkeys(str(Path(folder).resolve()) for folder in arguments.folders))
    if len(folders) < len(arguments.folders):
        raise Incomplete("merge: a folder is named twice")
    merged = shard.merge({folder: _read(folder) for folder in folders})
    target = runs.new()
    _copy_evidence(folders, target)
    campaign.write_results(merged.checks, merged.lost,
                           {"seed": " ".join(merged.seeds), "planned": len(merged.jobs),
                            "jobs": merged.jobs}, target)
    with Progress() as progress:
        report.print_summary(progress, merged.checks, merged.lost, target)
    if merged.lost:
        return Exit.INCOMPLETE
    return Exit.PASSED if all(check.passed for check in merged.checks) else Exit.FAILED
