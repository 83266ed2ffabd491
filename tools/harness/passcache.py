# SPDX-License-Identifier: ISC
"""Passes that need not be repeated: a job whose inputs have not changed since it passed is not run.

The key of a job is a digest of everything that can change its result: what it runs, on what, with
which tools, and the harness that judges. Only clean passes are kept. One hit in VERIFY_PERIOD is
run again all the same, and must pass again: if it does not, either the key lacks something or the
test is not the same each time, and both are failures. A pass counts for any nonce.
"""
import hashlib
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path

from harness import cas, components, firmware, paths, state, tools
from harness.check import Check, Job
from harness.outcome import HarnessError
from harness.scenario import Scenario

FOLDER = paths.OUT / "passes"
VERIFY_PERIOD = 50
KEPT_MAX = 4000
PACKAGES = Path("/var/lib/dpkg/status")
JUDGES = ("tools/harness", "tools/planogen", "tools/imagemaker", "tools/bootimg", "abi",
          "tests/harness")
NOT_REPEATED = ("out/passes holds a pass of the same inputs: they are not all in the key, or the "
                "test is not the same each time")


@dataclass(frozen=True)
class Hit:
    """A job that need not be run, and its checks."""
    job: Job
    checks: tuple[Check, ...]


@cache
def environment() -> str:
    """A digest of what all jobs depend on: tools of the host and the harness."""
    qemu = Path(tools.find("qemu-system-x86_64")).resolve()
    parts = [cas.digest_file(qemu), cas.digest_file(firmware.padded())]
    # What is installed, on Debian; elsewhere the versions of the tools must do.
    parts += [cas.digest_file(PACKAGES)] if PACKAGES.is_file() \
        else [f"{tool.program} {tools.version(tool)}" for tool in tools.TOOLS]
    parts += [components.digest(paths.ROOT / folder) for folder in JUDGES]
    return cas.key_of(tuple(parts))


@cache
def tree() -> str:
    """A digest of every file of every component."""
    return cas.key_of(tuple(f"{each.folder} {components.digest(paths.ROOT / each.folder)}"
                            for each in components.present()))


def scenario_key(scenario: Scenario, start: str, inputs: tuple[str, ...]) -> str:
    """The key of a scenario; `inputs` are digests of its images. Words for people are no input, nor
    is the place where it is written."""
    parts = {name: value for name, value in vars(scenario).items()
             if name not in ("file", "source", "summary", "tags", "proves")}
    # The kernel's graph is compared with the manifests, which lie all over the tree.
    declared = tree() if any(check.check == "graph" for check in scenario.verify) else ""
    return cas.key_of(("scenario", environment(), repr(parts), start, declared, *inputs))


def program_key(name: str, command: list[str], folder: Path, expected: int | None) -> str:
    """The key of a test program: the files that its command names. A script may use any file of the
    tree, so all of them are in its key."""
    parts = ["program", environment(), name, str(expected), *command]
    program = folder / command[0]
    if not program.is_file() or program.read_bytes()[:4] != b"\x7fELF" or len(command) > 1:
        parts.append(tree())
    for word in command:
        file = folder / word
        if file.is_file():
            parts.append(cas.digest_file(file))
        elif file.is_dir() and "/" in word:
            parts.append(components.digest(file))
    return cas.key_of(tuple(parts))


def _is_due(label: str, seed: str) -> bool:
    turn = hashlib.sha256(f"{seed} {label}".encode()).digest()[:8]
    return int.from_bytes(turn, "big") % VERIFY_PERIOD == 0


class PassCache:
    """The passes that are kept in a folder."""

    def __init__(self, seed: str, folder: Path = FOLDER):
        self._seed = seed
        self._folder = folder
        self.verified = 0

    def _file(self, key: str) -> Path:
        return self._folder / f"{key}.json"

    def _load(self, key: str) -> tuple[Check, ...]:
        """The checks of a pass; none if there is no such pass or it cannot be read."""
        try:
            rows = json.loads(self._file(key).read_text(encoding="utf-8"))["checks"]
            return tuple(Check(**row | {"details": ()}) for row in rows)
        except (OSError, ValueError, TypeError, KeyError):
            return ()

    def _store(self, job: Job, key: str, checks: list[Check]) -> None:
        rows = [asdict(replace(check, details=(), folder="", cached=True)) for check in checks]
        text = json.dumps({"job": job.label, "checks": rows})
        state.write_atomically(self._file(key), text.encode())

    def _look_up(self, job: Job) -> Hit | Job:
        try:
            key = job.key() if job.key else ""
        except HarnessError:
            return job  # its inputs cannot be made; running it says why
        if not key:
            return job
        checks = self._load(key)
        if checks and not _is_due(job.label, self._seed):
            return Hit(job, checks)
        self.verified += bool(checks)
        return replace(job, execute=self._learning(job, key, bool(checks)))

    def _learning(self, job: Job, key: str, known: bool) -> Callable[[], list[Check]]:
        def execute() -> list[Check]:
            checks = job.execute()
            if checks and all(check.passed for check in checks):
                self._store(job, key, checks)
                return checks
            self._file(key).unlink(missing_ok=True)
            if not known:
                return checks
            return [check if check.passed else replace(
                check, details=(*check.details, NOT_REPEATED)) for check in checks]
        return execute

    def split(self, jobs: list[Job], workers: int) -> tuple[list[Hit], list[Job]]:
        """The jobs that need not be run and those that must. These are remembered if they pass."""
        with ThreadPoolExecutor(max(1, workers)) as pool:
            found = list(pool.map(self._look_up, jobs))
        return ([each for each in found if isinstance(each, Hit)],
                [each for each in found if isinstance(each, Job)])

    def prune(self) -> None:
        """Drop the oldest passes beyond KEPT_MAX."""
        files = sorted(self._folder.glob("*.json"), key=lambda file: file.stat().st_mtime,
                       reverse=True)
        for file in files[KEPT_MAX:]:
            file.unlink(missing_ok=True)
