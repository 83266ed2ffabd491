# SPDX-License-Identifier: ISC
"""The media of tools/media as jobs: each made and checked, and the corpus held against them. For
`./erix media check` and the suite `media` of `./erix test`."""
import sys
import time
from collections.abc import Callable
from dataclasses import replace

from harness import cas, components, passcache, paths
from harness.check import Check, Job

sys.path.append(str(paths.ROOT / "tools"))

# The path of tools/ is set above.
from media import check as checker, corpus, recipe  # noqa: E402

SUITE = "media"
FAMILY = "ext"
AWAITS = "awaits "


def _key(name: str) -> str:
    """All that can change the outcome of a check."""
    return cas.key_of((SUITE, name, passcache.environment(), cas.digest_file(checker.PROGRAM),
                       components.digest(paths.TESTS / "media"), cas.digest_file(corpus.COUNTS),
                       components.digest(paths.ROOT / "tools" / "media")))


def job(name: str, estimate_s: float = 1.0) -> Job:
    """A job that checks a medium. What awaits a part of EriX that is not there yet passes under a
    name that says so: the medium is sound, and erixfs fails."""
    def execute() -> list[Check]:
        start_s = time.monotonic()
        try:
            results = checker.check(name)
        except recipe.RecipeError as error:
            results = [checker.Result(name, (), (str(error),))]
        first, *others = [_check(result) for result in results]
        return [replace(first, wall_s=time.monotonic() - start_s), *others]
    return Job(SUITE, name, estimate_s, execute, lambda: _key(name))


def _check(result: checker.Result) -> Check:
    if result.state == "awaiting":
        note = AWAITS + result.awaits
        return Check(SUITE, f"{result.name} ({note})", True, note=note)
    failed = result.state == "failed"
    return Check(SUITE, result.name, not failed, result.details if failed else ())


def numbers() -> dict[str, int]:
    """How many media there are, and how many of them are changed."""
    recipes = recipe.load_all()
    mutated = sum(bool(each.mutations) for each in recipes.values())
    return {FAMILY: len(recipes), f"{FAMILY} mutated": mutated}


def corpus_jobs() -> list[Job]:
    """A job for each file of tests/media/corpus."""
    def one(part: str) -> Job:
        def execute() -> list[Check]:
            whole = corpus.Corpus(corpus.registry(checker.PROGRAM))
            found = tuple(corpus.PARTS[part](whole))
            return [Check(SUITE, f"corpus {part}", not found, found)]
        return Job(SUITE, f"corpus {part}", 5.0, execute, lambda: _key(f"corpus {part}"))
    return [one(part) for part in corpus.PARTS]


def jobs(estimate: Callable[[str], float]) -> list[Job]:
    """The suite. `estimate` says how many seconds a job of that name may take."""
    return [*(job(name, estimate(name)) for name in recipe.names()), *corpus_jobs()]
